#include "tt/sweep/plan_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "tt/base/text.hpp"
#include "tt/sweep/plan_cost.hpp"

namespace tt::sweep {
namespace {

std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  return "\"" + replace_all(text, "\"", "\"\"") + "\"";
}

std::string line(const std::vector<std::string>& fields) {
  std::string text;
  for (std::size_t i = 0; i < fields.size(); ++i) text += (i == 0 ? "" : ",") + field(fields[i]);
  return text + "\r\n";
}

void add_keys(const Overrides& varies, std::vector<std::string>& keys) {
  for (const Assignment& assignment : varies) {
    if (std::find(keys.begin(), keys.end(), assignment.key) == keys.end()) keys.push_back(assignment.key);
  }
}

void add_values(const Overrides& varies, const std::vector<std::string>& keys, std::vector<std::string>& fields) {
  for (const std::string& key : keys) {
    const auto found =
        std::find_if(varies.begin(), varies.end(), [&](const Assignment& assignment) { return assignment.key == key; });
    fields.push_back(found == varies.end() ? "" : plain_text(found->value));
  }
}

}  // namespace

namespace {

std::string number(const std::optional<double>& known) { return known ? fmt::format("{}", *known) : std::string(); }

}  // namespace

std::string plan_csv(const Plan& plan) {
  std::vector<std::string> keys;
  for (const PlannedRun& run : plan.runs) add_keys(run.varies, keys);
  for (const SkippedPoint& point : plan.skipped) add_keys(point.varies, keys);
  std::vector<std::string> titles{"state", "name", "model"};
  titles.insert(titles.end(), keys.begin(), keys.end());
  for (const char* title :
       {"nodes", "gpus_per_node", "gpus", "walltime_seconds", "gpu_hours", "comm_wire_bytes_per_step_max",
        "between_nodes_share", "memory_verdict", "step_seconds", "estimated_gpu_hours", "rule", "reason"}) {
    titles.emplace_back(title);
  }
  std::string text = line(titles);
  for (const PlannedRun& run : plan.runs) {
    const Resources& r = run.resources;
    std::vector<std::string> fields{"run", run.name, run.model};
    add_values(run.varies, keys, fields);
    const auto& bytes = run.estimate.comm_wire_bytes_per_step_max;
    for (std::string value :
         {std::to_string(r.nodes), std::to_string(r.gpus_per_node), std::to_string(r.gpus),
          fmt::format("{}", r.walltime.count()), fmt::format("{}", gpu_hours_of(run)),
          bytes ? fmt::format("{:.0f}", *bytes) : std::string(), number(run.estimate.between_nodes_share),
          run.estimate.memory_verdict == "unknown" ? std::string() : run.estimate.memory_verdict,
          number(run.estimate.step_seconds), number(run.estimate.gpu_hours), std::string(), std::string()}) {
      fields.push_back(std::move(value));
    }
    text += line(fields);
  }
  for (const SkippedPoint& point : plan.skipped) {
    std::vector<std::string> fields{"skipped", point.name, plan.model};
    add_values(point.varies, keys, fields);
    fields.insert(fields.end(), 10, "");
    fields.push_back(point.rule);
    fields.push_back(point.reason);
    text += line(fields);
  }
  return text;
}

}  // namespace tt::sweep
