#!/usr/bin/env python3
"""No line is longer than 100 columns, comments included, which clang-format leaves as they are.

Not for the examples, which stay as they were written.
"""
from common import ROOT, files, finish

LIMIT = 100
ENDINGS = (".h", ".cc", ".inc", ".py", ".sh", ".cmake", "CMakeLists.txt")


def is_code(path):
    """By its ending, or a program by its first line."""
    return path.name.endswith(ENDINGS) or path.read_bytes().startswith(b"#!")


problems = []
for path in files():
    if path.is_relative_to(ROOT / "examples") or not is_code(path):
        continue
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if len(line) > LIMIT:
            problems.append(f"{path.relative_to(ROOT)}:{number}: {len(line)} columns")
finish(f"lines of {LIMIT} columns", problems)
