#include "tt/flow/advice_sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tt/base/files.hpp"
#include "tt/base/text.hpp"
#include "tt/sweep/cell.hpp"
#include "tt/sweep/starter.hpp"
#include "tt/titan/installation.hpp"
#include "tt/titan/presets.hpp"

namespace tt::flow {
namespace {

using titan::Checkpointing;
using titan::Knob;
using titan::TrainingShape;

constexpr std::int64_t short_training = 20;  // steps: enough to compare layouts

// Beside a layout: another microbatch, another mode of checkpointing.
std::vector<TrainingShape> neighbours(const TrainingShape& shape) {
  std::vector<TrainingShape> found;
  const auto with_piece = [&](std::int64_t piece) {
    const std::int64_t rows = shape.pp > 1 ? shape.local_batch_size : shape.local_batch_size * shape.accumulation_steps;
    if (piece < 1 || rows % piece != 0) return;
    TrainingShape other = shape;
    other.microbatch_size = piece;
    if (shape.pp > 1) {
      other.microbatches = rows / piece;
      if (other.microbatches < other.pp) return;
    } else {
      other.local_batch_size = piece;
      other.accumulation_steps = rows / piece;
    }
    found.push_back(other);
  };
  with_piece(shape.microbatch_size * 2);
  if (shape.microbatch_size % 2 == 0) with_piece(shape.microbatch_size / 2);
  TrainingShape other = shape;
  other.checkpointing = shape.checkpointing == Checkpointing::full ? Checkpointing::by_operation : Checkpointing::full;
  found.push_back(other);
  return found;
}

std::string cell(const Assignment& one) { return fmt::format("{}: {}", one.key, to_json(one.value)); }

class SweepWriter {
 public:
  SweepWriter(const comm::Advice& advice, const comm::AdviceRequest& request, const ModelGround& ground, fs::path file)
      : advice_(advice), request_(request), ground_(ground), file_(std::move(file)) {}

  AdviceSweep write() {
    made_.text = fmt::format(
        "# The fastest layouts of {} on {} by estimate, and their neighbours.\n"
        "# Estimated by model titan, profile {}, on {}; {} steps are enough to compare them.\n"
        "sweep: {}\n",
        titan::architecture_name(request_.architecture), plural(request_.gpus, "GPU"), to_string(request_.profile),
        request_.fabric.title, short_training, name());
    write_base();
    write_hardware();
    gather_rows();
    write_settings();
    write_rows();
    made_.text += fmt::format("\nresources: {{gpus: {}, walltime: \"01:00:00\"}}\n", request_.gpus);
    return std::move(made_);
  }

 private:
  std::string name() const {
    std::string stem = file_.stem().string();
    return sweep::unsafe_title(stem) ? "advice" : stem;
  }

  std::string from_here(const fs::path& path) const {
    return path.lexically_relative(file_.parent_path()).generic_string();
  }

  void write_base() {
    if (ground_.config && titan::has_toml(ground_.era)) return write_config_base();
    if (ground_.architecture_file) refuse();
    if (titan::has_toml(ground_.era)) return write_base_of_our_own();
    const std::string module = named_by_base("module").value_or(request_.architecture.family);
    const auto named = named_by_base("config");
    const std::string function = named ? *named : preset_of(request_.architecture.family);
    made_.text += fmt::format("base: {{module: {}, config: {}}}\n", module, function);
    made_.text += fmt::format("torchtitan: {{version: {}}}\n", titan::to_string(ground_.era));
    // The size of the model follows from the function, or is set.
    if (titan::flavor_of_config(function) != request_.architecture.flavor)
      fixed_.push_back({*titan::key_of(ground_.era, Knob::model_flavor), request_.architecture.flavor});
  }

  std::optional<std::string> named_by_base(std::string_view key) const {
    const auto named = ground_.base ? ground_.base(key) : std::nullopt;
    return named ? std::optional(plain_text(*named)) : std::nullopt;
  }

  void write_config_base() {
    made_.text += fmt::format("base: {}\n", to_json(Value(from_here(*ground_.config))));
    for (fs::path folder = ground_.config->parent_path(); folder != folder.root_path(); folder = folder.parent_path()) {
      if (!fs::is_regular_file(folder / "run_train.sh")) continue;
      const auto installed = titan::recognise_installation(folder);
      const bool is_told = installed && installed->era == ground_.era;  // then the checkout itself says it
      made_.text += fmt::format("torchtitan: {{root: {}{}}}\n", to_json(Value(from_here(folder))),
                                is_told ? "" : ", version: " + std::string(titan::to_string(ground_.era)));
      return write_architecture();
    }
    write_unknown_root();
    write_architecture();
  }

  void write_unknown_root() {
    made_.wants_root = true;
    made_.text += fmt::format(
        "# TORCHTITAN_ROOT: a checkout of TorchTitan {0}\ntorchtitan: {{root: \"${{TORCHTITAN_ROOT}}\", version: "
        "{0}}}\n",
        titan::to_string(ground_.era));
  }

  void write_architecture() {
    if (ground_.architecture_file)
      made_.text += fmt::format("architecture: {}\n", to_json(Value(from_here(*ground_.architecture_file))));
  }

  void write_base_of_our_own() {
    made_.base_name = file_.stem().string() + "_base.toml";
    std::map<std::string, std::string> sections;
    for (const Assignment& one : ground_.overrides) {
      if (is_of_layout(one.key)) continue;
      const auto dot = one.key.rfind('.');
      sections[one.key.substr(0, dot)] += fmt::format("{} = {}\n", one.key.substr(dot + 1), to_json(one.value));
    }
    std::string text =
        fmt::format("# The base of {}: what is not here is TorchTitan's default.\n", file_.filename().string());
    for (const auto& [section, lines] : sections) text += fmt::format("\n[{}]\n{}", section, lines);
    made_.base_text = text;
    made_.text += fmt::format("base: {}\n", to_json(Value(*made_.base_name)));
    write_unknown_root();
  }

  // A config function of the model, else one of its family: the size can be set.
  std::string preset_of(const std::string& module) const {
    std::string own = titan::architecture_name(request_.architecture);
    if (titan::is_preset(own)) return own;
    for (const std::string& name : titan::preset_names())
      if (name.starts_with(module + "_") && name.find("debug") == std::string::npos) return name;
    refuse();
  }

  [[noreturn]] static void refuse() {
    throw BadInput(Problem{Place{}, "a sweep needs a base: TorchTitan ships no config for this model",
                           "give the config the sweep stands on: tt-comm advise CONFIG.toml --write FILE"});
  }

  // Links and cards travel along, so that the plan shows what was estimated; a site's are in its profile.
  void write_hardware() {
    if (request_.fabric.name.empty()) return;
    made_.text += fmt::format("hardware: {}\n", request_.fabric.name);
  }

  bool is_of_layout(const std::string& key) const {
    TrainingShape any;
    any.era = ground_.era;
    any.pp = 2;
    any.checkpointing = Checkpointing::by_operation;
    const Overrides keys = keys_of_layout(any);
    return std::any_of(keys.begin(), keys.end(), [&](const Assignment& one) { return one.key == key; });
  }

  void gather_rows() {
    const auto add = [&](std::vector<Overrides>& rows, TrainingShape shape) {
      shape.era = ground_.era;
      Overrides keys = keys_of_layout(shape);
      const auto is_there = [&](const Overrides& row) { return row == keys; };
      if (std::none_of(best_.begin(), best_.end(), is_there) && std::none_of(rows.begin(), rows.end(), is_there))
        rows.push_back(std::move(keys));
    };
    for (const comm::Layout& layout : advice_.layouts) add(best_, layout.shape);
    for (const comm::Layout& layout : advice_.layouts)
      for (const TrainingShape& beside : neighbours(layout.shape))
        if (request_.is_legal(beside) && try_layout(request_, beside)) add(beside_, beside);
  }

  // A key that is the same in every row belongs to all of them.
  bool is_common(const Assignment& one) const {
    const auto has = [&](const Overrides& row) { return std::find(row.begin(), row.end(), one) != row.end(); };
    return std::all_of(best_.begin(), best_.end(), has) && std::all_of(beside_.begin(), beside_.end(), has);
  }

  // One line a key: what is said later is meant.
  void fix(const Assignment& one) {
    std::erase_if(fixed_, [&](const Assignment& other) { return other.key == one.key; });
    fixed_.push_back(one);
  }

  void write_settings() {
    const titan::Settings base(ground_.era, ground_.base, ground_.overrides);
    const bool names_model = made_.base_text || ground_.architecture_file || !titan::has_toml(ground_.era);
    if (const auto key = titan::key_of(ground_.era, Knob::steps))
      fix({*key, std::min(base.integer(Knob::steps).value_or(short_training), short_training)});
    for (const Assignment& one : ground_.overrides) {
      const bool of_model = one.key == "model.name" || one.key == "model.flavor";
      if (!is_of_layout(one.key) && !(of_model && names_model) && !made_.base_text) fix(one);
    }
    for (const Assignment& one : sweep::mended(base)) fix(one);
    for (const Assignment& one : best_.front())
      if (is_common(one)) fix(one);
    made_.text += "\nfixed:\n";
    for (const Assignment& one : fixed_) made_.text += "  " + cell(one) + "\n";
  }

  void write_row(const Overrides& row) {
    std::string text;
    for (const Assignment& one : row)
      if (!is_common(one)) text += (text.empty() ? "" : ", ") + cell(one);
    if (!text.empty()) made_.text += "  - {" + text + "}\n";
  }

  void write_rows() {
    if (best_.size() + beside_.size() < 2) return;  // all of it is fixed
    made_.text += "\ninclude:\n";
    for (const Overrides& row : best_) write_row(row);
    if (!beside_.empty()) made_.text += "  # neighbours\n";
    for (const Overrides& row : beside_) write_row(row);
  }

  const comm::Advice& advice_;
  const comm::AdviceRequest& request_;
  const ModelGround& ground_;
  fs::path file_;
  AdviceSweep made_;
  Overrides fixed_;
  std::vector<Overrides> best_, beside_;
};

}  // namespace

AdviceSweep advice_sweep(const comm::Advice& advice, const comm::AdviceRequest& request, const ModelGround& ground,
                         const fs::path& file) {
  return SweepWriter(advice, request, ground, file).write();
}

}  // namespace tt::flow
