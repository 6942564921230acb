#!/usr/bin/env bash
# Cross-builds for Windows (mingw-w64) what isoproc links. The result is in
# $ISOPROC_CACHE/win32/current, where cmake/toolchains/mingw-w64.cmake looks.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=tools/lib/common.sh
source "$here/lib/common.sh"
# shellcheck source=tools/lib/dependencies.sh
source "$here/lib/dependencies.sh"

"$here/install-packages.sh" win32
build_dependencies win32 x86_64-w64-mingw32-g++-posix \
  "-DCMAKE_TOOLCHAIN_FILE=$ISOPROC_ROOT/cmake/toolchains/mingw-w64.cmake"
