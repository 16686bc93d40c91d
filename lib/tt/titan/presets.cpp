#include "tt/titan/presets.hpp"

#include <algorithm>
#include <array>

#include "tt/titan/schema.hpp"
#include "tt/titan/table.hpp"

namespace tt::titan {

namespace {

enum Column : std::size_t { config_column, key_column, value_column };

const std::vector<Row>& rows() {
  static const std::vector<Row> all = table_rows("presets-0.3.0.tsv");
  return all;
}

const Row* find_row(std::string_view config, std::string_view key) {
  for (const Row& row : rows())
    if (row[config_column] == config && row[key_column] == key) return &row;
  return nullptr;
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

bool is_preset(std::string_view config) { return find_row(config, "flavor") != nullptr; }

std::optional<std::string> flavor_of_config(std::string_view config) {
  const Row* row = find_row(config, "flavor");
  if (row == nullptr) return std::nullopt;
  return std::string((*row)[value_column]);
}

std::optional<Value> preset_value(std::string_view config, std::string_view key) {
  const KeyInfo* info = find_key(Era::v0_3_0, key);
  if (info == nullptr || !is_preset(config)) return std::nullopt;
  if (const Row* row = find_row(config, key)) return value_of_cell(info->type, (*row)[value_column]);
  if (is_covered(key)) return info->default_value;
  return std::nullopt;
}

}  // namespace tt::titan
