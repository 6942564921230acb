#!/usr/bin/env python3
"""Every relative link of the documentation leads to a file, and to a heading if it names one."""
import re
import urllib.parse

from common import ROOT, finish, sources

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def anchors(document):
    """The names under which hosting sites know the headings of a document."""
    headings = HEADING.findall(document.read_text())
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


problems = []
for document in sources(".md"):
    # Code is blanked, not removed, so that lines keep their numbers.
    text = CODE.sub(lambda code: re.sub(r"[^\n]", " ", code.group()), document.read_text())
    for link in LINK.finditer(text):
        address = urllib.parse.urlsplit(link.group(1))
        if address.scheme:
            continue
        there = document.parent / address.path if address.path else document
        line = text.count("\n", 0, link.start()) + 1
        if not there.exists() or (address.fragment and address.fragment not in anchors(there)):
            name = document.relative_to(ROOT)
            problems.append(f"{name}:{line}: {link.group(1)} leads nowhere")
finish("links of the documentation", problems)
