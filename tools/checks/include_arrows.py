#!/usr/bin/env python3
"""Includes point one way: api <- core -> port <- posix, win32.

The table below is the layering of the project; a layer includes itself and what its row allows.
"""
import re

from common import ROOT, finish, layer, sources

THIRD_PARTY = {
    "absl": "absl/",
    "cereal": "cereal/",
    "gtest": ("gtest/", "gmock/"),
    "api": "isoproc/",
}
# Layer: what its files may include beyond their own directory and the standard library.
ALLOWED = {
    "api": ["api", "absl", "cereal"],
    "platform/base": ["absl"],
    "platform/port": ["platform/base", "absl"],
    "platform/core": ["api", "platform/base", "platform/port", "absl", "cereal"],
    "platform/main": ["api"],
    "platform/stub": ["platform/base", "platform/port", "absl"],
    "platform/testing": ["api", "platform/base", "platform/core", "platform/port", "absl", "gtest"],
    "posix": ["platform/base", "platform/port", "absl"],
    "win32": ["platform/base", "platform/port", "absl"],
    "conformance": ["api", "platform/base", "platform/core", "platform/port", "platform/testing",
                    "absl", "cereal", "gtest"],
    "examples": ["api", "absl", "cereal"],
    "tests": ["api", "conformance", "platform/core", "absl"],
}
# What a part of a layer sees beyond that: unit tests, and the floor that benchmarks of a port
# compare with.
ALSO = {"tests": ["gtest", "platform/testing", "api"], "bench": ["bench"]}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def target_layer(path):
    """The layer or third party that an included path belongs to; None for the system's."""
    for name, prefix in THIRD_PARTY.items():
        if path.startswith(prefix):
            return name
    parts = path.split("/")
    if parts[0] == "platform":
        return "/".join(parts[:2])
    return parts[0] if len(parts) > 1 and (ROOT / parts[0]).is_dir() else None


problems = []
for source in sources(".h", ".cc"):
    name = source.relative_to(ROOT).as_posix()
    here = layer(source)
    if here == "bench":  # measures isoproc beside its peers
        continue
    if here not in ALLOWED:
        problems.append(f"{name}: directory {here} has no row in tools/checks/include_arrows.py")
        continue
    parts = source.relative_to(ROOT).parts
    allowed = ALLOWED[here] + [here] + [also for part in parts for also in ALSO.get(part, [])]
    for number, line in enumerate(source.read_text().splitlines(), 1):
        include = INCLUDE.match(line)
        if not include:
            continue
        quote, path = include.groups()
        there = target_layer(path)
        if there is None:
            # Standard library or system: which headers those are is platform_words.py's concern.
            if quote == '"':
                problems.append(f"{name}:{number}: include it by its whole path: {line.strip()}")
            elif "/" in path and here not in ("posix", "win32"):
                problems.append(f"{name}:{number}: {here} may not include this: {line.strip()}")
        elif there not in allowed:
            problems.append(f"{name}:{number}: {here} may not include {there}: {line.strip()}")
finish("includes follow the layers", problems)
