#include "tt/sweep/starter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <vector>

#include "tt/base/text.hpp"
#include "tt/base/value.hpp"
#include "tt/sweep/cell.hpp"
#include "tt/titan/architectures.hpp"
#include "tt/titan/rules.hpp"
#include "tt/titan/settings.hpp"

namespace tt::sweep {

Overrides mended(const titan::Settings& base) {
  const auto converters = base.find(titan::Knob::converters);
  if (base.era() < titan::Era::v0_2_0 || !converters || !converters->value.is_list()) return {};
  Value names = Value::array();
  bool changed = false;
  for (const Value& name : converters->value.as_list()) {
    const bool is_old = name == Value("float8") || name == Value("mx");
    changed = changed || is_old;
    names.push(is_old ? Value("quantize.linear." + name.as_string()) : name);
  }
  if (!changed) return {};
  return {{*titan::key_of(base.era(), titan::Knob::converters), names}};
}

namespace {

constexpr std::int64_t short_training = 20;
constexpr std::int64_t largest_world = 4096;

struct Layout {
  std::int64_t gpus = 1;
  std::vector<std::int64_t> tensor_parallel;  // empty: the base's stays
  std::vector<std::int64_t> batch_sizes;
};

// Finds a small sweep around a base that breaks no rule.
class Finder {
 public:
  Finder(const config::Document& base, titan::Era era)
      : era_(era),
        lookup_([&base](std::string_view key) { return base.find(key); }),
        mended_(mended(titan::Settings(era, lookup_, {}))),
        base_(era, lookup_, mended_),
        steps_(std::min(base_.integer(titan::Knob::steps).value_or(short_training), short_training)),
        batch_size_(std::max<std::int64_t>(1, base_.integer(titan::Knob::local_batch_size).value_or(1))) {}

  Layout find() const {
    const std::vector<std::int64_t> two{batch_size_, 2 * batch_size_}, one{batch_size_};
    for (const auto& batch_sizes : {two, one}) {
      if (auto layout = smallest({1, 2}, batch_sizes)) return *layout;
      if (auto layout = smallest({}, batch_sizes)) return *layout;
    }
    return {titan::gpus_from_degrees(base_).value_or(1), {}, one};
  }

  const titan::Settings& base() const { return base_; }
  const Overrides& mended_keys() const { return mended_; }
  std::int64_t steps() const { return steps_; }
  std::optional<std::int64_t> steps_of_base() const { return base_.integer(titan::Knob::steps); }

 private:
  std::optional<Layout> smallest(const std::vector<std::int64_t>& degrees,
                                 const std::vector<std::int64_t>& batch_sizes) const {
    std::vector<std::int64_t> worlds;
    if (const auto product = titan::gpus_from_degrees(base_)) worlds.push_back(*product);
    for (std::int64_t world = degrees.empty() ? 1 : 2; world <= largest_world; world *= 2) worlds.push_back(world);
    for (const std::int64_t world : worlds) {
      if (works(world, degrees, batch_sizes)) return Layout{world, degrees, batch_sizes};
    }
    return std::nullopt;
  }

  bool works(std::int64_t world, std::vector<std::int64_t> degrees, const std::vector<std::int64_t>& sizes) const {
    if (degrees.empty()) degrees.push_back(base_.integer(titan::Knob::tensor_parallel).value_or(1));
    return std::all_of(degrees.begin(), degrees.end(), [&](std::int64_t degree) {
      return std::all_of(sizes.begin(), sizes.end(), [&](std::int64_t size) { return works(world, degree, size); });
    });
  }

  bool works(std::int64_t world, std::int64_t degree, std::int64_t size) const {
    Overrides overrides = mended_;
    const auto set = [&](titan::Knob knob, std::int64_t value) {
      if (const auto key = titan::key_of(era_, knob)) overrides.push_back({*key, value});
    };
    set(titan::Knob::steps, steps_);
    set(titan::Knob::tensor_parallel, degree);
    set(titan::Knob::local_batch_size, size);
    return titan::refusals(titan::Settings(era_, lookup_, overrides), world).empty();
  }

  titan::Era era_;
  titan::BaseLookup lookup_;
  Overrides mended_;
  titan::Settings base_;
  std::int64_t steps_;
  std::int64_t batch_size_;
};

std::string list_text(const std::vector<std::int64_t>& numbers) {
  std::vector<std::string> texts;
  for (const std::int64_t number : numbers) texts.push_back(std::to_string(number));
  return "[" + join(texts, ", ") + "]";
}

// The name of the base, with what a folder cannot be called left out.
std::string title_of(const std::string& base_path) {
  std::string title;
  for (const char c : std::filesystem::path(base_path).stem().string()) {
    if (!unsafe_title("x" + std::string(1, c))) title += c;
  }
  while (!title.empty() && unsafe_title(title.substr(0, 1))) title.erase(0, 1);
  return title.empty() || unsafe_title(title) ? "model" : title.substr(0, 100);
}

// A path as a YAML text in double quotes; a dollar sign that is part of the name is not a variable.
std::string quoted_path(const std::string& path) { return to_json(Value(replace_all(path, "$", "$$"))); }

struct Suggestion {
  titan::Knob knob;
  std::string values;
  std::string why;
};

// What is worth sweeping for this model, each line valid as it stands once the # is gone.
std::vector<Suggestion> suggestions(const titan::Settings& base, const titan::Architecture* model) {
  using titan::Knob;
  std::vector<Suggestion> worth;
  const auto twice = [](std::int64_t number) { return fmt::format("[{}, {}]", number, 2 * number); };
  if (const auto length = base.integer(Knob::seq_len)) {
    const bool extends = !model || !model->max_seq_len || 2 * *length <= *model->max_seq_len;
    worth.push_back({Knob::seq_len, extends ? twice(*length) : fmt::format("[{}, {}]", *length / 2, *length),
                     "longer rows: more attention, more activations"});
  }
  worth.push_back({Knob::ac_mode, "[none, selective, full]", "memory against recomputation"});
  worth.push_back({Knob::compile_enable, "[false, true]", "fused kernels, a slower start"});
  worth.push_back(
      {Knob::pipeline_parallel, "[1, 2]", "layers over GPUs; wants a batch of as many microbatches as stages"});
  worth.push_back({Knob::context_parallel, "[1, 2]", "one row over several GPUs: for long sequences"});
  if (model && model->experts && base.era() >= titan::Era::v0_2_0)
    worth.push_back({Knob::expert_parallel, "[1, 2]", "experts over GPUs"});
  if (const auto rate = base.find(Knob::learning_rate); rate && rate->value.is_number()) {
    const double lr = rate->value.as_number();
    worth.push_back(
        {Knob::learning_rate, fmt::format("[{}, {}]", shortest(lr / 2), shortest(lr)), "does it still learn?"});
  }
  return worth;
}

std::string suggestion_lines(const titan::Settings& base) {
  const titan::TrainingShape shape = titan::shape_of(base, 1);
  const titan::Architecture* model = titan::shipped_architectures().find(shape.era, shape.model, shape.flavor);
  std::string text;
  for (const Suggestion& one : suggestions(base, model)) {
    if (const auto key = titan::key_of(shape.era, one.knob))
      text += fmt::format("  # {}: {}   # {}\n", *key, one.values, one.why);
  }
  if (model && model->kv_heads)
    text += fmt::format("  # tensor parallelism of this model: divisors of its {} key-value heads\n", *model->kv_heads);
  return text;
}

std::string key_text(titan::Era era, titan::Knob knob) { return titan::key_of(era, knob).value_or(""); }

}  // namespace

std::string starter(const std::string& base_path, const config::Document& base, titan::Era era,
                    const std::string& root) {
  const Finder finder(base, era);
  const Layout layout = finder.find();
  const std::string title = title_of(base_path);
  const std::string steps = key_text(era, titan::Knob::steps), batch = key_text(era, titan::Knob::local_batch_size),
                    degree = key_text(era, titan::Knob::tensor_parallel);
  const bool varies_degree = !layout.tensor_parallel.empty();

  std::string text = fmt::format(
      "# A first sweep around a base: every combination under `matrix` becomes one run.\n"
      "# `tt-sweep check FILE` judges it, `tt-sweep plan FILE` lists its runs, `tt-submit run FILE` runs them.\n\n"
      "sweep: {0}_first\n"
      "base: {1}   # the configuration every run starts from\n"
      "model: {0}   # runs are kept in logs/{0}/\n"
      "torchtitan:\n"
      "  version: \"{2}\"\n"
      "  root: {3}   # the checkout to train with\n\n",
      title, quoted_path(base_path), titan::to_string(era),
      root.empty() ? "\"${TORCHTITAN_ROOT}\"" : quoted_path(root));
  text += fmt::format("fixed:   # the same in every run\n  {}: {}{}\n", steps, finder.steps(),
                      finder.steps_of_base() ? fmt::format("   # the base says {}", *finder.steps_of_base()) : "");
  for (const Assignment& one : finder.mended_keys()) {
    text += fmt::format("  {}: {}   # the base uses names that {} does not know any more\n", one.key,
                        to_json(one.value), titan::to_string(era));
  }
  text += "\n";
  text += "alias:   # short names, good everywhere in this file\n";
  if (varies_degree) text += fmt::format("  tp: {}\n", degree);
  text += fmt::format("  bs: {}\n\n", batch);
  text += "matrix:   # first key slowest\n";
  if (varies_degree) text += fmt::format("  tp: {}\n", list_text(layout.tensor_parallel));
  text += fmt::format("  bs: {}\n", list_text(layout.batch_sizes));
  text += "  # also worth a look (take the # away):\n" + suggestion_lines(finder.base()) + "\n";
  if (varies_degree && layout.batch_sizes.size() > 1) {
    text += fmt::format("# exclude: [{{tp: {}, bs: {}}}]   # combinations to leave out\n",
                        layout.tensor_parallel.back(), layout.batch_sizes.back());
  }
  if (varies_degree) text += "# where: tp * bs <= 16   # conditions cut combinations before they are counted out\n";
  text += fmt::format(
      "# repeat: {{{}: [1, 2, 3]}}   # every run once for each seed\n\n"
      "resources:\n"
      "  gpus: {}   # in all; nodes follow from the site\n"
      "  walltime: \"00:30:00\"\n",
      key_text(era, titan::Knob::seed), layout.gpus);
  return text;
}

}  // namespace tt::sweep
