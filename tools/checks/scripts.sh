#!/usr/bin/env bash
# Every shell script is clean by shellcheck.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mapfile -d '' scripts < <(
  git ls-files -z --cached --others --exclude-standard |
    xargs -0 -r grep -lZE '^(#!.*\b(ba)?sh\b|# shellcheck shell=)' --)
if shellcheck --external-sources "${scripts[@]}"; then
  echo "ok: shellcheck, ${#scripts[@]} scripts"
else
  echo "FAILED: shellcheck"
  exit 1
fi
