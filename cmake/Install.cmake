# Installs isoproc as a CMake package: find_package(isoproc [COMPONENTS conformance]).
include(CMakePackageConfigHelpers)
set(_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/isoproc")

install(DIRECTORY "${PROJECT_SOURCE_DIR}/api/isoproc" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING PATTERN "*.h")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(TARGETS isoproc isoproc_base isoproc_port isoproc_main EXPORT isoprocTargets)
install(EXPORT isoprocTargets NAMESPACE isoproc:: DESTINATION "${_package_dir}")

# Apart, since only this part needs GoogleTest.
if(ISOPROC_BUILD_CONFORMANCE)
  install(TARGETS isoproc_conformance isoproc_testing EXPORT isoprocConformanceTargets
    OBJECTS DESTINATION "${CMAKE_INSTALL_LIBDIR}/isoproc")
  get_property(_child_programs GLOBAL PROPERTY ISOPROC_CHILD_PROGRAMS)
  install(TARGETS isoproc-conformance ${_child_programs})
  # For programs that bring a port or cases of their own.
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/conformance" "${PROJECT_SOURCE_DIR}/platform"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/isoproc-suite"
    FILES_MATCHING PATTERN "*.h"
    PATTERN api EXCLUDE PATTERN children EXCLUDE PATTERN selftest EXCLUDE
    PATTERN core EXCLUDE PATTERN main EXCLUDE PATTERN tests EXCLUDE)
  install(EXPORT isoprocConformanceTargets NAMESPACE isoproc:: DESTINATION "${_package_dir}")
endif()

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/isoprocConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/isoprocConfig.cmake" INSTALL_DESTINATION "${_package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/isoprocConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/isoprocConfig.cmake"
  "${PROJECT_BINARY_DIR}/isoprocConfigVersion.cmake"
  "${CMAKE_CURRENT_LIST_DIR}/isoprocHeaderLibraries.cmake"
  DESTINATION "${_package_dir}")
