#include "tt/sweep/naming.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "tt/base/hash.hpp"
#include "tt/base/text.hpp"
#include "tt/config/document.hpp"
#include "tt/sweep/cell.hpp"
#include "tt/titan/era.hpp"
#include "tt/titan/schema.hpp"

namespace tt::sweep {
namespace {

constexpr std::size_t longest_word = 12;   // of a key's last part; longer ones are cut to their initials
constexpr std::size_t longest_value = 40;  // longer ones are cut and marked with a hash

bool is_safe(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._+=-").find(c) != std::string_view::npos;
}

// The same setting has one short name, whatever its key was called in an era.
std::unordered_map<std::string, std::string> make_well_known() {
  using titan::Knob;
  constexpr std::pair<Knob, std::string_view> knobs[] = {{Knob::local_batch_size, "bs"},
                                                         {Knob::seq_len, "sl"},
                                                         {Knob::tensor_parallel, "tp"},
                                                         {Knob::pipeline_parallel, "pp"},
                                                         {Knob::context_parallel, "cp"},
                                                         {Knob::expert_parallel, "ep"},
                                                         {Knob::expert_tensor_parallel, "etp"},
                                                         {Knob::data_parallel_shard, "dps"},
                                                         {Knob::data_parallel_replicate, "dpr"},
                                                         {Knob::global_batch_size, "gbs"},
                                                         {Knob::learning_rate, "lr"},
                                                         {Knob::steps, "st"},
                                                         {Knob::ac_mode, "ac"},
                                                         {Knob::compile_enable, "compile"},
                                                         {Knob::seed, "seed"},
                                                         {Knob::pipeline_schedule, "sched"},
                                                         {Knob::pipeline_microbatch_size, "mbs"},
                                                         {Knob::pipeline_microbatches, "mb"},
                                                         {Knob::model_flavor, "flavor"},
                                                         {Knob::async_tensor_parallel, "asynctp"}};
  std::unordered_map<std::string, std::string> names;
  for (const std::string& era : titan::era_names()) {
    for (const auto& [knob, name] : knobs) {
      if (const auto key = titan::key_of(*titan::parse_era(era), knob)) names.emplace(*key, name);
    }
  }
  names["optimizer.lr"] = "lr";
  names["activation_checkpoint.mode"] = "ac";
  names["resources.gpus"] = "gpus";
  names["resources.nodes"] = "nodes";
  names["resources.walltime"] = "wt";
  return names;
}

const std::string* well_known(const std::string& key) {
  static const auto names = make_well_known();
  const auto found = names.find(key);
  return found == names.end() ? nullptr : &found->second;
}

std::string safe(std::string_view text) {
  std::string made;
  for (const char c : text) made += is_safe(c) ? c : '-';
  return made;
}

std::string initials(const std::string& word) {
  std::string made;
  for (const std::string& part : split(word, '_')) made += part.substr(0, 1);
  return made;
}

std::string alias_of(const std::string& key, const Spec& spec) {
  for (const auto& [name, target] : spec.alias) {
    if (target.text == key) return safe(name);
  }
  return "";
}

// Candidates for a short name, the shortest first; the whole key ends the list.
std::vector<std::string> candidates(const std::string& key, const Spec& spec) {
  if (const std::string* name = well_known(key)) return {*name, safe(key)};
  std::vector<std::string> names;
  if (std::string alias = alias_of(key, spec); !alias.empty()) names.push_back(std::move(alias));
  if (is_environment_key(key)) {
    names.push_back(environment_name(key));
  } else {
    const auto parts = config::split_key(key).value_or(std::vector<std::string>{key});
    const std::string whole = safe(replace_all(parts.back(), "_", ""));
    const std::string word = whole.size() <= longest_word ? whole : safe(initials(parts.back()));
    names.push_back(word);
    if (parts.size() > 1) names.push_back(safe(parts[parts.size() - 2]) + "." + word);
  }
  names.push_back(safe(key));
  return names;
}

bool ends_in_digit(const std::string& text) { return !text.empty() && text.back() >= '0' && text.back() <= '9'; }
bool begins_with_letter(const std::string& text) {
  const char c = text.empty() ? '\0' : static_cast<char>(text[0] | 0x20);
  return c >= 'a' && c <= 'z';
}

}  // namespace

std::vector<std::string> short_names(const std::vector<std::string>& keys, const Spec& spec) {
  std::set<std::string> taken;
  std::vector<std::string> names;
  for (const std::string& key : keys) {
    const auto offered = candidates(key, spec);
    const auto free = std::find_if(offered.begin(), offered.end(),
                                   [&](const std::string& name) { return !name.empty() && !taken.contains(name); });
    names.push_back(free == offered.end() ? safe(key) : *free);
    taken.insert(names.back());
  }
  return names;
}

std::string name_part(const Value& value) {
  const std::string text = value.is_null() ? "none" : plain_text(value);
  std::string made;
  for (const char c : text) {
    if (c == ',')
      made += '+';
    else if (c == ' ' || c == '/' || c == ':')
      made += '-';
    else if (is_safe(c))
      made += c;
    else
      made += fmt::format("={:02X}", static_cast<unsigned char>(c));
  }
  if (made.size() > longest_value) made = made.substr(0, longest_value - 8) + "=" + fingerprint(text).substr(0, 6);
  return made;
}

std::string named_value(const std::string& short_name, const Value& value) {
  if (value.is_boolean()) return value.as_boolean() ? short_name : "no" + short_name;
  const std::string part = name_part(value);
  const bool path = short_name == "base" || short_name == "root";
  const bool long_word = (short_name.size() > 6 || path) && begins_with_letter(part);
  return short_name + (ends_in_digit(short_name) || long_word ? "=" : "") + part;
}

std::optional<std::string> unsafe_name(std::string_view name) {
  if (name.empty()) return "it is empty";
  if (name == "." || name == "..") return "it is a name of the folder itself";
  if (name[0] == '-') return "it begins with '-'";
  if (name.size() > longest_name)
    return fmt::format("it has {} bytes, at most {} are allowed", name.size(), longest_name);
  const auto bad = std::find_if_not(name.begin(), name.end(), is_safe);
  if (bad != name.end()) return fmt::format("'{}' is not safe in a file name", printable(std::string(1, *bad)));
  return std::nullopt;
}

namespace {

class TemplateReader {
 public:
  TemplateReader(const Written& text, const Spec& spec, Problems& problems)
      : text_(text), spec_(spec), problems_(problems) {}

  NameTemplate read() {
    std::size_t at = 0;
    while (at < text_.text.size()) at = read_from(at);
    flush("", text_.place);
    return std::move(made_);
  }

 private:
  std::size_t read_from(std::size_t at) {
    const char c = text_.text[at];
    if (c == '{') return read_placeholder(at);
    if (!is_safe(c)) {
      problems_.add(place_within(text_, at, 1),
                    fmt::format("'{}' is not safe in a file name", printable(std::string(1, c))),
                    "letters, digits and . _ + = - are");
    }
    literal_ += c;
    return at + 1;
  }

  std::size_t read_placeholder(std::size_t at) {
    const std::size_t end = text_.text.find('}', at);
    if (end == std::string::npos) {
      problems_.add(place_within(text_, at, 1), "this '{' is never closed", "write {alias} or {section.key}");
      return text_.text.size();
    }
    const Place place = place_within(text_, at, end + 1 - at);
    const std::string spelled = text_.text.substr(at + 1, end - at - 1);
    if (const auto key = read_key(spelled, place, spec_.alias, problems_)) flush(*key, place);
    return end + 1;
  }

  void flush(const std::string& key, const Place& place) {
    made_.parts.push_back({literal_, key, place});
    literal_.clear();
  }

  const Written& text_;
  const Spec& spec_;
  Problems& problems_;
  NameTemplate made_;
  std::string literal_;
};

}  // namespace

NameTemplate read_name_template(const Written& text, const Spec& spec, Problems& problems) {
  return TemplateReader(text, spec, problems).read();
}

}  // namespace tt::sweep
