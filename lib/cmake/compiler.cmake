# How tt is compiled: warnings are errors in the presets, ccache and a fast linker when they are there.
option(TT_WERROR "Warnings are errors" OFF)

find_program(TT_CCACHE ccache)
if(TT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # The sloppiness is what ccache's manual asks for with precompiled headers.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${TT_CCACHE})
endif()
find_program(TT_MOLD mold)
find_program(TT_LLD ld.lld)
if(TT_MOLD)
  add_link_options(-fuse-ld=mold)
elseif(TT_LLD)
  add_link_options(-fuse-ld=lld)
endif()

add_library(tt_flags INTERFACE)
# gcc 12 takes the empty alternatives of a moved std::variant for uninitialised memory once it optimises.
add_compile_options($<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
set(TT_FALSE_ALARMS $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
target_compile_options(tt_flags INTERFACE ${TT_FALSE_ALARMS} -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor $<$<BOOL:${TT_WERROR}>:-Werror>)
if(TT_SANITIZE)
  add_compile_options(-fsanitize=${TT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TT_SANITIZE})
endif()

# Several files of one folder are compiled as one: the headers of the standard library and their instantiations are most of the
# work. Off for clang-tidy, so that every file is also seen to stand alone; off by hand (-DTT_UNITY=OFF) while working on one file.
option(TT_UNITY "Compile the files of a folder together" ON)
set(TT_UNITY_FILES 14)

# tt_compile_together(TARGET source...): the sources, all of one folder, in groups of TT_UNITY_FILES.
function(tt_compile_together target)
  if(NOT TT_UNITY)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  set(place 0)
  foreach(source IN LISTS ARGN)
    math(EXPR number "${place} / ${TT_UNITY_FILES}")
    cmake_path(GET source PARENT_PATH folder)
    cmake_path(GET folder FILENAME folder)
    set_source_files_properties(${source} TARGET_DIRECTORY ${target} PROPERTIES UNITY_GROUP ${folder}_${number})
    math(EXPR place "${place} + 1")
  endforeach()
endfunction()
