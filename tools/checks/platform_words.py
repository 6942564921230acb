#!/usr/bin/env python3
"""Nothing outside posix/ and win32/ knows what system it runs on.

No platform macro and no system header there: what differs goes through platform/port/.
"""
import re

from common import ROOT, finish, sources

PORTS = ("posix/", "win32/")

MACROS = re.compile(
    r"\b(_WIN32|_WIN64|WIN32|__WIN32__|_MSC_VER|_MSC_FULL_VER|__MINGW32__|__MINGW64__|__CYGWIN__|"
    r"__linux__|__linux|__gnu_linux__|__GLIBC__|__ANDROID__|__APPLE__|__MACH__|TARGET_OS_\w+|"
    r"__FreeBSD__|__NetBSD__|__OpenBSD__|__DragonFly__|__unix__|__unix|__sun|_AIX|__EMSCRIPTEN__)\b"
)
HEADERS = re.compile(
    r"#\s*include\s*[<\"]("
    r"(?i:windows\.h|winsock2?\.h|ws2tcpip\.h|winternl\.h|bcrypt\.h|psapi\.h|tlhelp32\.h|"
    r"shellapi\.h)|"
    r"sys/[^>\"]*|linux/[^>\"]*|mach/[^>\"]*|asm/[^>\"]*|arpa/[^>\"]*|netinet/[^>\"]*|"
    r"(?:unistd|fcntl|pthread|signal|poll|sched|spawn|dirent|dlfcn|io|process|direct|semaphore|"
    r"mqueue|netdb|pwd|grp|termios|ucontext|execinfo|strings|aio|ftw|glob|libgen|syslog|utime)\.h|"
    r"csignal)[>\"]"
)
# A program of a user may handle signals by what the C++ standard has.
EXCUSED = {"conformance/": {"csignal"}, "examples/": {"csignal"}}


def code_only(line):
    """The line without comments and strings: prose may name a system."""
    line = re.sub(r'"(\\.|[^"\\])*"', '""', line)
    return re.sub(r"//.*|/\*.*?\*/", "", line)


problems = []
for source in sources(".h", ".cc"):
    name = source.relative_to(ROOT).as_posix()
    if name.startswith(PORTS):
        continue
    excused = next((words for prefix, words in EXCUSED.items() if name.startswith(prefix)), set())
    for number, line in enumerate(source.read_text().splitlines(), 1):
        header = HEADERS.search(line)
        if header and header.group(1) not in excused:
            problems.append(f"{name}:{number}: system header: {line.strip()}")
        macro = MACROS.search(code_only(line))
        if macro:
            problems.append(f"{name}:{number}: platform macro {macro.group(1)}: {line.strip()}")
finish("no platform macro or system header outside posix/ and win32/", problems)
