# How libraries, ports, tests and examples of isoproc are declared.
include(GoogleTest)

# isoproc_add_library(<name> SOURCES <file>...): a static library of this project, with alias
# isoproc::<name without isoproc_>.
function(isoproc_add_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES" ${ARGN})
  string(REGEX REPLACE "^isoproc_" "" short ${name})
  add_library(${name} STATIC ${ARG_SOURCES})
  add_library(isoproc::${short} ALIAS ${name})
  set_target_properties(${name} PROPERTIES EXPORT_NAME ${short} POSITION_INDEPENDENT_CODE ON)
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  isoproc_compile_options(${name})
endfunction()

# isoproc_add_port(SOURCES <file>... [LIBRARIES <target>...]): the port that this build uses. Called
# once, by the CMakeLists.txt of the chosen port; a port outside this tree does the same.
function(isoproc_add_port)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES" ${ARGN})
  isoproc_add_library(isoproc_port SOURCES ${ARG_SOURCES})
  target_link_libraries(isoproc_port PUBLIC isoproc_base PRIVATE ${ARG_LIBRARIES})
endfunction()

# isoproc_add_program(<name> <file>...): a program of this project that is not installed.
function(isoproc_add_program name)
  add_executable(${name} ${ARGN})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  isoproc_compile_options(${name})
endfunction()

# isoproc_add_test(<name> SOURCES <file>... LIBRARIES <target>... [LABEL <label>]): a GoogleTest
# program; each of its cases is a ctest test. The libraries bring main(): GTest::gmock_main, or
# isoproc_test_main if processes are started.
function(isoproc_add_test name)
  cmake_parse_arguments(ARG "" "LABEL" "SOURCES;LIBRARIES" ${ARGN})
  isoproc_add_program(${name} ${ARG_SOURCES})
  isoproc_compile_quickly(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES} GTest::gmock)
  isoproc_discover_tests(${name} "${ARG_LABEL}")
endfunction()

# isoproc_discover_tests(<program> <label> [<argument>...]): asks the program for its cases when
# ctest runs, not while it is built: a program that crashes is then a failed test, and several
# configurations can share a build directory. Each case is run with the arguments.
function(isoproc_discover_tests name label)
  set(timeout 120)
  if(ISOPROC_SANITIZE)
    set(timeout 480)
  endif()
  gtest_discover_tests(${name}
    EXTRA_ARGS ${ARGN}
    NO_PRETTY_VALUES
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT ${timeout} LABELS "${label}")
endfunction()

# isoproc_add_example(<name> [<argument>...]): builds <name>.cc and tests that it succeeds and
# prints what expected/<name>.txt says; see cmake/RunExample.cmake.
function(isoproc_add_example name)
  isoproc_add_program(${name} ${name}.cc)
  target_link_libraries(${name} PRIVATE isoproc::isoproc)
  # The program comes last, behind "--": its emulator is a list of its own.
  add_test(NAME example.${name}
    COMMAND ${CMAKE_COMMAND} "-DEXPECTED=${CMAKE_CURRENT_SOURCE_DIR}/expected/${name}.txt"
      -P "${PROJECT_SOURCE_DIR}/cmake/RunExample.cmake"
      -- ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:${name}> ${ARGN})
  set_tests_properties(example.${name} PROPERTIES TIMEOUT 120 LABELS example)
endfunction()
