# Header-only libraries that isoproc's public headers include. Their packages differ in target names
# and some have no CMake files at all, so the header itself is looked for. Used by the build and by
# the installed package.

# isoproc_find_header_library(<target> <header>): makes the imported target when the header is
# found.
function(isoproc_find_header_library target header)
  if(TARGET ${target})
    return()
  endif()
  string(MAKE_C_IDENTIFIER "ISOPROC_${target}_INCLUDE_DIR" variable)
  find_path(${variable} ${header})
  mark_as_advanced(${variable})
  if(${variable})
    add_library(${target} INTERFACE IMPORTED GLOBAL)
    target_include_directories(${target} INTERFACE "${${variable}}")
  endif()
endfunction()

isoproc_find_header_library(isoproc_dependency::cereal cereal/cereal.hpp)
