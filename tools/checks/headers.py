#!/usr/bin/env python3
"""Every header compiles alone: it includes what it uses.

The headers of win32/ with mingw-w64, all others with the compiler of this system.
"""
import concurrent.futures
import os
import pathlib
import subprocess
import tempfile

from common import ROOT, finish, sources

FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wno-missing-field-initializers",
         "-Werror", "-I", str(ROOT), "-I", str(ROOT / "api")]
WIN32_PREFIX = pathlib.Path(os.environ["ISOPROC_CACHE"]) / "win32" / "current"
WIN32 = ["x86_64-w64-mingw32-g++-posix", "-isystem", str(WIN32_PREFIX / "include"), "-DNOMINMAX",
         "-DWIN32_LEAN_AND_MEAN", "-DUNICODE", "-D_UNICODE", "-D_WIN32_WINNT=0x0A00"]


def compiles(header):
    """The compiler's message when the header does not compile, else nothing."""
    name = header.relative_to(ROOT).as_posix()
    compiler = WIN32 if name.startswith("win32/") else ["g++"]
    with tempfile.NamedTemporaryFile("w", suffix=".cc") as alone:
        # Twice: a header also needs its include guard.
        path = name.removeprefix("api/")
        alone.write(f'#include "{path}"\n#include "{path}"\n')
        alone.flush()
        result = subprocess.run([*compiler, *FLAGS, alone.name], capture_output=True, text=True)
    return "" if result.returncode == 0 else f"{name} does not compile alone:\n{result.stderr}"


with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    problems = [message for message in pool.map(compiles, sources(".h")) if message]
finish("headers compile alone", problems)
