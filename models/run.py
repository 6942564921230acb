#!/usr/bin/env python3
"""Checks one model to exhaustion, with one choice of its options.

Prints what was searched, and ends with 0 if the model does what was expected of it: all claims hold
in every state that there is (the default), or a control trips over the claim it is made for
(--trips CLAIM), or over running in circles (--circles --trips circles).
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def run(command, directory, **options):
    return subprocess.run(command, cwd=directory, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)


def build(model, options, circles, large, directory):
    """Makes the program that searches: spin writes it in C. For a short search it takes longer to
    optimize than to search."""
    made = run(["spin", "-a", *[f"-D{option}" for option in options], str(model)], directory)
    # spin reports errors in the model and goes on.
    if made.returncode != 0 or "Error" in made.stdout:
        sys.exit(f"spin refuses {model.name}:\n{made.stdout}")
    flags = ["-O2", "-DMEMLIM=10000"] if large else ["-O0", "-DMEMLIM=1900"]
    kind = "-DNP" if circles else "-DSAFETY"
    compiled = run(["cc", "-w", *flags, kind, "-DCOLLAPSE", "-o", "pan", "pan.c"], directory)
    if compiled.returncode != 0:
        sys.exit(f"the search for {model.name} does not compile:\n{compiled.stdout}")


def verdict(output):
    """What the search found: "proven", the name of a claim, "circles", or why it says nothing."""
    if re.search(r"max search depth too small|out of memory|memory limit|hash table full", output):
        return "not exhaustive"
    if "non-progress cycle (at" in output:
        return "circles"
    failed = re.search(r"assertion violated (.*) \(at depth", output)
    if failed:
        # CLAIM(name, condition) is the assertion "condition || name".
        name = re.search(r"\|\|(\w+)\)$", failed.group(1))
        return name.group(1) if name else f"unnamed assertion {failed.group(1)}"
    if "errors: 0" in output and "Search not completed" not in output:
        return "proven"
    return "no verdict"


def number(pattern, output):
    found = re.search(pattern, output)
    return found.group(1) if found else "?"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="lock, permits, ...")
    parser.add_argument("options", nargs="*", help="defined for the model: P=3 TIMEOUTS ...")
    parser.add_argument("--trips", metavar="CLAIM", default="proven",
                        help="the claim that must fail")
    parser.add_argument("--circles", action="store_true",
                        help="look for runs that never end, instead of false claims")
    parser.add_argument("--trail", action="store_true",
                        help="print the steps that lead to a failure")
    parser.add_argument("--large", action="store_true",
                        help="a search of minutes or hours, in 10 GB at most instead of 1.9")
    arguments = parser.parse_args()

    model = HERE / f"{arguments.model}.pml"
    with tempfile.TemporaryDirectory(prefix="isoproc-model-") as directory:
        build(model, arguments.options, arguments.circles, arguments.large, directory)
        search = ["./pan", "-E", "-m1000000"] + (["-l"] if arguments.circles else [])
        output = run(search, directory).stdout
        found = verdict(output)
        what = " ".join([arguments.model, *arguments.options])
        print(f"{what}: {number(r'([0-9.e+]+) states, stored', output)} states, "
              f"depth {number(r'depth reached ([0-9]+)', output)}, "
              f"{number(r'([0-9.]+).total actual memory', output)} MB, "
              f"{number(r'elapsed time ([0-9.e+-]+)', output)} s: {found}")
        if arguments.trail and list(pathlib.Path(directory).glob("*.trail")):
            steps = run(["spin", "-t", "-p", "-k", f"{model.name}.trail",
                         *[f"-D{option}" for option in arguments.options], str(model)], directory)
            print("\n".join(line.replace(f"{HERE}/", "") for line in steps.stdout.splitlines()
                            if "(:init:" not in line))
        if found != arguments.trips:
            print(f"FAILED: expected {arguments.trips}")
            if found in ("no verdict", "not exhaustive"):
                print(output)
            sys.exit(1)


main()
