#include "tt/titan/presets.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "tt/titan/schema.hpp"
#include "tt/titan/table.hpp"

namespace tt::titan {

namespace {

enum Column : std::size_t { config_column, key_column, value_column };

using Name = std::pair<std::string_view, std::string_view>;  // config, key

// Asked for every key of every point of a sweep.
const std::map<Name, Row>& rows() {
  static const std::map<Name, Row> all = [] {
    std::map<Name, Row> read;
    for (Row& row : table_rows("presets-0.3.0.tsv")) {
      const Name name{row[config_column], row[key_column]};
      read.emplace(name, std::move(row));
    }
    return read;
  }();
  return all;
}

const Row* find_row(std::string_view config, std::string_view key) {
  const auto found = rows().find(Name{config, key});
  return found == rows().end() ? nullptr : &found->second;
}

// The table lists every departure from the class defaults for these keys, so silence means the default.
bool is_covered(std::string_view key) {
  constexpr std::array<std::string_view, 8> covered{
      "training.local_batch_size",    "training.global_batch_size", "training.seq_len",           "training.steps",
      "training.disable_cuda_graphs", "metrics.log_freq",           "activation_checkpoint.mode", "compile.enable"};
  return key.starts_with("parallelism.") || key.starts_with("compile.") ||
         std::find(covered.begin(), covered.end(), key) != covered.end();
}

}  // namespace

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const auto& [name, row] : rows())
    if (name.second == "flavor") names.emplace_back(name.first);
  return names;
}

bool is_preset(std::string_view config) { return find_row(config, "flavor") != nullptr; }

std::optional<std::string_view> flavor_of_config(std::string_view config) {
  const Row* row = find_row(config, "flavor");
  if (row == nullptr) return std::nullopt;
  return (*row)[value_column];
}

std::optional<Value> preset_value(std::string_view config, std::string_view key) {
  const KeyInfo* info = find_key(Era::v0_3_0, key);
  if (info == nullptr || !is_preset(config)) return std::nullopt;
  if (const Row* row = find_row(config, key)) return value_of_cell(info->type, (*row)[value_column]);
  if (is_covered(key)) return info->default_value;
  return std::nullopt;
}

}  // namespace tt::titan
