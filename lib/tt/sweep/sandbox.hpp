// tt/sweep/sandbox.hpp: Lua 5.4 as a calculator: no libraries, a few pure functions, a limit of instructions and
// memory.
//
// Integers wrap around silently in Lua. So every expression is also computed in floating point, and a result that is
// another one there is refused as too large.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "tt/base/value.hpp"
#include "tt/sweep/spec.hpp"

namespace tt::sweep {

// What is wrong with an expression as Lua sees it; nullopt when it can be compiled.
std::optional<std::string> syntax_error(const Expression& expression);

struct Computed {
  Value value;
  std::string trouble;  // why there is none; empty: value holds
};

class Sandbox {
 public:
  Sandbox();
  ~Sandbox();
  Sandbox(Sandbox&&) noexcept;
  Sandbox& operator=(Sandbox&&) noexcept;

  // A number for compute(). Throws Error where syntax_error had something to say.
  int compile(const Expression& expression);
  // `values`: one for each key of the expression, in their order.
  Computed compute(int compiled, std::span<const Value* const> values);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tt::sweep
