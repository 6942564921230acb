# shellcheck shell=bash
# Shared by the scripts in tools/: where things are, messages, privileges.
# Sourced, never run.

ISOPROC_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
if [[ -z ${ISOPROC_CACHE:-} ]]; then
  # HOME is not set in every CI environment.
  ISOPROC_CACHE=${XDG_CACHE_HOME:-${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}/.cache}/isoproc
fi
export ISOPROC_ROOT ISOPROC_CACHE

say() { printf '== %s\n' "$*"; }

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif have sudo; then
    sudo "$@"
  else
    die "needs root or sudo to run: $*"
  fi
}

# Version of an installed Debian package; empty when it is not installed.
package_version() {
  dpkg-query -W -f='${db:Status-Status} ${Version}' "$1" 2>/dev/null |
    sed -n 's/^installed //p'
}
