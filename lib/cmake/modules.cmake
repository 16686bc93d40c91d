# tt_module(NAME [LINK libraries...]): adds the folder lib/tt/NAME to the one library tt::tt.
# Who may include whom is written in lib/tt/LAYERS and checked by tests/layout.
function(tt_module name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  if(NOT TT_MODULES STREQUAL "all" AND NOT name IN_LIST TT_MODULES)
    return()
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tt/${name}/*.cpp)
  file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tt/${name}/*.hpp)
  target_sources(tt PRIVATE ${sources})
  tt_compile_together(tt ${sources})
  target_sources(tt PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_CURRENT_SOURCE_DIR} FILES ${headers})
  target_link_libraries(tt PRIVATE ${ARG_LINK})
endfunction()

# tt_embed(OUTPUT_BASENAME FOLDER PATTERN...): files compiled into the library as
#   namespace tt::embedded { std::span<const File> <basename>(); }   with File { std::string_view name, text; }
function(tt_embed basename folder)
  set(found)
  foreach(pattern IN LISTS ARGN)
    file(GLOB_RECURSE some CONFIGURE_DEPENDS RELATIVE ${folder} ${folder}/${pattern})
    list(APPEND found ${some})
  endforeach()
  list(SORT found)
  set(output ${CMAKE_BINARY_DIR}/embedded/${basename}.cpp)
  list(TRANSFORM found PREPEND ${folder}/ OUTPUT_VARIABLE depends)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DNAME=${basename} -DFOLDER=${folder} "-DFILES=${found}" -P
            ${PROJECT_SOURCE_DIR}/lib/cmake/embed.cmake
    DEPENDS ${depends} ${PROJECT_SOURCE_DIR}/lib/cmake/embed.cmake
    VERBATIM)
  target_sources(tt PRIVATE ${output})
endfunction()
