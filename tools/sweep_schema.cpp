#include "sweep_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "tt/base/text.hpp"
#include "tt/sweep/json_schema.hpp"
#include "tt/titan/aliases.hpp"
#include "tt/titan/key_lookup.hpp"
#include "tt/titan/schema.hpp"

namespace tt::tool {
namespace {

using titan::Era;
using titan::KeyInfo;

// The newest release that reads files, and so has a schema of its own to write against.
constexpr Era usual_era = Era::v0_2_2;

struct SchemaFlags {
  std::string key;
  std::string era;
  bool json_schema = false;
};

std::string shown(const Value& value) {
  if (value.is_string() && value.as_string().empty()) return "\"\"";
  if (value.is_table()) return "{}";
  return value.is_list() ? fmt::format("[{}]", plain_text(value)) : plain_text(value);
}

Era era_of(const std::string& text) {
  if (text.empty()) return usual_era;
  if (const auto era = titan::parse_era(text)) return *era;
  throw Error(fmt::format("--era {}: no such release is known here; known are {}", printable(text),
                          join(titan::era_names(), ", ")),
              ExitCode::bad_input);
}

// Eras in a row with the same text: "2025-01 to 0.2.2".
struct Span {
  Era first, last;
  std::string text;
};

std::vector<Span> spans(const std::vector<std::pair<Era, std::string>>& by_era) {
  std::vector<Span> all;
  for (const auto& [era, text] : by_era) {
    const bool follows = !all.empty() && static_cast<int>(all.back().last) + 1 == static_cast<int>(era);
    if (follows && all.back().text == text)
      all.back().last = era;
    else
      all.push_back({era, era, text});
  }
  return all;
}

std::string span_name(const Span& span) {
  return span.first == span.last ? to_string(span.first)
                                 : fmt::format("{} to {}", to_string(span.first), to_string(span.last));
}

std::string lines_of(const std::string& title, const std::vector<Span>& all) {
  std::string text;
  for (const Span& span : all)
    text += fmt::format("  {:<10}{:<20}{}\n", text.empty() ? title : "", span_name(span), span.text);
  return text;
}

// The moves between the names a key had, and those that changed its values.
std::vector<const titan::Move*> moves_of(const std::set<std::string>& names) {
  std::vector<const titan::Move*> found;
  for (const titan::Move& move : titan::moves())
    if (names.contains(move.old_key) || names.contains(move.new_key)) found.push_back(&move);
  return found;
}

std::string sentence_of(const titan::Move& move) {
  const std::string since =
      move.first_with_new ? "since " + to_string(*move.first_with_new) : std::string("after 0.3.0");
  const bool is_plain = move.transform == "same" && move.mapping.empty();
  const std::string about = move.mapping.empty() ? (is_plain ? "" : move.transform) : move.mapping;
  if (move.new_key.empty())
    return fmt::format("{}: '{}' is gone{}", since, move.old_key, about.empty() || about == "none" ? "" : ": " + about);
  if (move.new_key == move.old_key) return fmt::format("{}: its value: {}", since, about);
  return fmt::format("{}: '{}' is '{}'{}", since, move.old_key, move.new_key, about.empty() ? "" : ": " + about);
}

Value record_of(const KeyInfo& key) {
  Value choices = Value::array();
  for (const std::string& word : key.allowed) choices.push(word);
  return Value::object()
      .set("key", key.key)
      .set("type", key.type)
      .set("choices", key.allowed.empty() ? Value(nullptr) : std::move(choices))
      .set("default", key.default_value)
      .set("note", key.note);
}

Value record_head(Era era) { return Value::object().set("schema", "tt.schema/1").set("era", to_string(era)); }

void print_table(const Tool& tool, Era era, const std::vector<const KeyInfo*>& chosen, const std::string& what) {
  if (tool.flags().json) {
    Value list = Value::array();
    for (const KeyInfo* key : chosen) list.push(record_of(*key));
    print_record(record_head(era).set("keys", std::move(list)));
    return;
  }
  TextTable table({{"key"}, {"type"}, {"default"}, {"choices, notes"}});
  for (const KeyInfo* key : chosen) {
    std::string notes = join(key->allowed, " | ");
    if (!notes.empty() && !key->note.empty()) notes += "; ";
    table.add({{key->key}, {key->type}, {shown(key->default_value)}, {notes + key->note, Tint::dim}});
  }
  print(fmt::format("TorchTitan {}: {}{}\n\n{}", to_string(era),
                    plural(static_cast<std::int64_t>(chosen.size()), "key"), what, table.text(tool.out())));
}

std::vector<const KeyInfo*> section_of(Era era, const std::string& prefix) {
  std::vector<const KeyInfo*> found;
  for (const KeyInfo& key : titan::keys(era))
    if (prefix.empty() || key.key.starts_with(prefix + ".")) found.push_back(&key);
  return found;
}

// Every part of a key before a dot: "optimizer", "quantize.linear".
std::vector<std::string> section_names(Era era) {
  std::set<std::string> names;
  for (const KeyInfo& key : titan::keys(era))
    for (auto dot = key.key.find('.'); dot != std::string::npos; dot = key.key.find('.', dot + 1))
      names.insert(key.key.substr(0, dot));
  return {names.begin(), names.end()};
}

// One key, as every era has it. `era` knows it under `info.key`.
class KeyStory {
 public:
  KeyStory(Era era, const KeyInfo& info, std::string asked) : era_(era), info_(info), asked_(std::move(asked)) {
    for (const titan::NameInEra& name : titan::names_of(info.key)) {
      if (name.name.empty()) continue;
      if (const KeyInfo* key = titan::find_key(name.era, name.name)) by_era_.emplace_back(name.era, key);
    }
    for (const auto& [in, key] : by_era_) names_.insert(key->key);
  }

  // `gone`: why the era asked for has no such key; empty when it has.
  std::string text(const std::string& gone) const {
    std::string text = asked_ == info_.key ? fmt::format("{}   (TorchTitan {})\n", info_.key, to_string(era_))
                                           : fmt::format("{}   (TorchTitan {}; asked for as '{}')\n", info_.key,
                                                         to_string(era_), asked_);
    if (!info_.note.empty()) text += "  " + info_.note + "\n";
    if (!gone.empty()) text += fmt::format("  {:<10}{}\n", "note", gone);
    text += lines_of("type", by([](const KeyInfo& key) { return key.type; }));
    text += lines_of("choices", by([](const KeyInfo& key) { return join(key.allowed, " | "); }));
    text += lines_of("default", by([](const KeyInfo& key) { return shown(key.default_value); }));
    if (names_.size() > 1) text += lines_of("called", by([](const KeyInfo& key) { return key.key; }));
    std::string title = "changes";
    for (const titan::Move* move : moves_of(names_)) {
      text += fmt::format("  {:<10}{}\n", title, sentence_of(*move));
      title.clear();
    }
    return text;
  }

  Value record() const {
    Value eras = Value::array();
    for (const auto& [in, key] : by_era_) eras.push(record_of(*key).set("era", to_string(in)));
    Value changes = Value::array();
    for (const titan::Move* move : moves_of(names_))
      changes.push(Value::object()
                       .set("old", move->old_key)
                       .set("new", move->new_key.empty() ? Value(nullptr) : Value(move->new_key))
                       .set("since", move->first_with_new ? Value(to_string(*move->first_with_new)) : Value(nullptr))
                       .set("transform", move->transform)
                       .set("values", move->mapping));
    return record_head(era_)
        .set("keys", Value::array().push(record_of(info_)))
        .set("eras", std::move(eras))
        .set("changes", std::move(changes));
  }

 private:
  template <class Text>
  std::vector<Span> by(Text text) const {
    std::vector<std::pair<Era, std::string>> all;
    for (const auto& [in, key] : by_era_)
      if (std::string one = text(*key); !one.empty()) all.emplace_back(in, std::move(one));
    return spans(all);
  }

  Era era_;
  const KeyInfo& info_;
  std::string asked_;
  std::vector<std::pair<Era, const KeyInfo*>> by_era_;
  std::set<std::string> names_;
};

// The era to show a key in when nobody said one: the usual one, else the newest that has the key.
Era era_for_key(const std::string& key) {
  if (titan::find_key(usual_era, key)) return usual_era;
  const std::vector<std::string> names = titan::era_names();
  for (auto name = names.rbegin(); name != names.rend(); ++name)
    if (const Era era = *titan::parse_era(*name); titan::find_key(era, key)) return era;
  return usual_era;
}

void print_story(const Tool& tool, const KeyStory& story, const std::string& gone) {
  tool.flags().json ? print_record(story.record()) : print(story.text(gone));
}

void show_key(const Tool& tool, const SchemaFlags& flags) {
  const Era era = flags.era.empty() ? era_for_key(flags.key) : era_of(flags.era);
  const titan::KeyVerdict verdict = titan::judge_key(era, flags.key);
  if (!verdict.name.empty()) {
    print_story(tool, {era, *titan::find_key(era, verdict.name), flags.key}, "");
    return;
  }
  const Era other = era_for_key(flags.key);
  if (const KeyInfo* elsewhere = titan::find_key(other, flags.key)) {
    print_story(tool, {other, *elsewhere, flags.key}, fmt::format("not in {}: {}", to_string(era), verdict.advice));
    return;
  }
  const auto section = section_of(era, flags.key);
  if (section.empty()) {
    const auto near = nearest(flags.key, section_names(era));
    throw Error(fmt::format("'{}' is no key and no section of TorchTitan {}; {}", printable(flags.key), to_string(era),
                            !verdict.advice.empty() ? verdict.advice
                            : near                  ? fmt::format("did you mean the section '{}'?", *near)
                                                    : "`tt-sweep schema` lists them"),
                ExitCode::bad_input);
  }
  print_table(tool, era, section, fmt::format(" of [{}]", flags.key));
}

ExitCode schema(const Tool& tool, const SchemaFlags& flags) {
  if (flags.json_schema) {
    print_record(sweep::sweep_json_schema(era_of(flags.era)));
  } else if (!flags.key.empty()) {
    show_key(tool, flags);
  } else {
    const Era era = era_of(flags.era);
    print_table(tool, era, section_of(era, ""),
                flags.era.empty() ? fmt::format(", the newest release that reads TOML; --era shows another: {}",
                                                join(titan::era_names(), ", "))
                                  : "");
  }
  return ExitCode::done;
}

}  // namespace

void add_schema_command(Tool& tool) {
  const auto flags = std::make_shared<SchemaFlags>();
  CLI::App& command = tool.command(
      "schema", "Shows TorchTitan's configuration keys: types, choices, defaults, names in other releases.",
      "  All keys of a release:         tt-sweep schema --era 0.2.1\n"
      "  A section:                     tt-sweep schema parallelism\n"
      "  A key in every release:        tt-sweep schema training.local_batch_size\n"
      "  For an editor:                 tt-sweep schema --json-schema\n",
      [&tool, flags] { return schema(tool, *flags); });
  command.add_option("KEY", flags->key, "A key or a section (default: all keys)");
  command.add_option("--era", flags->era, "Release of TorchTitan, such as 0.2.1, 0.3 or 2025-03 (default: 0.2.2)")
      ->type_name("VERSION");
  command.add_flag("--json-schema", flags->json_schema, "Print a JSON Schema of the sweep file, for editors");
  tool.exclude(command, "--json-schema", "KEY");
}

}  // namespace tt::tool
