# Runs a program and compares its standard output with a file.
#   cmake -DEXPECTED=<file> -P RunExample.cmake -- <program> [<argument>...]
# Processes write in any order, so the order of lines does not count. In the file, <n> stands for an
# integer and <any> for any text; the rest is literal.
include("${CMAKE_CURRENT_LIST_DIR}/CommandAfterDashes.cmake")

# Sets `out` to the list of lines in `text`, without the characters that are special in lists.
function(split_lines text out)
  string(REPLACE "\r\n" "\n" text "${text}")
  string(REPLACE ";" "<semicolon>" text "${text}")
  string(REPLACE "[" "<open>" text "${text}")
  string(REPLACE "]" "<close>" text "${text}")
  string(REPLACE "\\" "<backslash>" text "${text}")
  string(REGEX REPLACE "\n+$" "" text "${text}")
  string(REPLACE "\n" ";" text "${text}")
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

execute_process(COMMAND ${command}
  OUTPUT_VARIABLE output ERROR_VARIABLE errors RESULT_VARIABLE result)
message("${output}")
if(errors)
  message("standard error:\n${errors}")
endif()
if(NOT result STREQUAL "0")
  message(FATAL_ERROR "exit code ${result}")
endif()

file(READ "${EXPECTED}" expected)
split_lines("${output}" actual_lines)
split_lines("${expected}" expected_lines)

# Literal lines take their match before the lines with a placeholder, which could take it away from
# them.
set(with_placeholder ${expected_lines})
list(FILTER with_placeholder INCLUDE REGEX "<(n|any)>")
list(FILTER expected_lines EXCLUDE REGEX "<(n|any)>")
set(problems "")
foreach(line IN LISTS expected_lines with_placeholder)
  string(REGEX REPLACE "([][+.*()^$?|{}])" "\\\\\\1" pattern "${line}")
  string(REPLACE "<n>" "-?[0-9]+" pattern "${pattern}")
  string(REPLACE "<any>" ".*" pattern "${pattern}")
  set(found OFF)
  set(rest "")
  foreach(actual IN LISTS actual_lines)
    if(NOT found AND actual MATCHES "^${pattern}$")
      set(found ON)
    else()
      list(APPEND rest "${actual}")
    endif()
  endforeach()
  if(NOT found)
    string(APPEND problems "\n  missing:    ${line}")
  endif()
  set(actual_lines ${rest})
endforeach()
foreach(line IN LISTS actual_lines)
  string(APPEND problems "\n  unexpected: ${line}")
endforeach()
if(problems)
  message(FATAL_ERROR "output differs from ${EXPECTED}:${problems}")
endif()
