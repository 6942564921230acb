#!/usr/bin/env bash
# Runs a Windows program under Wine: CMake's emulator for the win32 build.
# Usage: tools/run-wine.sh PROGRAM.exe [ARGUMENT]...
set -euo pipefail
# shellcheck source=tools/wine-env.sh
source "$(dirname "${BASH_SOURCE[0]}")/wine-env.sh"
exec wine "$@"
