#include "tt/titan/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <unordered_map>

#include "tt/base/text.hpp"
#include "tt/titan/table.hpp"

namespace tt::titan {

namespace {

struct Schema {
  std::vector<KeyInfo> keys;
  std::unordered_map<std::string_view, const KeyInfo*> index;
};

constexpr std::string_view param_groups = "optimizer.param_groups";
constexpr std::string_view model_tree = "model_spec";
constexpr std::string_view checkpoint_section = "activation_checkpoint";

std::vector<std::string> choices(std::string_view type, std::string_view cell) {
  // "true|false" and "bare flag = true" only repeat the type; the note of a list[str] key never lists its elements.
  if (cell.empty() || type == "bool") return {};
  std::vector<std::string> all = split(cell, '|');
  std::erase(all, "None");
  return all;
}

KeyInfo key_of_row(Era era, const Row& row) {
  return {std::string(row[0]),     std::string(row[1]), value_of_cell(row[1], row[2]),
          choices(row[1], row[3]), std::string(row[4]), era};
}

// 0.3.0: `activation_checkpoint` is a union chosen by a word; we spell it as a key so that one sweep fits every era.
KeyInfo row_of_mode(KeyInfo row) {
  row.key = std::string(checkpoint_section) + ".mode";
  row.type = "str";
  row.allowed.emplace_back("memory_budget");  // the spelling of the eras before; the command line takes both
  return row;
}

// 0.3.0: "activation_checkpoint[selective].debug" and its twins become one key "activation_checkpoint.debug".
void add_option_of_mode(std::vector<KeyInfo>& keys, KeyInfo row) {
  const auto open = row.key.find('[');
  const auto close = row.key.find(']');
  const std::string mode = row.key.substr(open + 1, close - open - 1);
  row.key = row.key.substr(0, open) + row.key.substr(close + 1);
  const auto twin = std::find_if(keys.begin(), keys.end(), [&](const KeyInfo& other) { return other.key == row.key; });
  if (twin != keys.end()) {
    twin->note += ", " + mode;
    return;
  }
  row.note += "; with mode " + mode;
  keys.push_back(std::move(row));
}

void add_row(std::vector<KeyInfo>& keys, KeyInfo row) {
  if (row.key == param_groups) {  // a list of groups: addressed by index
    for (const Row& part : table_rows("indexed-0.3.0.tsv")) keys.push_back(key_of_row(row.era, part));
  } else if (row.key == model_tree) {  // what the module that configures a run can change of it
    for (const Row& part : table_rows("module-0.3.0.tsv")) keys.push_back(key_of_row(row.era, part));
    keys.push_back(std::move(row));
  } else if (row.key == checkpoint_section) {
    keys.push_back(row_of_mode(std::move(row)));
  } else if (row.key.find('[') != std::string::npos) {
    add_option_of_mode(keys, std::move(row));
  } else {
    keys.push_back(std::move(row));
  }
}

Schema read_schema(Era era) {
  Schema schema;
  for (const Row& row : table_rows("torchtitan-" + to_string(era) + ".tsv")) add_row(schema.keys, key_of_row(era, row));
  for (const KeyInfo& key : schema.keys) schema.index.emplace(key.key, &key);
  return schema;
}

// Read when first asked for, one era at a time: a tool that needs none starts at once.
const Schema& schema_of(Era era) {
  static std::array<std::once_flag, 7> read;
  static std::array<Schema, 7> schemas;
  const auto which = static_cast<std::size_t>(era);
  std::call_once(read[which], [&] { schemas[which] = read_schema(era); });
  return schemas[which];
}

// "optimizer.param_groups.3.pattern" → "optimizer.param_groups.0.pattern"; empty when it is no such key.
std::string first_group_of(std::string_view key) {
  if (!key.starts_with(param_groups) || key.size() <= param_groups.size() + 1) return {};
  const auto digits = key.substr(param_groups.size() + 1);
  const auto end = digits.find_first_not_of("0123456789");
  if (end == 0 || end == std::string_view::npos || digits[end] != '.') return {};
  return fmt::format("{}.0{}", param_groups, digits.substr(end));
}

Value list_of_cell(std::string_view type, std::string_view cell) {
  Value::List list;
  const auto inside = trim(cell.substr(1, cell.size() - 2));
  if (inside.empty()) return list;
  for (const auto& element : split(inside, ','))
    list.push_back(type == "list[float]" ? value_of_cell("float", element) : Value(std::string(trim(element))));
  return list;
}

}  // namespace

Value value_of_cell(std::string_view type, std::string_view cell) {
  if (cell == "None" || cell == "(set by config function)") return nullptr;
  if (cell == "\"\"") return "";
  if (cell == "{}") return Value::object();
  if (type.starts_with("bool")) return cell == "true";
  if (type.starts_with("list[") && cell.starts_with('[') && cell.ends_with(']')) return list_of_cell(type, cell);
  if (type.starts_with("int"))
    if (const auto number = to_integer(cell)) return *number;
  if (type.starts_with("float") || type == "Union")
    if (const auto number = to_double(cell)) return *number;
  return cell;
}

std::span<const KeyInfo> keys(Era era) { return schema_of(era).keys; }

const KeyInfo* find_key(Era era, std::string_view key) {
  const Schema& schema = schema_of(era);
  auto found = schema.index.find(key);
  if (found == schema.index.end() && !has_toml(era)) found = schema.index.find(first_group_of(key));
  return found == schema.index.end() ? nullptr : found->second;
}

}  // namespace tt::titan
