#!/usr/bin/env bash
# Installs the Debian or Ubuntu packages that building and testing isoproc
# needs. Asks apt for nothing when all are there.
# Usage: tools/install-packages.sh [native|sources|win32|checks|models]...   (default: all)
set -euo pipefail
# shellcheck source=tools/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

declare -A groups=(
  [native]="g++ clang cmake ninja-build ccache git python3
            libabsl-dev libgtest-dev libgmock-dev libcereal-dev"
  [sources]="dpkg-dev googletest"
  [win32]="cmake ninja-build ccache dpkg-dev libabsl-dev googletest libcereal-dev
           g++-mingw-w64-x86-64-posix wine wine64"
  [checks]="clang clang-format clang-tidy python3 shellcheck"
  [models]="spin g++ cmake ninja-build python3"
)
wanted=("$@")
((${#wanted[@]})) || wanted=(native sources win32 checks models)

have apt-get || die "only Debian and Ubuntu are known here; see README.md for the packages"

missing=()
for group in "${wanted[@]}"; do
  [[ -n ${groups[$group]:-} ]] || die "unknown group '$group'"
  for package in ${groups[$group]}; do
    [[ -n $(package_version "$package") ]] || missing+=("$package")
  done
done
if ((${#missing[@]} == 0)); then
  exit 0
fi

export DEBIAN_FRONTEND=noninteractive
say "updating package lists"
as_root apt-get -qq update </dev/null
say "installing ${missing[*]}"
as_root apt-get -qq install -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null
