# Libraries that isoproc is built on: the installed ones first, else a pinned version from its home.
# ISOPROC_DEPENDENCIES_INSTALLED tells whether all that isoproc links were installed; only then can
# isoproc be installed, since a package cannot depend on a library inside somebody's build
# directory.
include(FetchContent)
include(isoprocHeaderLibraries)
find_package(Threads REQUIRED)
set(ISOPROC_DEPENDENCIES_INSTALLED ON)

if(NOT TARGET absl::status)
  set(ABSL_PROPAGATE_CXX_STD ON)
  FetchContent_Declare(absl
    GIT_REPOSITORY https://github.com/abseil/abseil-cpp.git
    GIT_TAG 20240722.0
    GIT_SHALLOW ON
    SYSTEM
    FIND_PACKAGE_ARGS CONFIG)
  FetchContent_MakeAvailable(absl)
endif()
get_target_property(_imported absl::status IMPORTED)
if(NOT _imported)
  set(ISOPROC_DEPENDENCIES_INSTALLED OFF)
endif()

# isoproc_fetch_header_library(<target> <repository> <tag>): for a header-only library that is not
# installed.
function(isoproc_fetch_header_library target repository tag)
  if(TARGET ${target})
    return()
  endif()
  string(REPLACE "::" "_" name ${target})
  # SOURCE_SUBDIR has no CMakeLists.txt: only the headers are wanted.
  FetchContent_Declare(${name} GIT_REPOSITORY ${repository} GIT_TAG ${tag} GIT_SHALLOW ON
    SOURCE_SUBDIR include)
  FetchContent_MakeAvailable(${name})
  add_library(${name} INTERFACE)
  add_library(${target} ALIAS ${name})
  target_include_directories(${name} SYSTEM INTERFACE "${${name}_SOURCE_DIR}/include")
  set(ISOPROC_DEPENDENCIES_INSTALLED OFF PARENT_SCOPE)
endfunction()

isoproc_fetch_header_library(isoproc_dependency::cereal
  https://github.com/USCiLab/cereal.git v1.3.2)

if((ISOPROC_BUILD_TESTS OR ISOPROC_BUILD_CONFORMANCE) AND NOT TARGET GTest::gmock)
  set(gtest_force_shared_crt ON CACHE BOOL "" FORCE)  # the C runtime that everything else uses
  set(INSTALL_GTEST OFF CACHE BOOL "" FORCE)
  FetchContent_Declare(googletest
    GIT_REPOSITORY https://github.com/google/googletest.git
    GIT_TAG v1.14.0
    GIT_SHALLOW ON
    SYSTEM
    FIND_PACKAGE_ARGS NAMES GTest)
  FetchContent_MakeAvailable(googletest)
endif()
