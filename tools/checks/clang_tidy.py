#!/usr/bin/env python3
"""clang-tidy over what is shipped of the native sources, with the repository's .clang-tidy.

Tests and cases are left to the compilers: most of the time would go there, and most of what they
are told off for is what they do on purpose.

Usage: clang_tidy.py BUILD_DIRECTORY [--changed]
A file that passed is not looked at again until something that it includes, its command or the
configuration changes; --changed looks only at files that differ from the last commit.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

from common import ROOT, files, finish

build = pathlib.Path(sys.argv[1]).resolve()
passed = pathlib.Path(os.environ["ISOPROC_CACHE"]) / "clang-tidy"
passed.mkdir(parents=True, exist_ok=True)
configuration = subprocess.run(["clang-tidy", "--version"], check=True, capture_output=True).stdout
for file in files():
    if file.name == ".clang-tidy":
        configuration += file.read_bytes()
commands = json.loads((build / "compile_commands.json").read_text())


def changed():
    command = ["git", "-C", str(ROOT), "status", "--porcelain", "--untracked-files=all", "-z"]
    names = subprocess.run(command, check=True, capture_output=True).stdout.decode().split("\0")
    return {str(ROOT / name[3:]) for name in names if name}


def fingerprint(entry):
    """A hash of all that clang-tidy's answer depends on; None when the file does not compile."""
    arguments = shlex.split(entry["command"])
    arguments = [a for a in arguments if "ccache" not in pathlib.Path(a).name]
    arguments = arguments[: arguments.index("-o")]
    result = subprocess.run([*arguments, "-M", entry["file"]], cwd=entry["directory"],
                            capture_output=True, text=True)
    if result.returncode != 0:
        return None
    # Without the place of this clone, so that another one profits too.
    digest = hashlib.sha256(configuration + " ".join(arguments).replace(str(ROOT), ".").encode())
    for path in sorted(set(re.split(r"[\s\\]+", result.stdout.partition(":")[2]))):
        if path.startswith(str(ROOT)):
            digest.update(pathlib.Path(path).read_bytes())
    return digest.hexdigest()


def tidy(entry):
    key = fingerprint(entry)
    if key and (passed / key).exists():
        return ""
    command = ["clang-tidy", "--quiet", "-p", str(build), entry["file"]]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode == 0:
        if key:
            (passed / key).touch()
        return ""
    return f"{entry['file']}:\n{result.stdout}{result.stderr}"




def is_shipped(path):
    """Whether a file of this tree, and not of the build, is part of the library."""
    if not path.is_relative_to(ROOT) or path.is_relative_to(build):
        return False
    parts = path.relative_to(ROOT).parts
    return parts[0] in ("platform", "posix") and not {"tests", "bench", "testing"} & set(parts)


entries = [e for e in commands if is_shipped(pathlib.Path(e["file"]))]
if "--changed" in sys.argv:
    wanted = changed()
    entries = [e for e in entries if e["file"] in wanted]
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    # Printed as they come: the whole takes minutes.
    problems = []
    for message in filter(None, pool.map(tidy, entries)):
        print(message, flush=True)
        problems.append(message.partition("\n")[0] + " has warnings")
finish(f"clang-tidy, {len(entries)} files", problems)
