#include "tt/sweep/plan_print.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tt/base/text.hpp"
#include "tt/sweep/plan_table.hpp"

namespace tt::sweep {
namespace {

constexpr std::size_t skipped_shown_per_rule = 20;

std::string counted(std::int64_t count, const std::string& what) {
  return fmt::format("{} {}{}", with_thousands(count), what, count == 1 ? "" : "s");
}

std::string skipped_text(const Plan& plan) {
  if (plan.totals.skipped == 0) return "";
  std::string text = "\nskipped, because they could not run:\n";
  for (const auto& [rule, count] : plan.counts_by_rule) {
    text += fmt::format("  {} ({})\n", rule, plural(count, "point"));
    std::int64_t shown = 0;
    for (const SkippedPoint& point : plan.skipped) {
      if (point.rule != rule || shown == static_cast<std::int64_t>(skipped_shown_per_rule)) continue;
      text += fmt::format("    {}: {}\n", point.name, point.reason);
      ++shown;
    }
    if (count > shown) text += fmt::format("    ... and {} more\n", with_thousands(count - shown));
  }
  return text;
}

std::string totals_text(const Plan& plan, const PlanCost& cost) {
  std::string text = "\n" + cost_text(plan, cost);
  if (plan.totals.runs > 0 && plan.totals.nodes_max > 1)
    text += fmt::format(", {} at a time for the largest", plural(plan.totals.nodes_max, "node"));
  if (plan.totals.skipped > 0) text += fmt::format("; {} skipped", plural(plan.totals.skipped, "point"));
  if (!plan.filtered)
    text += "; too many points to count cut by where and exclude";
  else if (*plan.filtered > 0)
    text += fmt::format("; {} cut by where and exclude", counted(*plan.filtered, "point"));
  if (plan.sampled_out > 0) text += fmt::format("; {} left out by sample", counted(plan.sampled_out, "point"));
  return text + "\n";
}

std::string waived_text(const Plan& plan) {
  std::string text;
  for (const auto& [rule, count] : plan.waived) {
    text += fmt::format("warning: {} would refuse {}, and only warns: {}\n", rule.rule, plural(count, "run"),
                        printable(rule.reason));
  }
  return text;
}

std::string footnote(const Plan& plan) {
  if (plan.runs.empty() || plan.estimate_model.empty()) return "";
  const bool unknown = std::any_of(plan.runs.begin(), plan.runs.end(),
                                   [](const PlannedRun& run) { return !run.estimate.comm_wire_bytes_per_step_max; });
  std::string text =
      fmt::format("comm MiB/step: sent by one GPU of the worst pipeline rank, {}{}\n", plan.estimate_model,
                  unknown ? "; unknown: the model, or a size or schedule of it, is not known" : "");
  for (const std::string& note : plan.estimate_notes) text += fmt::format("estimates: {}\n", note);
  return text;
}

// ---- tt.plan/1 ---------------------------------------------------------------------------------------------------

Value table_of(const Overrides& overrides) {
  Value::Table table;
  for (const Assignment& assignment : overrides) table.emplace_back(assignment.key, assignment.value);
  return table;
}

Value table_of(const Variables& variables) {
  Value::Table table;
  for (const auto& [name, value] : variables) table.emplace_back(name, value);
  return table;
}

template <class T>
Value or_null(const std::optional<T>& value) {
  return value ? Value(*value) : Value();
}

// Whole bytes are written as integers.
Value bytes_value(const std::optional<double>& bytes) {
  if (!bytes) return {};
  constexpr double exact = 9007199254740992.0;
  const auto whole = static_cast<std::int64_t>(*bytes < exact ? *bytes : 0);
  return static_cast<double>(whole) == *bytes ? Value(whole) : Value(*bytes);
}

Value run_value(const PlannedRun& run) {
  Value estimate = Value::object();
  estimate.set("comm_wire_bytes_per_step_max", bytes_value(run.estimate.comm_wire_bytes_per_step_max))
      .set("between_nodes_share", or_null(run.estimate.between_nodes_share))
      .set("memory_verdict", run.estimate.memory_verdict)
      .set("memory_gib", or_null(run.estimate.memory_gib))
      .set("step_seconds", or_null(run.estimate.step_seconds))
      .set("gpu_hours", or_null(run.estimate.gpu_hours));
  Value value = Value::object();
  value.set("id", run.id.text)
      .set("name", run.name)
      .set("model", run.model)
      .set("folder", fmt::format("logs/{}/{}", run.model, run.name))
      .set("overrides", table_of(run.overrides))
      .set("varies", table_of(run.varies))
      .set("environment", table_of(run.environment))
      .set("nodes", run.resources.nodes)
      .set("gpus_per_node", run.resources.gpus_per_node)
      .set("gpus", run.resources.gpus)
      .set("world", run.resources.gpus)
      .set("walltime_seconds", static_cast<std::int64_t>(run.resources.walltime.count()))
      .set("repeat", or_null(run.repeat))
      .set("fingerprint", run.settings_fingerprint)
      .set("estimate", std::move(estimate));
  return value;
}

Value skipped_value(const SkippedPoint& point) {
  Value value = Value::object();
  value.set("name", point.name)
      .set("overrides", table_of(point.overrides))
      .set("varies", table_of(point.varies))
      .set("rule", point.rule)
      .set("reason", point.reason);
  return value;
}

}  // namespace

std::string plan_totals(const Plan& plan, const PlanCost& cost, const std::string& changes) {
  return skipped_text(plan) + totals_text(plan, cost) +
         (changes.empty() ? "" : "in this workspace: " + changes + "\n") + waived_text(plan);
}

std::string plan_text(const Plan& plan, const PlanCost& cost, const std::string& changes, const std::string& file,
                      const Terminal& terminal) {
  return plan_table(plan, file, terminal) + plan_totals(plan, cost, changes) + footnote(plan);
}

Value plan_record(const Plan& plan) {
  Value runs = Value::array(), skipped = Value::array(), counts = Value::object(), totals = Value::object();
  for (const PlannedRun& run : plan.runs) runs.push(run_value(run));
  for (const SkippedPoint& point : plan.skipped) skipped.push(skipped_value(point));
  for (const auto& [rule, count] : plan.counts_by_rule) counts.set(rule, count);
  totals.set("runs", plan.totals.runs)
      .set("skipped", plan.totals.skipped)
      .set("gpu_hours", plan.totals.gpu_hours)
      .set("nodes_max", plan.totals.nodes_max);
  Value notes = Value::array();
  for (const std::string& note : plan.estimate_notes) notes.push(note);
  Value torchtitan = Value::object();
  const TorchTitanFacts& facts = plan.grounds.front().torchtitan;
  torchtitan.set("version", facts.version).set("era", facts.era).set("source", facts.source);
  Value record = Value::object();
  record.set("schema", "tt.plan/1")
      .set("sweep", plan.sweep)
      .set("torchtitan", std::move(torchtitan))
      .set("runs", std::move(runs))
      .set("skipped", std::move(skipped))
      .set("skipped_truncated", plan.skipped_truncated())
      .set("counts_by_rule", std::move(counts))
      .set("filtered", or_null(plan.filtered))
      .set("sampled_out", plan.sampled_out)
      .set("totals", std::move(totals))
      .set("estimate_model", plan.estimate_model)
      .set("estimate_notes", std::move(notes));
  return record;
}

}  // namespace tt::sweep
