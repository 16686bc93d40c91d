#include "tt/sweep/sandbox.hpp"

#include <fmt/format.h>
#include <lua.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"
#include "tt/sweep/expression.hpp"

namespace tt::sweep {

struct MemoryBudget {
  std::size_t used = 0;
};

namespace {

constexpr std::size_t most_memory = 64UL << 20U;  // of one sandbox, bytes
constexpr int most_instructions = 1'000'000;      // of one computation
constexpr std::size_t longest_text = 10'000;      // of a result

// ---- the functions of an expression ------------------------------------------------------------------------------

double number_at(lua_State* lua, int index) { return luaL_checknumber(lua, index); }

int least_or_greatest(lua_State* lua, bool greatest) {
  const int count = lua_gettop(lua);
  luaL_checknumber(lua, 1);
  int best = 1;
  for (int i = 2; i <= count; ++i) {
    luaL_checknumber(lua, i);
    if (lua_compare(lua, greatest ? best : i, greatest ? i : best, LUA_OPLT)) best = i;
  }
  lua_pushvalue(lua, best);
  return 1;
}

int lua_min(lua_State* lua) { return least_or_greatest(lua, false); }
int lua_max(lua_State* lua) { return least_or_greatest(lua, true); }

void push_rounded(lua_State* lua, double number) {
  lua_Integer whole = 0;
  if (lua_numbertointeger(number, &whole))
    lua_pushinteger(lua, whole);
  else
    lua_pushnumber(lua, number);
}

int lua_floor(lua_State* lua) {
  if (lua_isinteger(lua, 1))
    lua_settop(lua, 1);
  else
    push_rounded(lua, std::floor(number_at(lua, 1)));
  return 1;
}

int lua_ceil(lua_State* lua) {
  if (lua_isinteger(lua, 1))
    lua_settop(lua, 1);
  else
    push_rounded(lua, std::ceil(number_at(lua, 1)));
  return 1;
}

int lua_abs(lua_State* lua) {
  if (lua_isinteger(lua, 1)) {
    const lua_Integer number = lua_tointeger(lua, 1);
    lua_pushinteger(lua, number < 0 ? static_cast<lua_Integer>(0U - static_cast<lua_Unsigned>(number)) : number);
  } else {
    lua_pushnumber(lua, std::abs(number_at(lua, 1)));
  }
  return 1;
}

int lua_log2(lua_State* lua) {
  const double number = number_at(lua, 1);
  if (number <= 0) return luaL_error(lua, "log2 of a number that is not above zero");
  lua_pushnumber(lua, std::log2(number));
  return 1;
}

int lua_one_of(lua_State* lua) {
  luaL_checkany(lua, 1);
  bool found = false;
  for (int i = 2; i <= lua_gettop(lua) && !found; ++i) found = lua_compare(lua, 1, i, LUA_OPEQ) != 0;
  lua_pushboolean(lua, found);
  return 1;
}

constexpr luaL_Reg functions[] = {{"min", lua_min},   {"max", lua_max},   {"abs", lua_abs},      {"floor", lua_floor},
                                  {"ceil", lua_ceil}, {"log2", lua_log2}, {"one_of", lua_one_of}};

// ---- limits ------------------------------------------------------------------------------------------------------

void* allocate(void* data, void* block, std::size_t old_size, std::size_t new_size) {
  auto& budget = *static_cast<MemoryBudget*>(data);
  if (block == nullptr) old_size = 0;  // then it is a kind of object
  if (new_size == 0) {
    std::free(block);
    budget.used -= old_size;
    return nullptr;
  }
  if (new_size > old_size && budget.used + (new_size - old_size) > most_memory) return nullptr;
  void* moved = std::realloc(block, new_size);
  if (moved != nullptr) budget.used = budget.used + new_size - old_size;
  return moved;
}

void stop_endless(lua_State* lua, lua_Debug* /*unused*/) { luaL_error(lua, "it takes too long to compute"); }

// ---- values ------------------------------------------------------------------------------------------------------

void push(lua_State* lua, const Value& value, bool in_floats) {
  switch (value.kind()) {
    case Value::Kind::boolean:
      lua_pushboolean(lua, value.as_boolean());
      break;
    case Value::Kind::integer:
      if (in_floats)
        lua_pushnumber(lua, static_cast<lua_Number>(value.as_integer()));
      else
        lua_pushinteger(lua, value.as_integer());
      break;
    case Value::Kind::floating:
      lua_pushnumber(lua, value.as_number());
      break;
    case Value::Kind::string:
      lua_pushlstring(lua, value.as_string().data(), value.as_string().size());
      break;
    case Value::Kind::list: {
      lua_createtable(lua, static_cast<int>(value.as_list().size()), 0);
      lua_Integer position = 0;
      for (const Value& element : value.as_list()) {
        push(lua, element, in_floats);
        lua_rawseti(lua, -2, ++position);
      }
      break;
    }
    default:
      lua_pushnil(lua);  // the caller lets no nothing and no table through
  }
}

Computed read_value(lua_State* lua, int index, int depth = 0);

Computed read_list(lua_State* lua, int index, int depth) {
  Value list = Value::array();
  const auto length = static_cast<lua_Integer>(lua_rawlen(lua, index));
  for (lua_Integer i = 1; i <= length; ++i) {
    lua_rawgeti(lua, index, i);
    Computed element = read_value(lua, lua_gettop(lua), depth + 1);
    lua_pop(lua, 1);
    if (!element.trouble.empty()) return element;
    list.push(std::move(element.value));
  }
  return {std::move(list), {}};
}

Computed read_value(lua_State* lua, int index, int depth) {
  switch (lua_type(lua, index)) {
    case LUA_TBOOLEAN:
      return {lua_toboolean(lua, index) != 0, {}};
    case LUA_TNUMBER: {
      if (lua_isinteger(lua, index)) return {static_cast<std::int64_t>(lua_tointeger(lua, index)), {}};
      const double number = lua_tonumber(lua, index);
      if (!std::isfinite(number)) return {{}, fmt::format("the result is {}", shortest(number))};
      return {number, {}};
    }
    case LUA_TSTRING: {
      std::size_t size = 0;
      const char* text = lua_tolstring(lua, index, &size);
      if (size > longest_text) return {{}, fmt::format("the result has more than {} bytes", longest_text)};
      return {std::string(text, size), {}};
    }
    case LUA_TTABLE:
      if (depth < 4) return read_list(lua, index, depth);
      return {{}, "the result is a list of lists of lists"};
    case LUA_TNIL:
      return {{}, "the result is nothing"};
    default:
      return {{}, "the result is no value"};
  }
}

// Is a number computed with integers what it would be without a largest one?
bool agrees(const Value& exact, const Value& in_floats) {
  if (exact.is_boolean() && in_floats.is_boolean()) return exact.as_boolean() == in_floats.as_boolean();
  if (!exact.is_number() || !in_floats.is_number()) return true;  // texts show their numbers differently
  const double a = exact.as_number(), b = in_floats.as_number();
  return std::abs(a - b) <= 1e-6 * std::max({1.0, std::abs(a), std::abs(b)});
}

// Lua names the chunk and the line, and the parameters; a person knows neither.
std::string without_chunk(std::string_view message) {
  if (const std::size_t colon = message.find(": "); message.starts_with("[string") && colon != std::string_view::npos)
    message.remove_prefix(colon + 2);
  return std::string(message);
}

std::string program_text(const Expression& expression, const std::string& body) {
  std::string parameters;
  for (std::size_t i = 0; i < expression.keys.size(); ++i) parameters += fmt::format("{}k{}", i == 0 ? "" : ", ", i);
  return fmt::format("local {} = ...\nreturn ({})", parameters.empty() ? "_" : parameters, body);
}

}  // namespace

const std::vector<std::string>& expression_functions() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const luaL_Reg& function : functions) all.emplace_back(function.name);
    return all;
  }();
  return names;
}

struct Sandbox::State {
  struct Program {
    int exact = LUA_NOREF;
    int in_floats = LUA_NOREF;
    std::vector<std::string> spelled;  // of the keys
  };
  MemoryBudget budget;
  lua_State* lua = lua_newstate(allocate, &budget);
  std::vector<Program> programs;

  State() {
    if (lua == nullptr) throw Error("there is no memory for a Lua interpreter");
    for (const luaL_Reg& function : functions) lua_register(lua, function.name, function.func);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { lua_close(lua); }

  // A reference to the compiled function, or what is wrong with it.
  std::optional<std::string> load(const std::string& program, int& reference) {
    if (luaL_loadbufferx(lua, program.data(), program.size(), "=expression", "t") != LUA_OK) {
      std::string message = lua_tostring(lua, -1);
      lua_pop(lua, 1);
      if (const std::size_t colon = message.rfind(":2: "); colon != std::string::npos) message.erase(0, colon + 4);
      return message;
    }
    reference = luaL_ref(lua, LUA_REGISTRYINDEX);
    return std::nullopt;
  }

  Computed run(const Program& program, int reference, std::span<const Value* const> values, bool in_floats) {
    lua_sethook(lua, stop_endless, LUA_MASKCOUNT, most_instructions);
    lua_rawgeti(lua, LUA_REGISTRYINDEX, reference);
    for (const Value* value : values) push(lua, *value, in_floats);
    const int status = lua_pcall(lua, static_cast<int>(values.size()), 1, 0);
    Computed computed;
    if (status == LUA_ERRMEM)
      computed.trouble = "it takes too much memory to compute";
    else if (status != LUA_OK)
      computed.trouble = in_words(program, lua_type(lua, -1) == LUA_TSTRING ? lua_tostring(lua, -1) : "it failed");
    else
      computed = read_value(lua, lua_gettop(lua));
    lua_pop(lua, 1);
    return computed;
  }

  static std::string in_words(const Program& program, std::string message) {
    if (const std::size_t colon = message.find(":2: "); colon != std::string::npos) message.erase(0, colon + 4);
    for (std::size_t i = program.spelled.size(); i-- > 0;) {
      message = replace_all(message, fmt::format("local 'k{}'", i), fmt::format("'{}'", program.spelled[i]));
    }
    return without_chunk(message);
  }
};

Sandbox::Sandbox() : state_(std::make_unique<State>()) {}
Sandbox::~Sandbox() = default;
Sandbox::Sandbox(Sandbox&&) noexcept = default;
Sandbox& Sandbox::operator=(Sandbox&&) noexcept = default;

std::optional<std::string> syntax_error(const Expression& expression) {
  Sandbox sandbox;
  try {
    sandbox.compile(expression);
    return std::nullopt;
  } catch (const Error& error) {
    return error.what();
  }
}

int Sandbox::compile(const Expression& expression) {
  State::Program program;
  for (const auto& key : expression.keys) program.spelled.push_back(key.spelled);
  auto trouble = state_->load(program_text(expression, expression.program), program.exact);
  if (!trouble) trouble = state_->load(program_text(expression, expression.in_floats), program.in_floats);
  if (trouble) {
    for (std::size_t i = program.spelled.size(); i-- > 0;) {
      *trouble = replace_all(*trouble, fmt::format("'k{}'", i), fmt::format("'{}'", program.spelled[i]));
    }
    throw Error(*trouble);
  }
  state_->programs.push_back(std::move(program));
  return static_cast<int>(state_->programs.size()) - 1;
}

Computed Sandbox::compute(int compiled, std::span<const Value* const> values) {
  const State::Program& program = state_->programs[static_cast<std::size_t>(compiled)];
  Computed exact = state_->run(program, program.exact, values, false);
  if (!exact.trouble.empty() || exact.value.is_string() || exact.value.is_list()) return exact;
  const Computed in_floats = state_->run(program, program.in_floats, values, true);
  if (in_floats.trouble.starts_with("the result is")) return {{}, "a number on the way is too large"};
  if (!in_floats.trouble.empty() || agrees(exact.value, in_floats.value)) return exact;
  return {{}, "a number on the way is too large for 64 bits"};
}

}  // namespace tt::sweep
