#include "tt/titan/launch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"
#include "tt/titan/pipeline.hpp"
#include "tt/titan/schema.hpp"

namespace tt::titan {

namespace {

constexpr std::string_view mode_section = "activation_checkpoint.";

[[noreturn]] void cannot_say(Era era, const Assignment& assignment, const std::string& why) {
  throw Error(fmt::format("the command line of {} cannot say {} = {}: {}", to_string(era), assignment.key,
                          printable(plain_text(assignment.value)), why),
              ExitCode::bad_input);
}

// argparse: a flag that is bare or absent. tyro: --a.b and --a.no_b.
std::string boolean_flag(Era era, const Assignment& assignment) {
  if (assignment.value.as_boolean()) return "--" + assignment.key;
  if (era < Era::v0_1_0)
    cannot_say(era, assignment,
               "a flag there only switches on, and a true of the TOML file stays true; set it in the file "
               "(apply: config)");
  const auto dot = assignment.key.rfind('.');
  if (dot == std::string::npos) return "--no_" + assignment.key;
  return fmt::format("--{}.no_{}", assignment.key.substr(0, dot), assignment.key.substr(dot + 1));
}

// Until 2025-07 run_train.sh passed "$*" on without quotes: words were split and patterns expanded a second time.
bool is_split_again(Era era, std::string_view word) {
  return era <= Era::v0_1_0 && word.find_first_of(" \t*?[") != std::string_view::npos;
}

std::string checked_text(Era era, const Assignment& assignment, const std::string& text) {
  if (has_control_character(text)) cannot_say(era, assignment, "it has a control character");
  if (!is_utf8(text)) cannot_say(era, assignment, "it is not UTF-8");
  if (is_split_again(era, text))
    cannot_say(era, assignment, "run_train.sh of that time splits spaces and expands patterns once more");
  return text;
}

std::string list_word(Era era, const Assignment& assignment, const Value::List& list) {
  if (list.empty()) cannot_say(era, assignment, "an empty list arrives there as a list of one empty name");
  std::vector<std::string> parts;
  for (const Value& element : list) {
    if (element.is_list() || element.is_table() || element.is_null())
      cannot_say(era, assignment, "a list there holds plain values only");
    parts.push_back(checked_text(era, assignment, plain_text(element)));
    if (parts.back().find(',') != std::string::npos)
      cannot_say(era, assignment, "a comma inside an element would split it");
    if (parts.back().empty() && list.size() == 1) cannot_say(era, assignment, "a list of one empty name");
  }
  return join(parts, ",");
}

std::string text_word(Era era, const Assignment& assignment, const KeyInfo* key) {
  const std::string& text = assignment.value.as_string();
  if (text == "None" && key != nullptr && key->type.ends_with("|None"))
    cannot_say(era, assignment, "the word None means no value there");
  return checked_text(era, assignment, text);
}

std::string none_word(Era era, const Assignment& assignment) {
  if (era < Era::v0_1_0) cannot_say(era, assignment, "it has no word for none; leave the key out");
  return "None";
}

void check_key(Era era, const Assignment& assignment, const KeyInfo* key) {
  if (assignment.key == "job.config_file")
    cannot_say(era, assignment, "run_train.sh passes its own CONFIG_FILE first, and a second one is not reliable");
  if (assignment.key == "training.max_norm" && era < Era::v0_1_0)
    cannot_say(era, assignment, "the key can only be set in the file (apply: config)");
  if (key != nullptr && key->note.find("not on CLI") != std::string::npos)
    cannot_say(era, assignment, "only a config function can set it");
}

bool takes_words(const Value& value, const KeyInfo* key) {
  if (!value.is_list()) return false;
  if (key != nullptr && key->type == "list[float]") return true;
  return !value.as_list().empty() && value.as_list().front().is_list();
}

// "--a.b x,y z": one word for each inner list. "--..betas 0.8 0.9": one for each number.
std::vector<std::string> several_words(Era era, const Assignment& assignment) {
  std::vector<std::string> words{"--" + assignment.key};
  for (const Value& element : assignment.value.as_list())
    words.push_back(element.is_list() ? list_word(era, assignment, element.as_list())
                                      : checked_text(era, assignment, plain_text(element)));
  return words;
}

std::vector<std::string> words_of(Era era, const Assignment& assignment) {
  const KeyInfo* key = find_key(era, assignment.key);
  check_key(era, assignment, key);
  const Value& value = assignment.value;
  if (takes_words(value, key)) return several_words(era, assignment);
  if (value.is_boolean()) return {boolean_flag(era, assignment)};
  if (value.is_table()) cannot_say(era, assignment, "there is no form for a table");
  std::string word;
  if (value.is_null())
    word = none_word(era, assignment);
  else if (value.is_list())
    word = list_word(era, assignment, value.as_list());
  else if (value.is_string())
    word = text_word(era, assignment, key);
  else
    word = plain_text(value);
  return {fmt::format("--{}={}", assignment.key, word)};
}

bool is_mode(Era era, const Assignment& assignment) { return !has_toml(era) && assignment.key == checkpoint_mode_key; }
bool is_option_of_mode(Era era, const Assignment& assignment) {
  return !has_toml(era) && assignment.key.starts_with(mode_section) && assignment.key != checkpoint_mode_key;
}

std::string with_dashes(std::string text) {
  std::replace(text.begin(), text.end(), '_', '-');
  return text;
}

std::string mode_word(Era era, const Assignment& assignment) {
  if (!assignment.value.is_string()) cannot_say(era, assignment, "the mode is a word");
  return "activation-checkpoint:" + with_dashes(checked_text(era, assignment, assignment.value.as_string()));
}

}  // namespace

std::string flag_of(Era era, const Assignment& assignment) {
  if (is_mode(era, assignment)) return mode_word(era, assignment);
  const auto words = words_of(era, assignment);
  if (words.size() != 1) cannot_say(era, assignment, "it takes several words, not one");
  return words.front();
}

std::vector<std::string> arguments_of(Era era, const Overrides& overrides) {
  std::vector<std::string> arguments;
  std::vector<std::string> options;
  std::optional<std::string> mode;
  const bool has_mode =
      std::any_of(overrides.begin(), overrides.end(), [&](const Assignment& other) { return is_mode(era, other); });
  for (const Assignment& assignment : overrides) {
    if (is_mode(era, assignment)) {
      mode = mode_word(era, assignment);
      continue;
    }
    auto words = words_of(era, assignment);
    if (is_option_of_mode(era, assignment) && !has_mode)
      cannot_say(era, assignment, "the key exists only beside activation_checkpoint.mode; set that too");
    auto& place = is_option_of_mode(era, assignment) ? options : arguments;
    place.insert(place.end(), words.begin(), words.end());
  }
  if (mode) arguments.push_back(*mode);
  arguments.insert(arguments.end(), options.begin(), options.end());
  return arguments;
}

namespace {

// The global rank that prints the loss: of the last pipeline stage, whose ranks come last.
std::int64_t rank_of_loss(const TrainingShape& shape) {
  const auto schedule = find_schedule(shape.pipeline_schedule);
  const bool loss_on_first = shape.pp <= 1 || (schedule && schedule->v_shaped);
  return loss_on_first ? 0 : shape.world / shape.pp * (shape.pp - 1);
}

}  // namespace

std::string log_rank(const TrainingShape& shape, int gpus_per_node) {
  return gpus_per_node < 1 ? "0" : std::to_string(rank_of_loss(shape) % gpus_per_node);
}

int loss_node(const TrainingShape& shape, int gpus_per_node) {
  return gpus_per_node < 1 ? 0 : static_cast<int>(rank_of_loss(shape) / gpus_per_node);
}

}  // namespace tt::titan
