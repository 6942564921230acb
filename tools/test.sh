#!/usr/bin/env bash
# Builds and tests isoproc; installs what lacks.
# Usage: tools/test.sh [PART]     (default: all)
#   native   this system, gcc            clang    this system, clang
#   strict   only portable POSIX         stub     the port that refuses all
#   win32    Windows programs in Wine    package  use from outside the tree
#   asan     address, leaks, undefined   tsan     data races
#   checks   layering, format, lint      compare  conformance reports agree
#   models   protocols of shared memory      fuzz     what strangers may send
#   all      all of them, as one ctest run
# What a part builds stays in build/PART. The fuzzers run for a minute; longer
# with ISOPROC_FUZZ_SECONDS=N, for each of them.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=tools/lib/common.sh
source "$here/lib/common.sh"
cd "$ISOPROC_ROOT"

part=${1:-all}
CTEST_PARALLEL_LEVEL=${CTEST_PARALLEL_LEVEL:-$(nproc)}
export CTEST_PARALLEL_LEVEL

run_tests=(ctest)

use_ccache() {
  have ccache || return 0
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache
  export CCACHE_DIR=${CCACHE_DIR:-$ISOPROC_CACHE/ccache}
  # Another clone of the project finds the same files.
  export CCACHE_BASEDIR=$ISOPROC_ROOT CCACHE_NOHASHDIR=1
}

# test_preset PRESET [CMAKE-ARGUMENT]...
test_preset() {
  local preset=$1
  shift
  use_ccache
  rm -f "build/$preset/conformance.json"
  cmake --preset "$preset" "$@"
  cmake --build --preset "$preset"
  "${run_tests[@]}" --preset "$preset"
}

compare_reports() {
  local other failed=0
  for other in strict win32; do
    build/native/conformance/isoproc-conformance \
      --compare build/native/conformance.json "build/$other/conformance.json" || failed=1
  done
  return "$failed"
}

case $part in
  native | clang | strict | stub | asan)
    tools/install-packages.sh native
    test_preset "$part"
    ;;
  tsan)
    tools/build-tsan-deps.sh
    # gcc 12's ThreadSanitizer does not know the addresses that newer kernels
    # choose at random. Containers may refuse to switch that off.
    if setarch --addr-no-randomize true 2>/dev/null; then
      run_tests=(setarch --addr-no-randomize ctest)
    fi
    test_preset tsan "-DCMAKE_PREFIX_PATH=$ISOPROC_CACHE/tsan/current"
    ;;
  win32)
    tools/build-win32-deps.sh
    test_preset win32
    ;;
  fuzz)
    tools/install-packages.sh native
    test_preset fuzz "-DISOPROC_FUZZ_SECONDS=${ISOPROC_FUZZ_SECONDS:-30}"
    ;;
  package)
    tools/install-packages.sh native
    # As native compiles it, so that a compiler cache serves both.
    test_preset release -DCMAKE_BUILD_TYPE=RelWithDebInfo
    ;;
  compare) compare_reports ;;
  checks) tools/check.sh ;;
  models)
    tools/install-packages.sh models
    cmake -S models -B build/models -G Ninja
    ctest --test-dir build/models --output-on-failure
    ;;
  all)
    tools/install-packages.sh
    cmake -S tools/matrix -B build/matrix -G Ninja >/dev/null
    exec ctest --test-dir build/matrix --parallel 1 --output-on-failure
    ;;
  *) die "unknown part '$part'; see the head of this script" ;;
esac
