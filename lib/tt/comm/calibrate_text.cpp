// calibrate.hpp's words: the record and the text.
#include <fmt/format.h>

#include "tt/base/text.hpp"
#include "tt/comm/calibrate.hpp"

namespace tt::comm {

namespace {

Value constant_record(const FittedConstant& constant, double unit) {
  return Value::object()
      .set("value", constant.value / unit)
      .set("relative_error", constant.relative_error ? Value(*constant.relative_error) : Value());
}

Value error_record(const std::optional<CalibrationError>& error) {
  if (!error) return Value();
  return Value::object().set("median_before", error->before).set("median_after", error->after).set("runs", error->runs);
}

}  // namespace

Value calibration_record(const CalibrationResult& result) {
  Value contradictions = Value::array();
  for (const Contradiction& one : result.contradictions)
    contradictions.push(Value::object()
                            .set("run", one.run)
                            .set("what", one.what)
                            .set("measured", one.measured)
                            .set("predicted", one.predicted));
  Value left_out = Value::array();
  for (const std::string& why : result.left_out) left_out.push(why);
  return Value::object()
      .set("schema", "tt.comm.calibration/1")
      .set("hardware", result.fabric.name)
      .set("runs", result.runs)
      .set("efficiency_eager", constant_record(result.efficiency_eager, 1))
      .set("efficiency_compiled", constant_record(result.efficiency_compiled, 1))
      .set("link_gb_per_second", constant_record(result.link_bytes_per_second, 1e9))
      .set("nic_gb_per_second", constant_record(result.nic_bytes_per_second, 1e9))
      .set("memory_slack", constant_record(result.memory_slack, 1))
      .set("time_error", error_record(result.time_error))
      .set("memory_error", error_record(result.memory_error))
      .set("contradictions", std::move(contradictions))
      .set("left_out", std::move(left_out));
}

std::string calibration_text(const CalibrationResult& result) {
  std::string text = fmt::format("fitted to {} on {}:\n", plural(result.runs, "run"), result.fabric.title);
  const auto line = [&](const char* name, const FittedConstant& constant, double unit, const char* unit_name) {
    text += fmt::format("  {:<32} {:.4g}{}{}\n", name, constant.value / unit, unit_name,
                        constant.relative_error ? fmt::format(" +- {:.1f} %", 100 * *constant.relative_error)
                                                : ", not determined by these runs");
  };
  line("compute, eager", result.efficiency_eager, 1, " of the peak");
  line("compute, compiled", result.efficiency_compiled, 1, " of the peak");
  line("links inside a node", result.link_bytes_per_second, 1e9, " GB/s");
  line("network card", result.nic_bytes_per_second, 1e9, " GB/s");
  line("memory reserved over in use", result.memory_slack, 1, "");
  const auto error = [&](const char* what, const std::optional<CalibrationError>& one) {
    if (one) {
      text +=
          fmt::format("{}: off by {:.1f} % before and {:.1f} % after (median of {}, each left out of its own fit)\n",
                      what, 100 * one->before, 100 * one->after, plural(one->runs, "run"));
      if (one->is_worse()) text += fmt::format("{}: these constants predict worse than the ones there are\n", what);
    } else {
      text += fmt::format("{}: fewer than two runs, no error can be told\n", what);
    }
  };
  error("time of a step", result.time_error);
  error("memory", result.memory_error);
  for (const Contradiction& one : result.contradictions)
    text += fmt::format("contradicts the model, and is not fitted to: {}, {} {:.4g} measured, {:.4g} predicted ({})\n",
                        one.run, one.what, one.measured, one.predicted, one.what == "memory" ? "bytes" : "s");
  return text;
}

}  // namespace tt::comm
