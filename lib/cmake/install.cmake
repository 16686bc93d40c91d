# What `cmake --install` puts where: the tools (tools/CMakeLists.txt), the library with its headers, and a package that
# find_package(tt) finds.
include(CMakePackageConfigHelpers)

install(TARGETS tt EXPORT tt-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} FILE_SET HEADERS DESTINATION
                                                                                 ${CMAKE_INSTALL_INCLUDEDIR})
set(tt_package ${CMAKE_INSTALL_LIBDIR}/cmake/tt)
install(EXPORT tt-targets NAMESPACE tt:: DESTINATION ${tt_package})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/tt-config.cmake.in ${PROJECT_BINARY_DIR}/tt-config.cmake
                              INSTALL_DESTINATION ${tt_package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/tt-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/tt-config.cmake ${PROJECT_BINARY_DIR}/tt-config-version.cmake
        DESTINATION ${tt_package})

# Data a user copies and edits.
install(DIRECTORY sweeps/ DESTINATION ${CMAKE_INSTALL_DATADIR}/tt/sweeps PATTERN "__pycache__" EXCLUDE)
install(DIRECTORY site/ DESTINATION ${CMAKE_INSTALL_DATADIR}/tt/site)
install(DIRECTORY templates/ DESTINATION ${CMAKE_INSTALL_DATADIR}/tt/templates)
