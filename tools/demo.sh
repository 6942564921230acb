#!/usr/bin/env bash
# Builds the example programs and runs them here, and as Windows programs under
# Wine; installs what lacks.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=tools/lib/common.sh
source "$here/lib/common.sh"
cd "$ISOPROC_ROOT"

examples=()
for file in examples/*.cc; do
  examples+=("$(basename "$file" .cc)")
done

# run_examples TITLE PRESET ENDING [EMULATOR]: 1 when one of them failed.
run_examples() {
  local title=$1 preset=$2 ending=$3 name failed=0 input
  shift 3
  # Behind "||" the shell does not stop at errors by itself.
  cmake --preset "$preset" >/dev/null &&
    cmake --build --preset "$preset" --target "${examples[@]}" || return
  for name in "${examples[@]}"; do
    printf '\n---- %s: %s ----\n' "$title" "$name"
    input=()
    [[ $name == pipeline ]] && input=(LICENSE)
    "$@" "build/$preset/examples/$name$ending" "${input[@]}" </dev/null || {
      echo "exit code $?"
      failed=1
    }
  done
  return "$failed"
}

failed=0
"$here/install-packages.sh" native
run_examples "$(uname -s)" native "" || failed=1
if "$here/build-win32-deps.sh"; then
  run_examples "Windows (Wine)" win32 .exe "$here/run-wine.sh" || failed=1
else
  say "no mingw-w64 or Wine here: the Windows programs are left out"
fi
exit "$failed"
