#!/usr/bin/env python3
"""The catalogue, the comments that refer to it, and what holds its clauses belong together.

Every clause that a file names is in conformance/catalogue. Every clause of the catalogue has a
case, or names the tests that hold it, which must exist, or says why it was left out.
"""
import re

from common import ROOT, files, finish, sources

CATALOGUE = ROOT / "conformance" / "catalogue"
# Has cases of its own, one of them of a clause that must not exist.
SELFTEST = ROOT / "conformance" / "selftest"
TEXT = r'("(?:[^"\\]|\\.|"\s*")*")'
CLAUSE = re.compile(rf"\b(Core|Optional|HeldBy|LeftOut)\(\s*{TEXT},\s*{TEXT}(?:,\s*{TEXT})?")
MENTION = re.compile(r"\b(?!UTF-)([A-Z]{2,5}-\d{2,})\b")
CASE = re.compile(r"\bISOPROC_CASE(?:_WITH)?\(\s*\w+,\s*([A-Z]+)_(\d+)")
# "posix/tests/wait_test.cc WaitTest.Ends", or a file that is one test.
HOLDER = re.compile(r"(\S+)(?: (\w+)\.(\w+))?")


def text_of(literals):
    """The text of adjacent string literals."""
    return re.sub(r'"\s*"', "", literals or "")[1:-1]


def read_catalogue():
    """Kind, place and last text of each clause, by its ID."""
    clauses = {}
    for path in sources(".cc"):
        if path.parent != CATALOGUE:
            continue
        source = path.read_text()
        for match in CLAUSE.finditer(source):
            kind, clause, _, reason = match.groups()
            line = source.count("\n", 0, match.start()) + 1
            clauses[text_of(clause)] = (kind, f"{path.relative_to(ROOT)}:{line}", text_of(reason))
    return clauses


def is_there(holder):
    """Whether the test exists that is named as HOLDER says."""
    match = HOLDER.fullmatch(holder)
    if match is None or not (ROOT / match.group(1)).is_file():
        return False
    file, suite, name = match.groups()
    test = rf"\bTEST(_F|_P)?\({suite}, {name}\)"
    return suite is None or re.search(test, (ROOT / file).read_text()) is not None


clauses = read_catalogue()
with_case = set()
problems = []
for path in files():
    if SELFTEST in path.parents or path.suffix not in (".h", ".cc", ".md", ".py", ".txt"):
        continue
    source = path.read_text()
    if path.suffix == ".cc":
        with_case.update("-".join(token) for token in CASE.findall(source))
    for number, line in enumerate(source.splitlines(), 1):
        for clause in MENTION.findall(line):
            if clause not in clauses:
                place = f"{path.relative_to(ROOT)}:{number}"
                problems.append(f"{place}: the catalogue has no clause {clause}")

for clause, (kind, place, reason) in clauses.items():
    if kind in ("Core", "Optional") and clause not in with_case:
        problems.append(f"{place}: {clause} has no case")
    if kind in ("HeldBy", "LeftOut") and clause in with_case:
        problems.append(f"{place}: {clause} has a case, but is {kind}")
    if kind == "LeftOut" and not reason:
        problems.append(f"{place}: {clause} was left out without a reason")
    if kind == "HeldBy":
        for holder in reason.partition(": ")[0].split(", "):
            if not is_there(holder):
                problems.append(f"{place}: {clause} is held by '{holder}', which is not there")
finish(f"what holds the {len(clauses)} clauses, and who names them", problems)
