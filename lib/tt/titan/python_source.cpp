#include "tt/titan/python_source.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <span>

#include "tt/base/text.hpp"
#include "tt/titan/python_tokens.hpp"

namespace tt::titan::python {

namespace {

using Kind = Expression::Kind;
using Tokens = std::span<const Token>;

constexpr int deepest = 60;  // brackets in brackets

bool is_mark(const Token& token, std::string_view text) {
  return token.kind == Token::Kind::mark && token.text == text;
}
bool is_word(const Token& token, std::string_view text) {
  return token.kind == Token::Kind::name && token.text == text;
}
bool opens(const Token& token) { return is_mark(token, "(") || is_mark(token, "[") || is_mark(token, "{"); }
bool closes(const Token& token) { return is_mark(token, ")") || is_mark(token, "]") || is_mark(token, "}"); }

// Where the first of `marks` outside brackets stands; the end when there is none.
std::size_t find_outside(Tokens tokens, std::string_view mark) {
  int depth = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (depth == 0 && is_mark(tokens[i], mark)) return i;
    if (opens(tokens[i])) ++depth;
    if (closes(tokens[i])) --depth;
  }
  return tokens.size();
}

std::vector<Tokens> split_outside(Tokens tokens, std::string_view mark) {
  std::vector<Tokens> parts;
  while (!tokens.empty()) {
    const std::size_t end = find_outside(tokens, mark);
    parts.push_back(tokens.first(end));
    tokens = tokens.subspan(std::min(end + 1, tokens.size()));
  }
  return parts;
}

Expression read_expression(Tokens tokens, int depth = 0);

Expression read_number(const std::string& text) {
  Expression number;
  if (const auto whole = to_integer(text)) {
    number.kind = Kind::integer;
    number.integer = *whole;
  } else if (const auto broken = to_double(text); broken && text.find_first_of("xX") == std::string::npos) {
    number.kind = Kind::floating;
    number.floating = *broken;
  }
  return number;
}

Expression read_name(std::string text) {
  Expression name;
  if (text == "None") {
    name.kind = Kind::none;
  } else if (text == "True" || text == "False") {
    name.kind = Kind::boolean;
    name.integer = text == "True" ? 1 : 0;
  } else {
    name.kind = Kind::name;
    name.text = std::move(text);
  }
  return name;
}

void read_arguments(Tokens inside, Expression& call, int depth) {
  for (const Tokens argument : split_outside(inside, ",")) {
    if (argument.empty()) continue;
    if (is_mark(argument[0], "*") || is_mark(argument[0], "**")) {
      call.complete = false;
    } else if (argument.size() > 2 && argument[0].kind == Token::Kind::name && is_mark(argument[1], "=")) {
      call.named.push_back({std::string(argument[0].text), read_expression(argument.subspan(2), depth)});
    } else {
      call.parts.push_back(read_expression(argument, depth));
    }
  }
}

Expression read_dict(Tokens inside, int depth) {
  Expression dict;
  dict.kind = Kind::dict;
  for (const Tokens entry : split_outside(inside, ",")) {
    if (entry.empty()) continue;
    const std::size_t colon = find_outside(entry, ":");
    if (colon == 1 && entry[0].kind == Token::Kind::text)
      dict.named.push_back({std::string(entry[0].text), read_expression(entry.subspan(2), depth)});
    else
      dict.complete = false;
  }
  return dict;
}

// A dotted name, a call of one, a literal, or brackets around one of them. Anything after it makes it unknown.
Expression read_primary(Tokens tokens, int depth) {
  const Token& first = tokens[0];
  if (tokens.size() == 1 && first.kind == Token::Kind::number) return read_number(first.text);
  if (tokens.size() == 1 && first.kind == Token::Kind::text) {
    Expression text;
    text.kind = Kind::text;
    text.text = first.text;
    return text;
  }
  if (opens(first)) {
    const bool whole = find_outside(tokens.subspan(1), first.text == "(" ? ")" : "}") == tokens.size() - 2;
    if (!whole || first.text == "[") return {};
    const Tokens inside = tokens.subspan(1, tokens.size() - 2);
    if (first.text == "{") return read_dict(inside, depth);
    return find_outside(inside, ",") == inside.size() ? read_expression(inside, depth) : Expression{};
  }
  if (first.kind != Token::Kind::name) return {};
  std::string name = first.text;
  std::size_t at = 1;
  while (at + 1 < tokens.size() && is_mark(tokens[at], ".") && tokens[at + 1].kind == Token::Kind::name) {
    name += "." + tokens[at + 1].text;
    at += 2;
  }
  if (at == tokens.size()) return read_name(std::move(name));
  if (!is_mark(tokens[at], "(") || find_outside(tokens.subspan(at + 1), ")") != tokens.size() - at - 2) return {};
  Expression call;
  call.kind = Kind::call;
  call.text = std::move(name);
  read_arguments(tokens.subspan(at + 1, tokens.size() - at - 2), call, depth);
  return call;
}

// The last operator of the loosest kind outside brackets that has something before it.
std::optional<std::size_t> find_operator(Tokens tokens, std::span<const std::string_view> marks) {
  std::optional<std::size_t> found;
  int depth = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (closes(tokens[i])) --depth;
    if (depth == 0 && i > 0 && std::any_of(marks.begin(), marks.end(), [&](auto m) { return is_mark(tokens[i], m); })) {
      const Token& before = tokens[i - 1];
      if (before.kind != Token::Kind::mark || closes(before)) found = i;
    }
    if (opens(tokens[i])) ++depth;
  }
  return found;
}

bool has_words_of_logic(Tokens tokens) {
  int depth = 0;
  for (const Token& token : tokens) {
    if (closes(token)) --depth;
    if (depth == 0 && token.kind == Token::Kind::name)
      for (const std::string_view word :
           {"if", "else", "or", "and", "not", "in", "is", "for", "lambda", "await", "yield"})
        if (token.text == word) return true;
    if (opens(token)) ++depth;
  }
  return false;
}

Expression operation(const std::string& mark, std::vector<Expression> parts) {
  Expression found;
  found.kind = Kind::operation;
  found.text = mark;
  found.parts = std::move(parts);
  return found;
}

Expression read_expression(Tokens tokens, int depth) {
  if (tokens.empty() || depth > deepest || has_words_of_logic(tokens)) return {};
  constexpr std::array<std::string_view, 2> sums{"+", "-"};
  constexpr std::array<std::string_view, 4> products{"*", "/", "//", "%"};
  for (const std::span<const std::string_view> marks : {std::span<const std::string_view>(sums), {products}})
    if (const auto at = find_operator(tokens, marks))
      return operation(tokens[*at].text, {read_expression(tokens.first(*at), depth + 1),
                                          read_expression(tokens.subspan(*at + 1), depth + 1)});
  if (is_mark(tokens[0], "-")) {
    Expression zero;
    zero.kind = Kind::integer;
    return operation("-", {zero, read_expression(tokens.subspan(1), depth + 1)});
  }
  return read_primary(tokens, depth + 1);
}

// A line of the shape `name = …` or `name: type = …`; the name alone says nothing about its value.
struct Assignment {
  std::string name;
  Expression value;
};
std::optional<Assignment> read_assignment(Tokens tokens) {
  if (tokens.size() < 2 || tokens[0].kind != Token::Kind::name) return std::nullopt;
  if (is_mark(tokens[1], "=")) {
    const Tokens rest = tokens.subspan(2);  // a = b = c sets more than one name
    return Assignment{tokens[0].text, find_outside(rest, "=") == rest.size() ? read_expression(rest) : Expression{}};
  }
  if (!is_mark(tokens[1], ":")) return std::nullopt;
  const std::size_t equals = find_outside(tokens, "=");
  return Assignment{tokens[0].text,
                    equals == tokens.size() ? Expression{} : read_expression(tokens.subspan(equals + 1))};
}

bool begins_with_word(Tokens tokens, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](auto word) { return is_word(tokens[0], word); });
}

// What a statement may change is no longer known: the name it begins with (x.update(…), x += 1), what stands before an
// equals sign (x.layers = …, a, b = …), and everything that is deleted or looped over.
void forget_what_changes(Tokens tokens, Names& names) {
  const std::size_t equals = find_outside(tokens, "=");
  std::size_t end = equals == tokens.size() ? 1 : equals;
  if (begins_with_word(tokens, {"del", "for", "with", "async"})) end = tokens.size();
  for (const Token& token : tokens.first(end))
    if (token.kind == Token::Kind::name)
      if (const auto found = names.find(token.text); found != names.end()) found->second = Expression{};
}

// flavors["9B"] = Args(…)
bool add_entry(Tokens tokens, Names& names) {
  if (tokens.size() < 6 || tokens[0].kind != Token::Kind::name || !is_mark(tokens[1], "[") ||
      tokens[2].kind != Token::Kind::text || !is_mark(tokens[3], "]") || !is_mark(tokens[4], "="))
    return false;
  const auto dict = names.find(tokens[0].text);
  if (dict == names.end() || dict->second.kind != Kind::dict) return false;
  dict->second.named.push_back({tokens[2].text, read_expression(tokens.subspan(5))});
  return true;
}

void read_statement(Tokens tokens, Names& names) {
  if (auto assignment = read_assignment(tokens)) {
    const auto [place, is_new] = names.try_emplace(assignment->name, assignment->value);
    if (!is_new) place->second = Expression{};
    return;
  }
  if (add_entry(tokens, names)) return;
  if (begins_with_word(tokens, {"import", "from", "return", "assert", "raise", "pass", "global"})) return;
  forget_what_changes(tokens, names);
}

// An assignment inside a branch or a loop may or may not happen.
void read_nested(Tokens tokens, Names& names) {
  if (const auto assignment = read_assignment(tokens)) {
    names[assignment->name] = Expression{};
    return;
  }
  if (!begins_with_word(tokens, {"import", "from", "return", "assert", "raise", "pass"}))
    forget_what_changes(tokens, names);
}

std::span<const Line> body_of(std::span<const Line> lines, std::size_t head) {
  std::size_t end = head + 1;
  while (end < lines.size() && lines[end].indent > lines[head].indent) ++end;
  return lines.subspan(head + 1, end - head - 1);
}

Names read_parameters(Tokens tokens) {
  Names parameters;
  const std::size_t open = find_outside(tokens, "(");
  if (open == tokens.size()) return parameters;
  const Tokens after = tokens.subspan(open + 1);
  for (const Tokens parameter : split_outside(after.first(find_outside(after, ")")), ",")) {
    if (parameter.empty() || parameter[0].kind != Token::Kind::name) continue;
    const std::size_t equals = find_outside(parameter, "=");
    parameters[parameter[0].text] =
        equals == parameter.size() ? Expression{} : read_expression(parameter.subspan(equals + 1));
  }
  return parameters;
}

Function read_function(Tokens head, std::span<const Line> body) {
  Function function;
  function.parameters = read_parameters(head);
  bool returned = false;
  for (const Line& line : body) {
    const bool at_top = line.indent == body.front().indent;
    if (is_word(line.tokens[0], "return")) {
      function.returned = at_top && !returned ? read_expression(Tokens(line.tokens).subspan(1)) : Expression{};
      returned = true;
    } else if (at_top) {
      read_statement(line.tokens, function.locals);
    } else {
      read_nested(line.tokens, function.locals);
    }
  }
  for (const auto& [name, value] : function.parameters)  // a parameter that is set again is neither
    if (const auto local = function.locals.find(name); local != function.locals.end()) local->second = Expression{};
  return function;
}

Names read_fields(std::span<const Line> body) {
  Names fields;
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i].indent != body.front().indent) continue;
    if (auto field = read_assignment(body[i].tokens)) fields.insert_or_assign(field->name, field->value);
  }
  return fields;
}

Expression arithmetic(const std::string& mark, const Expression& left, const Expression& right) {
  const auto is_number = [](const Expression& e) { return e.kind == Kind::integer || e.kind == Kind::floating; };
  Expression result;
  if (!is_number(left) || !is_number(right)) return result;
  if (left.kind == Kind::floating || right.kind == Kind::floating || mark == "/") {
    const auto value = [](const Expression& e) {
      return e.kind == Kind::floating ? e.floating : static_cast<double>(e.integer);
    };
    const double a = value(left);
    const double b = value(right);
    if (mark == "//" || mark == "%" || (mark == "/" && b == 0)) return result;
    result.kind = Kind::floating;
    result.floating = mark == "+" ? a + b : mark == "-" ? a - b : mark == "*" ? a * b : a / b;
    return result;
  }
  bool fits = true;
  if (mark == "+") fits = !__builtin_add_overflow(left.integer, right.integer, &result.integer);
  if (mark == "-") fits = !__builtin_sub_overflow(left.integer, right.integer, &result.integer);
  if (mark == "*") fits = !__builtin_mul_overflow(left.integer, right.integer, &result.integer);
  if (mark == "//" || mark == "%") {
    fits = left.integer >= 0 && right.integer > 0;
    if (fits) result.integer = mark == "%" ? left.integer % right.integer : left.integer / right.integer;
  }
  if (fits) result.kind = Kind::integer;
  return result;
}

// a = a + a would go on for ever and double on the way: there is only so much to be had.
class Resolver {
 public:
  explicit Resolver(const Names& globals) : globals_(globals) {}

  Expression resolve(const Expression& expression, const Names& locals) {
    if (--steps_ < 0) return {};
    if (expression.kind == Kind::name) {
      if (const auto local = locals.find(expression.text); local != locals.end()) return resolve(local->second, locals);
      if (const auto global = globals_.find(expression.text); global != globals_.end())
        return resolve(global->second, nothing_);
      return expression;  // a function or a class: its name is all there is
    }
    if (expression.kind == Kind::operation)
      return arithmetic(expression.text, resolve(expression.parts[0], locals), resolve(expression.parts[1], locals));
    return expression;
  }

 private:
  const Names& globals_;
  const Names nothing_;
  int steps_ = 1000;
};

}  // namespace

const Expression* Expression::find(std::string_view key) const {
  for (auto entry = named.rbegin(); entry != named.rend(); ++entry)
    if (entry->first == key) return &entry->second;
  return nullptr;
}

Module read_module(std::string_view source) {
  Module module;
  const std::vector<Line> all = read_lines(source);
  const std::span<const Line> lines(all);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Tokens tokens(lines[i].tokens);
    if (lines[i].indent > 0) {
      read_nested(tokens, module.assigned);
      continue;
    }
    const auto body = body_of(lines, i);
    if (tokens.size() > 1 && is_word(tokens[0], "def")) {
      module.functions.insert_or_assign(tokens[1].text, read_function(tokens, body));
      i += body.size();
    } else if (tokens.size() > 1 && is_word(tokens[0], "class")) {
      module.classes.insert_or_assign(tokens[1].text, read_fields(body));
      i += body.size();
    } else if (!is_mark(tokens[0], "@")) {
      read_statement(tokens, module.assigned);
    }
  }
  return module;
}

Expression resolve(const Expression& expression, const Names& locals, const Names& globals) {
  return Resolver(globals).resolve(expression, locals);
}

}  // namespace tt::titan::python
