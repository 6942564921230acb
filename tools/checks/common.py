"""Shared by the checks: which files there are, and how a result is reported."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def files():
    """All files of the project: committed or about to be."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others",
               "--exclude-standard"]
    names = subprocess.run(command, check=True, capture_output=True).stdout.decode().split("\0")
    return sorted(ROOT / name for name in names if name and (ROOT / name).is_file())


def sources(*endings):
    return [path for path in files() if path.name.endswith(endings or (".h", ".cc"))]


def layer(path):
    """The top directories of a file, as in "platform/core" or "posix"."""
    parts = path.relative_to(ROOT).parts
    return "/".join(parts[:2]) if parts[0] == "platform" and len(parts) > 2 else parts[0]


def finish(rule, problems):
    """Prints one line a problem and ends with the exit code."""
    for problem in problems:
        print(problem)
    print(f"{'FAILED' if problems else 'ok'}: {rule}")
    sys.exit(1 if problems else 0)
