#include <fmt/format.h>

#include <algorithm>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"
#include "tt/titan/aliases.hpp"
#include "tt/titan/key_lookup.hpp"
#include "tt/titan/schema.hpp"
#include "tt/titan/translate.hpp"

namespace tt::titan {

namespace {

constexpr std::string_view beta1 = "optimizer.beta1";
constexpr std::string_view beta2 = "optimizer.beta2";
constexpr std::string_view betas = "optimizer.param_groups.0.optimizer_kwargs.betas";
constexpr std::string_view float8_switch = "float8.enable_float8_linear";

const Assignment* find(const Overrides& overrides, std::string_view key) {
  const auto found =
      std::find_if(overrides.begin(), overrides.end(), [&](const Assignment& one) { return one.key == key; });
  return found == overrides.end() ? nullptr : &*found;
}

// The transform of the step that leads from a key into the era; empty when there is none.
std::string_view transform_of(Era era, std::string_view key) {
  const auto steps = way(era, key);
  return steps.empty() ? std::string_view() : std::string_view(steps.back().move->transform);
}

class RunTranslation {
 public:
  RunTranslation(Era era, const Overrides& given, const BaseLookup& base) : era_(era), given_(given), base_(base) {}

  Overrides all() {
    for (const Assignment& one : given_) {
      if (one.key == betas && has_toml(era_) && find_key(era_, beta1))
        split_betas(one);
      else
        add(translated(one), one);
    }
    return std::move(said_);
  }

 private:
  Assignment translated(const Assignment& one) {
    if ((one.key == beta1 || one.key == beta2) && !find_key(era_, one.key))
      if (auto both = joined_betas()) return {std::string(betas), std::move(*both)};
    const std::string_view transform = transform_of(era_, one.key);
    if (transform == "size-from-count" || transform == "count-from-size")
      if (auto rest = batch_divided_by(one.value)) return {judge_key(era_, one.key).name, std::move(*rest)};
    if (one.key == float8_switch && transform == "add-to-list") return switched(one);
    return in_words_of(era_, one);
  }

  // Refuses two settings that say different things about one key.
  void add(Assignment said, const Assignment& from) {
    const auto twin =
        std::find_if(said_.begin(), said_.end(), [&](const Assignment& other) { return other.key == said.key; });
    if (twin == said_.end()) {
      said_.push_back(std::move(said));
      sources_.push_back(from);
      return;
    }
    const Assignment& other = sources_[static_cast<std::size_t>(twin - said_.begin())];
    if (same_value(twin->value, said.value)) return;
    throw Error(fmt::format("'{}: {}' and '{}: {}' are one key in TorchTitan {}, '{}'; set one of them", other.key,
                            printable(plain_text(other.value)), from.key, printable(plain_text(from.value)),
                            to_string(era_), said.key),
                ExitCode::bad_input);
  }

  std::optional<Value> in_base(std::string_view key) const { return base_ ? base_(key) : std::nullopt; }

  // The value of beta1 or beta2: the run's, else the base's.
  std::optional<Value> beta(std::string_view key, std::size_t place) const {
    if (const Assignment* set = find(given_, key)) return set->value;
    const auto list = in_base(betas);
    if (!list || !list->is_list() || list->as_list().size() != 2) return std::nullopt;
    return list->as_list()[place];
  }

  std::optional<Value> joined_betas() const {
    auto first = beta(beta1, 0), second = beta(beta2, 1);
    if (!first || !second) return std::nullopt;
    return Value(Value::List{std::move(*first), std::move(*second)});
  }

  void split_betas(const Assignment& one) {
    if (!one.value.is_list() || one.value.as_list().size() != 2)
      throw Error(fmt::format("'{}' is a list of two numbers, got {}", betas, printable(plain_text(one.value))),
                  ExitCode::bad_input);
    add({std::string(beta1), one.value.as_list()[0]}, one);
    add({std::string(beta2), one.value.as_list()[1]}, one);
  }

  // Rows of a data-parallel rank and step: the run's, in whatever words, else the base's.
  std::optional<std::int64_t> batch() const {
    const std::string_view key = spelling_of(era_, Knob::local_batch_size);
    for (const Assignment& one : given_)
      if (judge_key(era_, one.key).name == key && one.value.is_integer() &&
          transform_of(era_, one.key) != "tokens-from-rows")
        return one.value.as_integer();
    const auto value = in_base(key);
    return value && value->is_integer() ? std::optional(value->as_integer()) : std::nullopt;
  }

  std::optional<Value> batch_divided_by(const Value& part) const {
    const auto rows = batch();
    if (!rows || !part.is_integer() || part.as_integer() < 1 || *rows % part.as_integer() != 0) return std::nullopt;
    return Value(*rows / part.as_integer());
  }

  Assignment switched(const Assignment& one) const {
    Assignment said = in_words_of(era_, one);
    const auto present = in_base(said.key);
    if (!present || !present->is_list()) return said;
    const Value::List word = in_words_of(era_, {std::string(float8_switch), true}).value.as_list();
    Value::List list;
    for (const Value& other : present->as_list())
      if (other != word.front()) list.push_back(other);
    if (one.value == Value(true)) list.push_back(word.front());
    return {said.key, std::move(list)};
  }

  Era era_;
  const Overrides& given_;
  const BaseLookup& base_;
  Overrides said_;
  std::vector<Assignment> sources_;  // which setting each of said_ came from
};

}  // namespace

Overrides in_words_of(Era era, const Overrides& overrides, const BaseLookup& base) {
  return RunTranslation(era, overrides, base).all();
}

}  // namespace tt::titan
