#!/usr/bin/env bash
# Every source file is formatted as .clang-format says.
# Mend with: git ls-files -co --exclude-standard '*.h' '*.cc' | xargs clang-format -i
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
if git ls-files -z --cached --others --exclude-standard '*.h' '*.cc' |
  xargs -0 -r clang-format --dry-run -Werror; then
  echo "ok: clang-format"
else
  echo "FAILED: clang-format"
  exit 1
fi
