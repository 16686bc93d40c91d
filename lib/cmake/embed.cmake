# Writes files as C++ arrays of bytes (compilers limit the length of one string literal).
set(body "")
foreach(file IN LISTS FILES)
  file(READ ${FOLDER}/${file} hex HEX)
  file(SIZE ${FOLDER}/${file} size)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  string(MAKE_C_IDENTIFIER "${file}" symbol)
  string(APPEND body "constexpr char ${symbol}[] = {${bytes}'\\0'};\n")
  string(APPEND table "    {\"${file}\", {${symbol}, ${size}}},\n")
endforeach()
set(files "{}")
if(table)
  string(APPEND body "constexpr tt::embedded::File files[] = {\n${table}};\n")
  set(files "files")
endif()
file(WRITE ${OUTPUT}
  "#include \"tt/base/embedded.hpp\"\nnamespace {\n${body}}\n"
  "namespace tt::embedded {\nstd::span<const File> ${NAME}() { return ${files}; }\n}\n")
