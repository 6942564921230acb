# shellcheck shell=bash
# Fetches Debian source packages without touching the machine's own apt setup.
# Sourced after common.sh.

# Writes deb-src twins of all sources of the machine (classic and deb822) to $1.
write_source_lists() {
  local out=$1 file
  mkdir -p "$out"
  rm -f "$out"/*
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [[ -f $file ]] || continue
    sed -n 's/^deb[[:space:]]/deb-src /p' "$file" >"$out/$(basename "$file" .list).list"
  done
  for file in /etc/apt/sources.list.d/*.sources; do
    [[ -f $file ]] || continue
    sed 's/^Types:.*/Types: deb-src/' "$file" >"$out/$(basename "$file")"
  done
}

# fetch_source PACKAGE VERSION DIRECTORY: unpacks the source, with Debian's
# patches, into DIRECTORY. Takes the newest version when VERSION is no longer
# in the archive.
fetch_source() {
  local package=$1 version=$2 directory=$3
  local state=$ISOPROC_CACHE/apt
  local -a options=(
    -o "Dir::Etc::sourcelist=/dev/null"
    -o "Dir::Etc::sourceparts=$state/sources.list.d"
    -o "Dir::State::lists=$state/lists"
    -o "Dir::Cache=$state/cache"
    -o "APT::Sandbox::User=root"
    -o "Acquire::Retries=3"
  )
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
  write_source_lists "$state/sources.list.d"
  apt-get "${options[@]}" -qq update
  rm -rf "$directory" "$directory.fetch"
  mkdir -p "$directory.fetch"
  (
    cd "$directory.fetch" || exit
    apt-get "${options[@]}" -qq source --download-only "$package=$version" ||
      apt-get "${options[@]}" -qq source --download-only "$package"
    dpkg-source --extract ./*.dsc "$directory" >/dev/null
  )
  rm -rf "$directory.fetch"
}
