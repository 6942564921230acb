#!/usr/bin/env bash
# Checks that need no test to run: layering, formatting, lint. Fails if one of
# them fails, after running all.
# Usage: tools/check.sh [--changed]   (--changed: lint only what differs from
# the last commit)
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=tools/lib/common.sh
source "$here/lib/common.sh"

"$here/install-packages.sh"
"$here/build-win32-deps.sh"
cd "$ISOPROC_ROOT"
# clang-tidy needs the compile commands of clang's own build.
cmake --preset clang >/dev/null

failed=0
tools/checks/platform_words.py || failed=1
tools/checks/include_arrows.py || failed=1
tools/checks/listed_files.py || failed=1
tools/checks/clauses.py || failed=1
tools/checks/links.py || failed=1
tools/checks/format.sh || failed=1
tools/checks/line_length.py || failed=1
tools/checks/scripts.sh || failed=1
tools/checks/headers.py || failed=1
tools/checks/clang_tidy.py build/clang "$@" || failed=1
exit "$failed"
