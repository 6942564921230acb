# Warnings and definitions of isoproc's own targets, and sanitizers for the whole build.

# isoproc_compile_options(<target>): what every target of this project is compiled with.
function(isoproc_compile_options target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  if(WIN32)
    target_compile_definitions(${target} PRIVATE
      NOMINMAX WIN32_LEAN_AND_MEAN UNICODE _UNICODE _WIN32_WINNT=0x0A00)
  endif()
  if(MSVC)
    target_compile_options(${target} PRIVATE /permissive- /utf-8 /Zc:__cplusplus /Zc:preprocessor)
  else()
    # Designated initialisers name some members and leave the others to their defaults: that is
    # their use here. Said for all builds, as a project that includes this one may ask for the
    # warning.
    target_compile_options(${target} PRIVATE -Wno-missing-field-initializers)
  endif()
  # A newer compiler of somebody who only uses isoproc must not break their build.
  if(NOT PROJECT_IS_TOP_LEVEL)
    return()
  endif()
  if(MSVC)
    target_compile_options(${target} PRIVATE /W4 /WX)
  else()
    target_compile_options(${target} PRIVATE
      -Wall -Wextra -Wpedantic -Werror
      -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual -Wextra-semi -Wvla
      -Wimplicit-fallthrough -Wformat=2 -Wundef)
  endif()
endfunction()

# isoproc_compile_quickly(<target>): for code that only tests. It is most of what a build compiles,
# and gcc can take minutes for the debug information of one optimised file of cases.
function(isoproc_compile_quickly target)
  if(PROJECT_IS_TOP_LEVEL AND NOT MSVC)
    target_compile_options(${target} PRIVATE -O0)
  endif()
endfunction()

# Sanitizers must see every file, so they are set for the directory and not for a target.
set(ISOPROC_SANITIZE "" CACHE STRING
  "Sanitizers, comma separated, e.g. address,undefined or thread")
if(ISOPROC_SANITIZE AND PROJECT_IS_TOP_LEVEL)
  if(MSVC)
    add_compile_options(/fsanitize=${ISOPROC_SANITIZE})
  else()
    add_compile_options(
      -fsanitize=${ISOPROC_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    # GCC warns of uses that are not there when it looks at instrumented code: its documentation
    # says so of -fsanitize.
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      add_compile_options(-Wno-maybe-uninitialized)
    endif()
    add_link_options(-fsanitize=${ISOPROC_SANITIZE})
  endif()
endif()
