# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# `cmake --install` gives a relocatable prefix that find_package(Nibble) finds.

include(CMakePackageConfigHelpers)

install(TARGETS Nibble EXPORT NibbleTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/nibble ${PROJECT_BINARY_DIR}/include/nibble
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h" PATTERN "*.inc" PATTERN "*.def")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/dialects/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/nibble/dialects
  FILES_MATCHING PATTERN "*.td")

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/Nibble)
install(EXPORT NibbleTargets NAMESPACE Nibble:: DESTINATION ${package})
install(EXPORT NibbleRuntimeTargets NAMESPACE Nibble:: DESTINATION ${package})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/NibbleConfig.cmake.in
  ${PROJECT_BINARY_DIR}/NibbleConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/NibbleConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/NibbleConfig.cmake ${PROJECT_BINARY_DIR}/NibbleConfigVersion.cmake
  DESTINATION ${package})
