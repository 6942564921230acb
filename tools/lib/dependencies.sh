# shellcheck shell=bash
# Builds Abseil and GoogleTest from Debian's sources for a kind of build that
# cannot use the installed packages. Sourced after common.sh.
# shellcheck source=tools/lib/debian-source.sh
source "$(dirname "${BASH_SOURCE[0]}")/debian-source.sh"

# build_dependencies KIND COMPILER [CMAKE-ARGUMENT]...: leaves an installed
# prefix in $ISOPROC_CACHE/KIND/current. Its versions are those of the installed
# packages, so that all builds are tested with the same. Built once a set of
# versions; prints nothing when there is nothing to do.
build_dependencies() {
  local kind=$1 compiler=$2
  shift 2
  local abseil googletest cereal key base prefix work
  abseil=$(package_version libabsl-dev)
  googletest=$(package_version googletest)
  cereal=$(package_version libcereal-dev)
  key="abseil-${abseil}_googletest-${googletest}_cereal-${cereal}"
  key+="_gcc-$("$compiler" -dumpfullversion)"
  base=$ISOPROC_CACHE/$kind
  prefix=$base/$key
  work=$base/build

  mkdir -p "$base"
  (
    flock 9
    [[ -f $prefix/complete ]] && exit 0
    rm -rf "$prefix" "$work"
    mkdir -p "$prefix/include"

    # Header-only. A cross compiler must not see /usr/include itself.
    # Debian's cereal takes its copy of RapidJSON from the package of that name.
    cp -r /usr/include/cereal /usr/include/rapidjson "$prefix/include/"

    say "Abseil $abseil for $kind"
    fetch_source abseil "$abseil" "$work/abseil"
    cmake_install "$work/abseil" "$prefix" \
      -DABSL_PROPAGATE_CXX_STD=ON -DABSL_ENABLE_INSTALL=ON "$@"
    say "GoogleTest $googletest for $kind"
    cmake_install /usr/src/googletest "$prefix" "$@"

    rm -rf "$work"
    touch "$prefix/complete"
  ) 9>"$base/lock"
  ln -sfn "$key" "$base/current"
}

# cmake_install SOURCE PREFIX [CMAKE-ARGUMENT]...
cmake_install() {
  local source=$1 prefix=$2 build log
  build=$work/$(basename "$source")-build
  log=$build.log
  shift 2
  if ! {
    cmake -S "$source" -B "$build" -G Ninja -Wno-dev "-DCMAKE_INSTALL_PREFIX=$prefix" \
      -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_STANDARD=20 -DBUILD_TESTING=OFF "$@" &&
      cmake --build "$build" --target install -j "$(nproc)"
  } >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    die "$source does not build; see $log"
  fi
}
