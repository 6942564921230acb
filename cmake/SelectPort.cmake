# Chooses the port: the only place that knows which system takes which one.
#
#   ISOPROC_PORT          posix | win32 | stub; by default what the system needs
#   ISOPROC_STRICT_POSIX  posix only: use nothing beyond POSIX and what macOS and the BSDs share
#   ISOPROC_PORT_DIR      directory of a port outside this tree; overrides ISOPROC_PORT
#
# Sets ISOPROC_PORT_SOURCE_DIR, whose CMakeLists.txt calls isoproc_add_port(), and
# ISOPROC_LINK_ELSEWHERE, the link options of a program that is to be loaded at another address than
# usual.
set(ISOPROC_PORT_DIR "" CACHE PATH "Directory of a port outside this tree")

set(_default_port "")
set(_default_strict OFF)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  set(_default_port posix)
elseif(CMAKE_SYSTEM_NAME MATCHES "^(Darwin|FreeBSD)$")
  set(_default_port posix)
  set(_default_strict ON)
elseif(CMAKE_SYSTEM_NAME STREQUAL "Windows")
  set(_default_port win32)
endif()

# Other systems choose addresses at random.
set(ISOPROC_LINK_ELSEWHERE "")
if(MSVC)
  set(ISOPROC_LINK_ELSEWHERE /BASE:0x150000000 /DYNAMICBASE:NO)
elseif(WIN32)
  set(ISOPROC_LINK_ELSEWHERE -Wl,--image-base=0x150000000,--disable-dynamicbase)
endif()

set(ISOPROC_PORT "${_default_port}" CACHE STRING "Port to build: posix, win32 or stub")
set_property(CACHE ISOPROC_PORT PROPERTY STRINGS posix win32 stub)
option(ISOPROC_STRICT_POSIX "Use only what POSIX, macOS and the BSDs share" ${_default_strict})

if(ISOPROC_PORT_DIR)
  get_filename_component(
    ISOPROC_PORT_SOURCE_DIR "${ISOPROC_PORT_DIR}" ABSOLUTE BASE_DIR "${CMAKE_SOURCE_DIR}")
elseif(ISOPROC_PORT STREQUAL "stub")
  set(ISOPROC_PORT_SOURCE_DIR "${PROJECT_SOURCE_DIR}/platform/stub")
elseif(ISOPROC_PORT MATCHES "^(posix|win32)$")
  set(ISOPROC_PORT_SOURCE_DIR "${PROJECT_SOURCE_DIR}/${ISOPROC_PORT}")
elseif(ISOPROC_PORT STREQUAL "")
  message(FATAL_ERROR
    "isoproc has no port for ${CMAKE_SYSTEM_NAME}. Begin one with platform/PORTING.md and build it "
    "with -DISOPROC_PORT_DIR=<directory>, or try an existing one with "
    "-DISOPROC_PORT=posix|win32|stub.")
else()
  message(FATAL_ERROR "ISOPROC_PORT must be posix, win32 or stub, not '${ISOPROC_PORT}'.")
endif()
