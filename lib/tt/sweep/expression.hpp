// tt/sweep/expression.hpp: an expression of a sweep file (where, derive, resources) read: which keys it asks for, and
// as a Lua function of them.
//
// An expression is Lua's: arithmetic, comparisons, and, or, not, strings, `..`, `#list`, `list[1]`, {a, b}. A name is
// an alias or a dotted key; key("a.b.0.c") says any key. Functions: min max abs floor ceil log2 one_of. No statements,
// no functions of one's own, no methods: what is left always ends and reads nothing but keys.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tt/base/error.hpp"
#include "tt/sweep/cell.hpp"
#include "tt/sweep/spec.hpp"

namespace tt::sweep {

// The functions an expression may call, implemented by sandbox.cpp.
const std::vector<std::string>& expression_functions();

// nullopt after a problem, which points at the word that is wrong.
std::optional<Expression> read_expression(const Written& text, const Aliases& aliases, Problems& problems);
// A condition taken apart at its top-level `and`s: all must hold. Fewer than there are, after a problem.
std::vector<Expression> read_conditions(const Written& text, const Aliases& aliases, Problems& problems);

}  // namespace tt::sweep
