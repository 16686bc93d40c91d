#include "tt/titan/architecture.hpp"

#include <array>
#include <deque>
#include <map>
#include <utility>

#include "tt/base/text.hpp"
#include "tt/titan/presets.hpp"
#include "tt/titan/table.hpp"

namespace tt::titan {

namespace {

// The columns of data/architectures.tsv.
enum Column : std::size_t {
  model,
  flavor,
  first,
  last,
  hidden_size,
  layers,
  heads,
  kv_heads,
  head_dim,
  ffn_size,
  vocab_size,
  tied,
  qk_norm,
  qkv_bias,
  experts,
  shared_experts,
  top_k,
  expert_ffn_size,
  dense_layers,
  expert_step,
  router_bias,
  kv_lora,
  q_lora,
  qk_nope,
  qk_rope,
  v_head,
  max_seq_len,
  attention,
};

std::optional<std::int64_t> number(const Row& row, Column column) { return to_integer(row[column]); }
std::int64_t known_number(const Row& row, Column column) { return number(row, column).value_or(0); }
bool flag(const Row& row, Column column) { return row[column] == "1"; }

Architecture architecture_of_row(const Row& row) {
  Architecture found;
  found.family = row[model];
  found.flavor = row[flavor];
  found.hidden_size = known_number(row, hidden_size);
  found.layers = known_number(row, layers);
  found.heads = known_number(row, heads);
  found.kv_heads = number(row, kv_heads);
  found.head_dim = number(row, head_dim);
  found.ffn_size = number(row, ffn_size);
  found.vocab_size = number(row, vocab_size);
  found.tied_embeddings = flag(row, tied);
  found.qk_norm = flag(row, qk_norm);
  found.qkv_bias = flag(row, qkv_bias);
  found.experts_known = number(row, experts).has_value();
  if (known_number(row, experts) > 0)
    found.experts = Experts{known_number(row, experts),      known_number(row, shared_experts),
                            known_number(row, top_k),        known_number(row, expert_ffn_size),
                            known_number(row, dense_layers), known_number(row, expert_step),
                            flag(row, router_bias)};
  if (number(row, kv_lora))
    found.latent = LatentAttention{known_number(row, kv_lora), known_number(row, q_lora), known_number(row, qk_nope),
                                   known_number(row, qk_rope), known_number(row, v_head)};
  found.max_seq_len = number(row, max_seq_len);
  if (row[attention] != "-") found.attention = row[attention];
  return found;
}

struct Entry {
  Era first;
  Era last;
  Architecture architecture;
  bool holds_in(Era era) const { return first <= era && era <= last; }
};

using Name = std::pair<std::string_view, std::string_view>;  // family, flavor

// Asked for every point of a sweep, so the names are looked up, not searched for.
struct Shipped {
  std::deque<Entry> entries;
  std::map<Era, std::map<Name, const Architecture*>> by_name;
};

const Shipped& shipped() {
  static const Shipped all = [] {
    Shipped read;
    for (const Row& row : table_rows("architectures.tsv"))
      read.entries.push_back({parse_era(row[first]).value(), parse_era(row[last]).value(), architecture_of_row(row)});
    for (const std::string& name : era_names()) {
      const Era era = parse_era(name).value();
      for (const Entry& entry : read.entries)
        if (entry.holds_in(era))
          read.by_name[era].emplace(Name{entry.architecture.family, entry.architecture.flavor}, &entry.architecture);
    }
    return read;
  }();
  return all;
}

// "17bx16e_irope" → "17bx16e": these differ in the attention kernel or mask, in no size.
std::string_view without_attention_suffix(std::string_view name) {
  constexpr std::array<std::string_view, 5> suffixes{"_flex_attn", "_varlen_attn", "_flex", "_varlen", "_irope"};
  for (const auto suffix : suffixes)
    if (name.size() > suffix.size() && name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  return name;
}

}  // namespace

std::string_view family_of_model(std::string_view model_name) {
  const std::string_view last_part = model_name.substr(model_name.rfind('.') + 1);
  return last_part == "llama3_ft" ? "llama3" : last_part;
}

const Architecture* find_shipped_architecture(Era era, std::string_view model_name, std::string_view flavor_name) {
  if (!has_toml(era)) flavor_name = flavor_of_config(flavor_name).value_or(flavor_name);
  const auto of_era = shipped().by_name.find(era);
  if (of_era == shipped().by_name.end()) return nullptr;
  const auto found = of_era->second.find(Name{family_of_model(model_name), flavor_name});
  return found == of_era->second.end() ? nullptr : found->second;
}

std::optional<Architecture> find_architecture(Era era, std::string_view model_name, std::string_view flavor_name) {
  const Architecture* found = find_shipped_architecture(era, model_name, flavor_name);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

std::string architecture_name(const Architecture& architecture) {
  std::string name = architecture.family + "_" + lower(without_attention_suffix(architecture.flavor));
  for (char& letter : name)
    if (letter == '.' || letter == '-') letter = '_';
  return name;
}

std::vector<std::string> flavors_of(Era era, std::string_view model_name) {
  std::vector<std::string> names;
  for (const Architecture* each : shipped_in(era))
    if (each->family == model_name) names.push_back(each->flavor);
  return names;
}

std::vector<const Architecture*> shipped_in(Era era) {
  std::vector<const Architecture*> found;
  for (const Entry& entry : shipped().entries)
    if (entry.holds_in(era)) found.push_back(&entry.architecture);
  return found;
}

}  // namespace tt::titan
