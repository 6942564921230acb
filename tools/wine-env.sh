# shellcheck shell=bash
# Environment to run Windows programs under Wine: sourced, never run.
# Makes the Wine prefix once and starts a wineserver that stays; both are kept
# in the cache and shared by everything that runs at the same time.
# shellcheck source=tools/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

export WINEPREFIX=$ISOPROC_CACHE/wine
export WINEARCH=win64
export WINEDEBUG=-all
# No debugger when a program crashes (it takes seconds), no offer to install
# .NET or a browser.
export WINEDLLOVERRIDES='winedbg.exe=d;mscoree,mshtml='
# File names outside ASCII need a locale that has them.
export LC_ALL=C.UTF-8

# Runs while holding the lock (descriptor 9), which no Wine process may inherit:
# they live longer.
start_wine() {
  exec </dev/null >/dev/null 2>&1 9>&-
  if [[ ! -f $WINEPREFIX/complete ]]; then
    rm -rf "$WINEPREFIX"
    # Wine says Windows 7 otherwise.
    wine wineboot --init &&
      wine reg add 'HKCU\Software\Wine' /v Version /d win10 /f &&
      wineserver --wait &&
      touch "$WINEPREFIX/complete" || exit
  fi
  # Without a server that stays, each program would take seconds to start.
  # It ends by itself after half an hour without programs.
  wineserver --persistent=1800
  # Wine's services start with the first program and keep its output open:
  # whoever reads that, ctest for one, would wait for ever.
  wine wineboot
}

have wine || die "Wine is not installed; see tools/install-packages.sh"
mkdir -p "$ISOPROC_CACHE"
(
  flock --timeout 300 9
  wineserver -k0 2>/dev/null 9>&- || (start_wine)
) 9>"$ISOPROC_CACHE/wine.lock" || die "Wine does not start"
