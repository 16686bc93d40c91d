// tt/sweep/lua_words.hpp: the words of a Lua expression and where they stand in it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tt::sweep {

struct LuaWord {
  enum class Kind { name, number, string, sign, wrong };
  Kind kind = Kind::sign;
  std::string_view text;
  std::size_t at = 0;   // byte of the expression
  std::string trouble;  // of a wrong word: why

  bool is(std::string_view sign) const { return kind != Kind::string && text == sign; }
};

// Ends at the first wrong word.
std::vector<LuaWord> lua_words(std::string_view expression);
// Is this one of Lua's reserved words?
bool is_lua_keyword(std::string_view word);
// The text a quoted string without escapes stands for; the quotes are cut off.
std::string_view unquoted(const LuaWord& word);

}  // namespace tt::sweep
