#include "tt/sweep/judge.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/text.hpp"
#include "tt/sweep/cell.hpp"
#include "tt/titan/aliases.hpp"
#include "tt/titan/key_lookup.hpp"
#include "tt/titan/schema.hpp"

namespace tt::sweep {
namespace {

// A text that no reader of YAML can be sure of (010, yes) was told already; its advice stands alone.
bool has_error_at(const Problems& problems, const Place& place) {
  return std::any_of(problems.all().begin(), problems.all().end(), [&](const Problem& problem) {
    return problem.severity == Severity::error && problem.place.file == place.file &&
           problem.place.line == place.line && problem.place.column == place.column;
  });
}

}  // namespace

bool is_dump_folder(titan::Era era, std::string_view key) {
  constexpr std::string_view names[] = {"job.dump_folder", "dump_folder"};
  return titan::key_of(era, titan::Knob::dump_folder) == std::optional<std::string>(key) ||
         std::find(std::begin(names), std::end(names), key) != std::end(names);
}

bool Judge::knows(titan::Era era, const std::string& key, const std::string& spelled, const Place& place) const {
  if (is_dump_folder(era, key)) {
    problems.add(place, fmt::format("'{}' is set by tt: every run writes into the out/ of its own folder", spelled));
    return false;
  }
  if (allows_new_keys()) return true;
  const titan::KeyVerdict verdict = titan::judge_key(era, key);
  if (verdict.standing != titan::KeyStanding::unknown) return true;  // a value of it says what cannot be carried over
  problems.add(place, fmt::format("'{}' is not a key of TorchTitan {}", printable(spelled), titan::to_string(era)),
               (verdict.advice.empty() ? "" : verdict.advice + "   ") +
                   (verdict.advice.empty() ? "--allow-new-keys sets it all the same"
                                           : "(--allow-new-keys sets it all the same)"));
  return false;
}

bool Judge::knows(const std::string& key, const std::string& spelled, const Place& place) const {
  if (!is_config_key(key)) return true;
  return std::all_of(eras.begin(), eras.end(), [&](titan::Era era) { return knows(era, key, spelled, place); });
}

// In the words of the era; as it was said when it takes other settings of the run to say it, which is then `deferred`.
std::optional<Assignment> Judge::setting(titan::Era era, const Assignment& said, const Place& key_place,
                                         const Place& value_place, bool& deferred) const {
  Assignment setting = said;
  try {
    setting = titan::in_words_of(era, said);
  } catch (const Error& error) {
    if (!can_be_said_with_others(era, said)) {
      problems.add(key_place, error.what());
      return std::nullopt;
    }
    deferred = true;
    return said;
  }
  const titan::KeyInfo* info = titan::find_key(era, setting.key);
  if (!info) return setting;
  if (const auto why = titan::misfit(*info, setting.value, input.spec.torchtitan.apply)) {
    if (!has_error_at(problems, value_place)) problems.add(value_place, fmt::format("'{}' {}", setting.key, *why));
    return std::nullopt;
  }
  setting.value = titan::fitted(*info, setting.value);
  return setting;
}

bool Judge::can_be_said_with_others(titan::Era era, const Assignment& said) const {
  constexpr std::string_view beside[] = {"optimizer.beta1",
                                         "optimizer.beta2",
                                         "float8.enable_float8_linear",
                                         "experimental.pipeline_parallel_microbatches",
                                         "parallelism.pipeline_parallel_microbatches",
                                         "parallelism.pipeline_parallel_microbatch_size"};
  return titan::judge_key(era, said.key).standing != titan::KeyStanding::known &&
         std::find(std::begin(beside), std::end(beside), said.key) != std::end(beside);
}

std::optional<GridCell> Judge::cell(const std::string& key, const Place& key_place, const WrittenValue& value) const {
  GridCell cell{{key, value.value}, {}, value.place};
  if (!is_config_key(key)) return cell;
  for (const titan::Era era : eras) {
    auto one = setting(era, cell.said, key_place, value.place, cell.deferred);
    if (!one) return std::nullopt;
    if (one->key == key) cell.said.value = one->value;
    cell.settings.push_back(std::move(*one));
  }
  return cell;
}

}  // namespace tt::sweep
