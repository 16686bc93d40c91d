// tt/base/environment.hpp: environment variables, captured once in main and passed along.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tt {

class Environment {
 public:
  Environment() = default;
  explicit Environment(std::map<std::string, std::string, std::less<>> variables) : variables_(std::move(variables)) {}
  static Environment of_this_process();

  std::optional<std::string> get(std::string_view name) const;
  void set(std::string name, std::string value) { variables_[std::move(name)] = std::move(value); }
  void unset(const std::string& name) { variables_.erase(name); }
  const std::map<std::string, std::string, std::less<>>& all() const { return variables_; }

 private:
  std::map<std::string, std::string, std::less<>> variables_;
};

// `${NAME}` replaced; `$$` is a dollar sign. The first unset name comes back as the error.
struct Expansion {
  std::string text;
  std::optional<std::string> unset;
};
Expansion expand_variables(std::string_view text, const Environment& environment);

}  // namespace tt
