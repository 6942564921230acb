#!/usr/bin/env python3
"""Every source file is named in a CMakeLists.txt above it.

Files are listed by hand; one that was forgotten is a test that never runs.
"""
import re

from common import ROOT, finish, sources

problems = []
for source in sources(".cc"):
    directory = source.parent
    listed = False
    while not listed and directory != ROOT.parent:
        lists = directory / "CMakeLists.txt"
        if lists.exists():
            name = source.relative_to(directory).as_posix()
            # Helpers such as isoproc_add_example(name) take the name without its ending.
            names = f"{re.escape(name)}|{re.escape(name[:-3])}"
            pattern = rf"(?:(?<![\w./-])|(?<=}}/))({names})(?![\w./-])"
            listed = re.search(pattern, lists.read_text()) is not None
        directory = directory.parent
    if not listed:
        problems.append(f"{source.relative_to(ROOT)}: not listed in any CMakeLists.txt above it")
finish("source files are listed", problems)
