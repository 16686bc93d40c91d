#include "tt/titan/architecture.hpp"

#include <array>

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
  experts,
  shared_experts,
  top_k,
  expert_ffn_size,
  dense_layers,
  kv_lora,
  q_lora,
  qk_nope,
  qk_rope,
  v_head,
};

std::optional<std::int64_t> number(const Row& row, Column column) { return to_integer(row[column]); }
std::int64_t known_number(const Row& row, Column column) { return number(row, column).value_or(0); }

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
  found.tied_embeddings = row[tied] == "1";
  found.qk_norm = row[qk_norm] == "1";
  found.experts_known = number(row, experts).has_value();
  if (known_number(row, experts) > 0)
    found.experts = Experts{known_number(row, experts), known_number(row, shared_experts), known_number(row, top_k),
                            known_number(row, expert_ffn_size), known_number(row, dense_layers)};
  if (number(row, kv_lora))
    found.latent = LatentAttention{known_number(row, kv_lora), known_number(row, q_lora), known_number(row, qk_nope),
                                   known_number(row, qk_rope), known_number(row, v_head)};
  return found;
}

struct Entry {
  Era first;
  Era last;
  Architecture architecture;
};

const std::vector<Entry>& entries() {
  static const std::vector<Entry> all = [] {
    std::vector<Entry> read;
    for (const Row& row : table_rows("architectures.tsv"))
      read.push_back({parse_era(row[first]).value(), parse_era(row[last]).value(), architecture_of_row(row)});
    return read;
  }();
  return all;
}

bool holds_in(Era era, const Entry& entry) { return entry.first <= era && era <= entry.last; }

const Architecture* find_entry(Era era, std::string_view family, std::string_view name) {
  for (const Entry& entry : entries())
    if (entry.architecture.flavor == name && entry.architecture.family == family && holds_in(era, entry))
      return &entry.architecture;
  return nullptr;
}

// "17bx16e_irope" → "17bx16e": these differ in the attention kernel or mask, in no size.
std::string_view without_attention_suffix(std::string_view name) {
  constexpr std::array<std::string_view, 5> suffixes{"_flex_attn", "_varlen_attn", "_flex", "_varlen", "_irope"};
  for (const auto suffix : suffixes)
    if (name.size() > suffix.size() && name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  return name;
}

// "torchtitan.models.llama3" → "llama3"
std::string_view last_part(std::string_view name) { return name.substr(name.rfind('.') + 1); }

}  // namespace

std::optional<Architecture> find_architecture(Era era, std::string_view model_name, std::string_view flavor_name) {
  const std::string_view wanted = last_part(model_name);
  std::string of_config;
  if (!has_toml(era)) {
    of_config = flavor_of_config(flavor_name).value_or(std::string(flavor_name));
    flavor_name = of_config;
  }
  const Architecture* found = find_entry(era, wanted, flavor_name);
  if (found == nullptr) found = find_entry(era, wanted, without_attention_suffix(flavor_name));
  return found == nullptr ? std::nullopt : std::optional(*found);
}

std::string architecture_name(const Architecture& architecture) {
  std::string name = architecture.family + "_" + lower(architecture.flavor);
  for (char& letter : name)
    if (letter == '.' || letter == '-') letter = '_';
  return name;
}

std::vector<std::string> flavors_of(Era era, std::string_view model_name) {
  std::vector<std::string> names;
  for (const Entry& entry : entries())
    if (entry.architecture.family == model_name && holds_in(era, entry)) names.push_back(entry.architecture.flavor);
  return names;
}

}  // namespace tt::titan
