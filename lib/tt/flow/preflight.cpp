#include "tt/flow/preflight.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"
#include "tt/config/registry_file.hpp"
#include "tt/titan/schema.hpp"

namespace tt::flow {
namespace {

constexpr std::array kShapeless{titan::Knob::seed, titan::Knob::learning_rate, titan::Knob::steps,
                                titan::Knob::log_freq, titan::Knob::dump_folder};

Overrides shape_settings(const Overrides& settings, titan::Era era) {
  Overrides kept;
  for (const Assignment& one : settings) {
    const bool environment = one.key.starts_with("env.") || one.key.starts_with("resources.");
    const bool shapeless = std::any_of(kShapeless.begin(), kShapeless.end(),
                                       [&](titan::Knob knob) { return titan::key_of(era, knob) == one.key; });
    if (!environment && !shapeless) kept.push_back(one);
  }
  return kept;
}

std::string config_of(const LoadedSweep& sweep, std::size_t ground, const Overrides& settings) {
  const sweep::PlanGround& at = sweep.plan.grounds[ground];
  const sweep::BaseReference& base = sweep.spec.bases[at.base];
  const Overrides kept = shape_settings(settings, at.era);
  if (base.is_registry()) return config::registry_file(base.module->text, base.config->text, kept);
  return sweep.bases[at.base].document->with(kept);
}

class Shapes {
 public:
  void add(Shape shape) {
    const std::string key = fmt::format("{}\n{}\n{}", shape.world, shape.ground, shape.config);
    const auto [at, is_new] = index_.try_emplace(key, shapes_.size());
    if (is_new)
      shapes_.push_back(std::move(shape));
    else
      shapes_[at->second].points.push_back(std::move(shape.points.front()));
  }
  std::vector<Shape> take() { return std::move(shapes_); }

 private:
  std::vector<Shape> shapes_;
  std::map<std::string, std::size_t> index_;
};

std::string words_of(const PreflightReport::Line& line) {
  const TitanAnswer& answer = line.answer;
  const std::string before = answer.remembered ? " (known from before)" : "";
  if (answer.verdict == TitanAnswer::Verdict::unknown) return "unknown: " + answer.said;
  if (answer.verdict == TitanAnswer::Verdict::taken)
    return (answer.depth == "stepped" ? "takes it, one step made" : "takes it, trainer built") + before;
  return "refuses it: " + answer.said + before;
}

}  // namespace

std::vector<Shape> shapes_of(const LoadedSweep& sweep) {
  Shapes shapes;
  for (const sweep::PlannedRun& run : sweep.plan.runs) {
    shapes.add({{run.name}, run.resources.gpus, run.ground, "", "", config_of(sweep, run.ground, run.settings)});
  }
  for (const sweep::SkippedPoint& point : sweep.plan.skipped) {
    if (point.gpus < 1) continue;
    shapes.add({{point.name},
                point.gpus,
                point.ground,
                point.rule,
                point.reason,
                config_of(sweep, point.ground, point.settings)});
  }
  return shapes.take();
}

bool PreflightReport::Line::is_surprise() const {
  return shape.rule.empty() && answer.verdict == TitanAnswer::Verdict::refused;
}

bool PreflightReport::Line::is_too_strict() const {
  return !shape.rule.empty() && answer.verdict == TitanAnswer::Verdict::taken;
}

std::int64_t PreflightReport::surprises() const {
  return std::count_if(lines.begin(), lines.end(), [](const Line& line) { return line.is_surprise(); });
}

PreflightReport preflight(const LoadedSweep& sweep, std::size_t root, TitanOracle& oracle) {
  PreflightReport report;
  report.identity = oracle.identity();
  std::vector<TitanQuestion> questions;
  for (Shape& shape : shapes_of(sweep)) {
    const sweep::PlanGround& ground = sweep.plan.grounds[shape.ground];
    if (ground.root != root) continue;
    if (ground.era < titan::Era::v0_2_1)
      throw Error(fmt::format("TorchTitan {} has no fake process group to be asked with; it is there since 0.2.1",
                              ground.torchtitan.era));
    questions.push_back({shape.config, shape.world});
    report.lines.push_back({std::move(shape), {}});
  }
  const std::vector<TitanAnswer> answers = oracle.ask(questions);
  for (std::size_t i = 0; i < answers.size(); ++i) report.lines[i].answer = answers[i];
  return report;
}

std::string preflight_text(const PreflightReport& report) {
  std::string text;
  std::int64_t strict = 0;
  for (const PreflightReport::Line& line : report.lines) {
    const Shape& shape = line.shape;
    const std::string more =
        shape.points.size() > 1 ? fmt::format(" and {} more", shape.points.size() - 1) : std::string();
    text += fmt::format("{}{} on {}\n", shape.points.front(), more, plural(shape.world, "rank"));
    text += fmt::format("  tt:         {}\n",
                        shape.rule.empty() ? "would queue it" : "skips it, " + shape.rule + ": " + shape.reason);
    text += fmt::format("  TorchTitan: {}\n", words_of(line));
    strict += line.is_too_strict() ? 1 : 0;
  }
  const std::int64_t surprises = report.surprises();
  text += fmt::format("\n{} ({}): ", plural(static_cast<std::int64_t>(report.lines.size()), "shape"), report.identity);
  text += surprises == 0 ? "nothing that would be queued is refused"
                         : fmt::format("TorchTitan refuses {} that would be queued", surprises);
  if (strict > 0)
    text += fmt::format("; it takes {} that a rule skips (rules: {{warn: {{NAME: why}}}} lets them run)", strict);
  return text + "\n";
}

Value to_value(const PreflightReport& report) {
  Value shapes = Value::array();
  for (const PreflightReport::Line& line : report.lines) {
    Value points = Value::array();
    for (const std::string& name : line.shape.points) points.push(name);
    constexpr std::array words{"taken", "refused", "unknown"};
    shapes.push(Value::object()
                    .set("points", std::move(points))
                    .set("world", line.shape.world)
                    .set("rule", line.shape.rule.empty() ? Value() : Value(line.shape.rule))
                    .set("reason", line.shape.rule.empty() ? Value() : Value(line.shape.reason))
                    .set("torchtitan", words[static_cast<std::size_t>(line.answer.verdict)])
                    .set("depth", line.answer.depth.empty() ? Value() : Value(line.answer.depth))
                    .set("said", line.answer.said.empty() ? Value() : Value(line.answer.said))
                    .set("remembered", line.answer.remembered));
  }
  return Value::object().set("torchtitan", report.identity).set("shapes", std::move(shapes));
}

}  // namespace tt::flow
