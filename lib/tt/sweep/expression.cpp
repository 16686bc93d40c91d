#include "tt/sweep/expression.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/text.hpp"
#include "tt/sweep/lua_words.hpp"
#include "tt/sweep/sandbox.hpp"

namespace tt::sweep {
namespace {

constexpr std::size_t longest_expression = 10'000;  // bytes
constexpr std::size_t most_keys = 100;              // Lua has 200 local names

bool has(const std::vector<std::string>& list, std::string_view wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

// Reads the words [first, last) of one expression.
class ExpressionReader {
 public:
  ExpressionReader(const Written& text, const std::vector<LuaWord>& words, const Aliases& aliases, Problems& problems)
      : text_(text), words_(words), aliases_(aliases), problems_(problems) {}

  std::optional<Expression> read(std::size_t first, std::size_t last) {
    at_ = first;
    last_ = last;
    const std::size_t begin = words_[first].at, end = words_[last - 1].at + words_[last - 1].text.size();
    made_.text = {text_.text.substr(begin, end - begin), place_within(text_, begin, end - begin)};
    while (good_ && at_ < last_) word();
    if (!good_) return std::nullopt;
    if (made_.keys.size() > most_keys) {
      problems_.add(made_.text.place, fmt::format("this expression names more than {} keys", most_keys));
      return std::nullopt;
    }
    if (const auto trouble = syntax_error(made_)) {
      // Lua cuts what it quotes by bytes, so a letter of two bytes may come back as half of one.
      problems_.add(made_.text.place, fmt::format("this is not an expression: {}", printable(*trouble, 400)));
      return std::nullopt;
    }
    return std::move(made_);
  }

 private:
  const LuaWord& here(std::size_t ahead = 0) const {
    static const LuaWord none;
    return at_ + ahead < last_ ? words_[at_ + ahead] : none;
  }

  Place place(std::size_t begin, std::size_t end) const { return place_within(text_, begin, end - begin); }

  void refuse(const LuaWord& word, const std::string& message, const std::string& hint = "") {
    problems_.add(place(word.at, word.at + word.text.size()), message, hint);
    good_ = false;
  }

  void write(std::string_view exact, std::string_view in_floats) {
    made_.program += std::string(exact) + " ";
    made_.in_floats += std::string(in_floats) + " ";
  }

  void word() {
    const LuaWord& word = here();
    switch (word.kind) {
      case LuaWord::Kind::wrong:
        refuse(word, word.trouble);
        return;
      case LuaWord::Kind::name:
        name(word);
        return;
      case LuaWord::Kind::number:
        number(word);
        break;
      default:
        if (word.kind == LuaWord::Kind::sign && !balanced(word)) return;
        if (word.is(".")) {
          refuse(word, "a '.' only joins the parts of a key", "a part that is a number: key(\"a.b.0.c\")");
          return;
        }
        write(word.text, word.text);
    }
    ++at_;
  }

  bool balanced(const LuaWord& word) {
    if (word.is("(") || word.is("[") || word.is("{")) ++depth_;
    if (word.is(")") || word.is("]") || word.is("}")) --depth_;
    if (depth_ < 0) refuse(word, fmt::format("this '{}' closes nothing", word.text));
    return depth_ >= 0;
  }

  void number(const LuaWord& word) {
    const bool whole = std::all_of(word.text.begin(), word.text.end(), [](char c) { return c >= '0' && c <= '9'; });
    write(word.text, whole ? std::string(word.text) + ".0" : std::string(word.text));
  }

  void name(const LuaWord& word) {
    if (is_lua_keyword(word.text)) {
      keyword(word);
    } else if (here(1).is("(")) {
      call(word);
    } else {
      dotted(word);
    }
  }

  void keyword(const LuaWord& word) {
    if (word.text == "nil") {
      refuse(word, "a key always has a value: nothing is ever nil");
    } else if (!has({"and", "or", "not", "true", "false"}, word.text)) {
      refuse(word, fmt::format("'{}' is no part of an expression", word.text),
             "an expression computes one value: no functions, loops or statements");
    } else {
      write(word.text, word.text);
      ++at_;
    }
  }

  void call(const LuaWord& word) {
    if (word.text == "key") {
      key_call(word);
      return;
    }
    if (!has(expression_functions(), word.text)) {
      refuse(word, fmt::format("there is no function '{}'", word.text),
             "there are key(\"section.name\"), " + join(expression_functions(), ", "));
      return;
    }
    write(word.text, word.text);
    ++at_;
  }

  void key_call(const LuaWord& word) {
    const LuaWord& text = here(2);
    const bool plain =
        text.kind == LuaWord::Kind::string && here(3).is(")") && text.text.find('\\') == std::string_view::npos;
    if (!plain) {
      refuse(word, "key() takes one text in quotes", "such as key(\"optimizer.param_groups.0.lr\")");
      return;
    }
    ask_for(std::string(unquoted(text)), text.at + 1, text.at + text.text.size() - 1);
    at_ += 4;
  }

  void dotted(const LuaWord& first) {
    std::string spelled(first.text);
    std::size_t end = first.at + first.text.size();
    ++at_;
    while (here().is(".") && here(1).kind == LuaWord::Kind::name) {
      spelled += "." + std::string(here(1).text);
      end = here(1).at + here(1).text.size();
      at_ += 2;
    }
    ask_for(spelled, first.at, end);
  }

  void ask_for(const std::string& spelled, std::size_t begin, std::size_t end) {
    const auto key = read_key(spelled, place(begin, end), aliases_, problems_);
    if (!key) {
      good_ = false;
      return;
    }
    auto known =
        std::find_if(made_.keys.begin(), made_.keys.end(), [&](const auto& asked) { return asked.key == *key; });
    if (known == made_.keys.end()) {
      made_.keys.push_back({*key, spelled, place(begin, end)});
      known = made_.keys.end() - 1;
    }
    const std::string parameter = fmt::format("k{}", known - made_.keys.begin());
    write(parameter, parameter);
  }

  const Written& text_;
  const std::vector<LuaWord>& words_;
  const Aliases& aliases_;
  Problems& problems_;
  Expression made_;
  std::size_t at_ = 0, last_ = 0;
  int depth_ = 0;
  bool good_ = true;
};

// The words [first, last) without brackets around all of them.
std::pair<std::size_t, std::size_t> unwrapped(const std::vector<LuaWord>& words, std::size_t first, std::size_t last) {
  while (last - first > 2 && words[first].is("(")) {
    int depth = 0;
    std::size_t closes = first;
    for (; closes < last; ++closes) {
      if (words[closes].is("(")) ++depth;
      if (words[closes].is(")") && --depth == 0) break;
    }
    if (closes + 1 != last) break;
    ++first;
    --last;
  }
  return {first, last};
}

// Where the words of each conjunct begin and end: cut at `and` outside of brackets, unless there is an `or` beside it.
void add_conjuncts(const std::vector<LuaWord>& words, std::size_t from, std::size_t to,
                   std::vector<std::pair<std::size_t, std::size_t>>& found) {
  const auto [first, last] = unwrapped(words, from, to);
  std::vector<std::size_t> cuts;
  int depth = 0;
  for (std::size_t i = first; i < last; ++i) {
    if (words[i].is("(") || words[i].is("[") || words[i].is("{")) ++depth;
    if (words[i].is(")") || words[i].is("]") || words[i].is("}")) --depth;
    if (depth == 0 && words[i].is("or")) cuts.assign(1, last);
    const bool beside_or = !cuts.empty() && cuts.front() == last;
    if (depth == 0 && words[i].is("and") && !beside_or) cuts.push_back(i);
  }
  const bool is_one = cuts.empty() || cuts.front() == last || cuts.front() == first || cuts.back() + 1 == last;
  if (is_one) {
    found.emplace_back(first, last);
    return;
  }
  cuts.push_back(last);
  std::size_t begin = first;
  for (const std::size_t cut : cuts) {
    if (cut > begin) add_conjuncts(words, begin, cut, found);
    begin = cut + 1;
  }
}

bool readable(const Written& text, const std::vector<LuaWord>& words, Problems& problems) {
  if (words.empty()) problems.add(text.place, "this expression is empty");
  if (text.text.size() > longest_expression) {
    problems.add(text.place, fmt::format("this expression has more than {} bytes", with_thousands(longest_expression)));
    return false;
  }
  return !words.empty();
}

}  // namespace

std::optional<Expression> read_expression(const Written& text, const Aliases& aliases, Problems& problems) {
  const auto words = lua_words(text.text);
  if (!readable(text, words, problems)) return std::nullopt;
  return ExpressionReader(text, words, aliases, problems).read(0, words.size());
}

std::vector<Expression> read_conditions(const Written& text, const Aliases& aliases, Problems& problems) {
  const auto words = lua_words(text.text);
  std::vector<Expression> conditions;
  if (!readable(text, words, problems)) return conditions;
  std::vector<std::pair<std::size_t, std::size_t>> found;
  add_conjuncts(words, 0, words.size(), found);
  for (const auto& [first, last] : found) {
    if (auto one = ExpressionReader(text, words, aliases, problems).read(first, last))
      conditions.push_back(std::move(*one));
  }
  return conditions;
}

}  // namespace tt::sweep
