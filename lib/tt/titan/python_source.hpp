// tt/titan/python_source.hpp: as much of a Python file as can be known without running it: constants, calls, defaults.
//
// Tolerant: whatever is not understood becomes an unknown value, never a wrong one. Nothing is executed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tt::titan::python {

struct Named;

struct Expression {
  enum class Kind { unknown, none, boolean, integer, floating, text, name, call, dict, operation };
  Kind kind = Kind::unknown;
  std::int64_t integer = 0;  // also of a boolean
  double floating = 0;
  std::string text;               // of a text; a dotted name; what is called; the operator
  std::vector<Expression> parts;  // of an operation; positional arguments
  std::vector<Named> named;       // keyword arguments; the entries of a dict
  bool complete = true;           // no *args, **others or keys that are no text

  const Expression* find(std::string_view key) const;  // the last entry or argument of that name; null: none
};

struct Named {
  std::string first;
  Expression second;
};

using Names = std::map<std::string, Expression, std::less<>>;

struct Function {
  Names parameters;     // with their defaults; unknown without one
  Names locals;         // assigned once, at the top of the body; anything else is unknown
  Expression returned;  // of the one return at the top of the body
};

struct Module {
  Names assigned;
  std::map<std::string, Function, std::less<>> functions;
  std::map<std::string, Names, std::less<>> classes;  // fields with their defaults
};

Module read_module(std::string_view source);

// Names followed through `locals`, then `globals`; arithmetic carried out. unknown where that ends nowhere.
Expression resolve(const Expression& expression, const Names& locals, const Names& globals);

}  // namespace tt::titan::python
