# Runs a compiler, which must refuse and say a text:
#   cmake -DTEXT=<text> -P CheckMistake.cmake -- <compiler> <argument>...
# Without a text it must accept.
include("${CMAKE_CURRENT_LIST_DIR}/../../cmake/CommandAfterDashes.cmake")

execute_process(COMMAND ${command} OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
if(TEXT STREQUAL "")
  if(NOT result STREQUAL 0)
    message(FATAL_ERROR "it must compile, but:\n${output}")
  endif()
  return()
endif()
if(result STREQUAL 0)
  message(FATAL_ERROR "it must not compile, but does")
endif()
string(FIND "${output}" "isoproc: " prefix)
string(FIND "${output}" "${TEXT}" place)
if(prefix EQUAL -1 OR place EQUAL -1)
  message(FATAL_ERROR "the compiler does not say '${TEXT}':\n${output}")
endif()
