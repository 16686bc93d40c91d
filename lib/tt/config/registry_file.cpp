#include "tt/config/registry_file.hpp"

#include <fmt/format.h>

#include "tt/config/document.hpp"

namespace tt::config {

std::string registry_file(std::string_view module, std::string_view function, const Overrides& settings) {
  std::string text =
      fmt::format("module = {}\nconfig = {}\n", toml_literal(std::string(module)), toml_literal(std::string(function)));
  Value none = Value::array();
  std::string set;
  for (const Assignment& one : settings) {
    if (one.value.is_null())
      none.push(one.key);
    else
      set += fmt::format("{} = {}\n", toml_literal(one.key), toml_literal(one.value));
  }
  if (!none.as_list().empty()) text += fmt::format("none = {}\n", toml_literal(none));
  return text + "\n[set]\n" + set;
}

std::string registry_key(const std::string& key) {
  const auto parts = split_key(key);
  return parts && parts->size() == 2 && parts->front() == "set" ? parts->back() : key;
}

}  // namespace tt::config
