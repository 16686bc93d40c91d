// in_words_of of aliases.hpp: a setting carried from one era's words into another's, move by move.
#include <fmt/format.h>

#include <algorithm>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"
#include "tt/titan/aliases.hpp"
#include "tt/titan/key_lookup.hpp"
#include "tt/titan/schema.hpp"

namespace tt::titan {

namespace {

constexpr std::string_view quantize_prefix = "quantize.";  // converters are called so since 0.2.0 only

// What is being translated: for the sentences of what cannot be.
struct Task {
  Era era;
  const Assignment& given;
  std::string name = {};  // what the era calls the key
};

std::string shown(const Value& value) {
  if (value.is_list()) return fmt::format("[{}]", printable(plain_text(value)));
  return value.is_table() ? "a table" : printable(plain_text(value));
}

[[noreturn]] void cannot_say(const Task& task, const std::string& why) {
  throw Error(fmt::format("'{}: {}' cannot be said in TorchTitan {}: {}", task.given.key, shown(task.given.value),
                          to_string(task.era), why),
              ExitCode::bad_input);
}

struct Pair {
  std::string from;
  std::string to;
};

// "true -> fused, false -> foreach", read in the direction asked for.
std::vector<Pair> pairs_of(const Move& move, bool forward) {
  std::vector<Pair> pairs;
  for (const std::string& text : split(move.mapping, ',')) {
    const auto arrow = text.find(" -> ");
    if (arrow == std::string::npos) continue;
    Pair pair{std::string(trim(std::string_view(text).substr(0, arrow))),
              std::string(trim(std::string_view(text).substr(arrow + 4)))};
    if (!forward) std::swap(pair.from, pair.to);
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

std::optional<Value> mapped(const Move& move, const Value& value, bool forward) {
  for (const Pair& pair : pairs_of(move, forward)) {
    if (value.is_list() || plain_text(value) != pair.from) continue;
    if (pair.to == "true" || pair.to == "false") return Value(pair.to == "true");
    return Value(pair.to);
  }
  return std::nullopt;
}

Value list_of_words(const Value& value) {
  if (!value.is_string()) return value;
  Value::List list;
  for (const std::string& part : split(value.as_string(), ','))
    if (!trim(part).empty()) list.emplace_back(std::string(trim(part)));
  return list;
}

Value one_string(const Value& list) { return plain_text(list); }  // plain_text joins with commas

// The words of a list (or of a comma-separated string, which stays one) by a mapping; a word it does not name stays.
Value with_words_mapped(const Task& task, const Move& move, const Value& value, bool forward) {
  if (!value.is_list() && !value.is_string()) return value;
  Value list = list_of_words(value);
  for (Value& word : list.as_list()) {
    if (auto other = mapped(move, word, forward))
      word = *other;
    else if (!forward && word.is_string() && word.as_string().starts_with(quantize_prefix))
      cannot_say(task,
                 fmt::format("it has no converter '{}'; those it has are float8 and mx", printable(word.as_string())));
  }
  return value.is_string() ? one_string(list) : list;
}

// The form the value of a key has in an era, where the key kept its name and only its values changed. A value that has
// that form already stays.
Value in_form_of(const Task& task, Era era, std::string_view key, Value value) {
  if (key == checkpoint_mode_key && value.is_string()) {
    const std::string_view from = has_toml(era) ? "memory-budget" : "memory_budget";
    return value.as_string() == from ? Value(has_toml(era) ? "memory_budget" : "memory-budget") : value;
  }
  for (const Move& move : moves()) {
    if (move.old_key != key || move.new_key != key || !move.first_with_new) continue;
    const bool forward = *move.first_with_new <= era;
    if (move.transform == "list-from-string" && forward) value = list_of_words(value);
    if (move.transform == "map") value = with_words_mapped(task, move, value, forward);
  }
  return value;
}

// `true -> add "float8", false -> nothing`: a switch that became a word in a list.
Value with_switch_moved(const Task& task, const Move& move, const Value& value, bool forward) {
  const auto quote = move.mapping.find('"');
  const std::string word = move.mapping.substr(quote + 1, move.mapping.find('"', quote + 1) - quote - 1);
  const Value::List with_it{Value(word)};
  if (forward) {
    if (!value.is_boolean()) cannot_say(task, fmt::format("'{}' is true or false", move.old_key));
    return value.as_boolean() ? with_it : Value::List{};
  }
  const Value list = list_of_words(value);
  if (list == Value(with_it)) return true;
  if (list == Value(Value::List{})) return false;
  cannot_say(task, fmt::format("it has only the switch '{}', for the one converter {}", move.old_key, word));
}

struct Obstacle {
  std::string_view transform;
  bool forward;
  std::string_view text;  // {to}: what the era calls the key
};
constexpr Obstacle obstacles[] = {
    {"size-from-count", true,
     "it counts the microbatches, '{to}' there is the rows of one; set that key, to the batch size divided by the "
     "count"},
    {"size-from-count", false,
     "it is the rows of one microbatch, '{to}' there counts them; set that key, to the batch size divided by the rows"},
    {"count-from-size", true,
     "it is the rows of one microbatch, '{to}' there counts them; set that key, to the batch size divided by the rows"},
    {"count-from-size", false,
     "it counts the microbatches, '{to}' there is the rows of one; set that key, to the batch size divided by the "
     "count"},
    {"tokens-from-rows", true,
     "it counts rows, '{to}' there counts tokens; set that key, to the rows times the tokens of a row"},
    {"tokens-from-rows", false,
     "it counts tokens, '{to}' there counts rows; set that key, to the tokens divided by the tokens of a row"},
    {"pair", true, "beta1 and beta2 are one list there; set '{to}' to [BETA1, BETA2]"},
    {"pair", false, "beta1 and beta2 are two keys there; set 'optimizer.beta1' and 'optimizer.beta2'"},
    {"modules-from-splits", true,
     "it names the module each later stage begins with, '{to}' there lists the modules of every stage; set that key"},
    {"modules-from-splits", false,
     "it lists the modules of every stage, '{to}' there names the module each later stage begins with; set that key"},
    {"module-only", true,
     "'{to}' there takes a module with dots, such as my_package.my_model, and no path of a folder"},
};

std::string why_not(const Task& task, const Step& step) {
  const Move& move = *step.move;
  for (const Obstacle& reason : obstacles)
    if (reason.transform == move.transform && reason.forward == step.forward)
      return replace_all(std::string(reason.text), "{to}", task.name);
  if (move.old_key == "model.tokenizer_path")
    return step.forward
               ? fmt::format("it is a file, '{}' there the folder of the tokenizer's files; set that key", task.name)
               : fmt::format("it is a folder, '{}' there the tokenizer's file; set that key", task.name);
  return fmt::format("it has '{}' in its place{}", task.name,
                     move.mapping.empty() ? "" : fmt::format(" ({})", move.mapping));
}

Value carried(const Task& task, const Step& step, const Value& value) {
  const Move& move = *step.move;
  if (move.transform == "same") return value;
  if (move.transform == "invert" && value.is_boolean()) return !value.as_boolean();
  if (move.transform == "list-from-string") return step.forward ? list_of_words(value) : value;
  if (move.transform == "add-to-list") return with_switch_moved(task, move, value, step.forward);
  if (move.transform == "module-only" && value.is_string() && value.as_string().find('/') == std::string::npos)
    return value;
  if (move.transform == "map")
    if (auto other = mapped(move, value, step.forward)) return *other;
  cannot_say(task, why_not(task, step));
}

Assignment along(const Task& task, const std::vector<Step>& steps) {
  Assignment moved = task.given;
  for (const Step& step : steps) {
    // The table says how a value changes on its way from one release to another: it needs the form of the first.
    const auto& departure = step.forward ? step.move->last_with_old : step.move->first_with_new;
    if (departure) moved.value = in_form_of(task, *departure, moved.key, std::move(moved.value));
    moved = {step.to(), carried(task, step, moved.value)};
  }
  moved.value = in_form_of(task, task.era, moved.key, std::move(moved.value));
  return moved;
}

}  // namespace

Assignment in_words_of(Era era, const Assignment& assignment) {
  Task task{era, assignment};
  if (find_key(era, assignment.key)) return {assignment.key, in_form_of(task, era, assignment.key, assignment.value)};
  if (const auto steps = way(era, assignment.key); !steps.empty()) {
    task.name = steps.back().to();
    return along(task, steps);
  }
  const KeyVerdict verdict = judge_key(era, assignment.key);
  if (verdict.standing == KeyStanding::untranslatable) cannot_say(task, verdict.advice);
  return assignment;
}

}  // namespace tt::titan
