# Builds Windows programs on Linux with mingw-w64 (posix threads), and runs them under Wine.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc-posix)
set(CMAKE_CXX_COMPILER x86_64-w64-mingw32-g++-posix)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)

# Where tools/build-win32-deps.sh puts Abseil and the others (see tools/lib/common.sh).
if(DEFINED ENV{ISOPROC_CACHE})
  set(_cache "$ENV{ISOPROC_CACHE}")
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(_cache "$ENV{XDG_CACHE_HOME}/isoproc")
else()
  set(_cache "$ENV{HOME}/.cache/isoproc")
endif()
list(APPEND CMAKE_FIND_ROOT_PATH "${_cache}/win32/current")

# Nothing of the host may be found but programs: its libraries are those of another system.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# A static program needs no DLL of the compiler beside it.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static")
set(CMAKE_CROSSCOMPILING_EMULATOR "${CMAKE_CURRENT_LIST_DIR}/../../tools/run-wine.sh")
