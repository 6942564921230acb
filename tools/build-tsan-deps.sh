#!/usr/bin/env bash
# Builds Abseil and GoogleTest with ThreadSanitizer: it takes the reference
# counts inside a library that it did not compile for data races. The result is
# in $ISOPROC_CACHE/tsan/current.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=tools/lib/common.sh
source "$here/lib/common.sh"
# shellcheck source=tools/lib/dependencies.sh
source "$here/lib/dependencies.sh"

"$here/install-packages.sh" native sources
build_dependencies tsan g++ -DCMAKE_CXX_FLAGS=-fsanitize=thread
