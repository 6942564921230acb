# Runs a compiler, which must refuse, with one error that says a text and, for a TYPE (a regular
# expression), that it is this part which cannot travel:
#   cmake -DTEXT=<text> [-DTYPE=<type>] -P CheckMistake.cmake -- <compiler> <argument>...
# Without a text it must accept.
include("${CMAKE_CURRENT_LIST_DIR}/../../cmake/CommandAfterDashes.cmake")

execute_process(COMMAND ${command}
  OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
if(TEXT STREQUAL "")
  if(NOT result STREQUAL 0)
    message(FATAL_ERROR "it must compile, but:\n${output}")
  endif()
  return()
endif()
if(result STREQUAL 0)
  message(FATAL_ERROR "it must not compile, but does")
endif()
string(REPLACE ";" "," listable "${output}")
string(REGEX MATCHALL "error( C[0-9]+)?:" errors "${listable}")
list(LENGTH errors count)
string(FIND "${output}" "isoproc: " prefix)
string(FIND "${output}" "${TEXT}" place)
if(NOT count EQUAL 1 OR prefix EQUAL -1 OR place EQUAL -1)
  message(FATAL_ERROR "the compiler does not say '${TEXT}', and nothing else:\n${output}")
endif()
# "CannotTravel() [with T = int*]" or "CannotTravel<int *>"
if(DEFINED TYPE AND NOT output MATCHES "CannotTravel(\\(\\) \\[with T = |<)[^\n]*(${TYPE})")
  message(FATAL_ERROR "the compiler does not say that '${TYPE}' cannot travel:\n${output}")
endif()
