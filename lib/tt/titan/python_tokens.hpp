// tt/titan/python_tokens.hpp: Python text as logical lines of tokens; comments and line breaks in brackets are gone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tt::titan::python {

struct Token {
  enum class Kind { name, number, text, opaque, mark };  // opaque: a literal nobody should trust (f"..", a broken one)
  Kind kind = Kind::mark;
  std::string text;
};

struct Line {
  std::size_t indent = 0;
  std::vector<Token> tokens;
};

std::vector<Line> read_lines(std::string_view source);

}  // namespace tt::titan::python
