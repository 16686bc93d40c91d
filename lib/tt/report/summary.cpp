#include "tt/report/summary.hpp"

#include <fmt/format.h>

#include "tt/base/text.hpp"
#include "tt/comm/estimate_text.hpp"
#include "tt/comm/measured_section.hpp"
#include "tt/report/markdown.hpp"
#include "tt/report/numbers.hpp"

namespace tt::report {

namespace {

Value text_or_null(const std::string& text) { return text.empty() ? Value() : Value(text); }

Value attempts_of(const Summary& summary) {
  Value list = Value::array();
  for (const auto& attempt : summary.attempts) {
    Value entry = Value::object();
    entry.set("attempt", attempt.number)
        .set("state", text_or_null(attempt.state))
        .set("job", text_or_null(attempt.job));
    entry.set("started", text_or_null(attempt.started)).set("ended", text_or_null(attempt.ended));
    list.push(std::move(entry));
  }
  return list;
}

Value overrides_of(const RunRecord& run) {
  Value table = Value::object();
  for (const auto& [key, value] : run.overrides) table.set(key, value);
  return table;
}

Value resources_of(const Resources& r) {
  Value table = Value::object();
  table.set("nodes", r.nodes).set("gpus_per_node", r.gpus_per_node).set("gpus", r.gpus);
  table.set("walltime_seconds", static_cast<std::int64_t>(r.walltime.count()));
  return table;
}

std::string head(const Summary& s) {
  std::string text = fmt::format("# {}\n\n", cell(s.run.name));
  text += fmt::format("**{}**{}\n", to_string(s.state), s.why.empty() ? "" : ": " + cell(s.why));
  std::string about;
  if (!s.run.model.empty()) about += fmt::format("model {}", inline_code(s.run.model));
  if (!s.run.sweep.empty()) about += fmt::format("{}sweep {}", about.empty() ? "" : ", ", inline_code(s.run.sweep));
  if (!s.run.site.empty()) about += fmt::format("{}site {}", about.empty() ? "" : ", ", inline_code(s.run.site));
  if (!about.empty()) text += "\n" + about + "\n";
  return text;
}

std::string settings(const RunRecord& run) {
  if (run.overrides.empty()) return "\n## Settings\n\nThe base configuration as it is.\n";
  std::string text = "\n## Settings\n\n| key | value |\n|---|---|\n";
  for (const auto& [key, value] : run.overrides) {
    text += table_row({inline_code(key), inline_code(plain_text(value))});
  }
  return text;
}

std::string resources(const RunRecord& run) {
  const Resources& r = run.resources;
  std::string text = fmt::format("\n## Resources\n\n{} on {}, {} per node", plural(r.gpus, "GPU"),
                                 plural(r.nodes, "node"), r.gpus_per_node);
  if (r.walltime.count() > 0) text += ", time limit " + walltime_text(r.walltime);
  text += ".\n";
  if (!run.environment.empty()) {
    text += "\n| environment | value |\n|---|---|\n";
    for (const auto& [name, value] : run.environment) text += table_row({inline_code(name), inline_code(value)});
  }
  return text;
}

std::string metrics(const logs::Metrics& m) {
  std::string text = "\n## Metrics\n\n";
  if (!m.steps) return text + "No step was logged.\n";
  const auto row = [&](std::string_view what, const std::string& number, std::string_view unit) {
    text += table_row({std::string(what), number, number == "-" ? "" : std::string(unit)});
  };
  text += "| what | value | unit |\n|---|---:|---|\n";
  row("steps", whole(m.steps), "");
  row("warm-up left out", whole(m.warmup_steps_skipped), "steps");
  row("speed, median", speed(m.tokens_per_second_per_gpu_median), "tokens/s per GPU");
  row("speed, 5th percentile", speed(m.tokens_per_second_per_gpu_p05), "tokens/s per GPU");
  row("compute, median", fixed(m.tflops_median, 2), "TFLOP/s per GPU");
  row("MFU, median", fixed(m.mfu_percent_median, 2), "%");
  row("time of a step, median", seconds(m.seconds_per_step_median), "s");
  row("time of a step, 95th percentile", seconds(m.seconds_per_step_p95), "s");
  row("memory, highest", fixed(m.memory_gib_max, 2), "GiB per GPU");
  row("loss, first", fixed(m.loss_first, 5), "");
  row("loss, last", fixed(m.loss_last, 5), "");
  row("gradient norm, last", fixed(m.grad_norm_last, 4), "");
  return text;
}

std::string who(const logs::Diagnosis& d) {
  if (d.all_ranks) return "every rank";
  std::vector<std::string> parts;
  if (d.rank)
    parts.push_back(fmt::format("rank {}", *d.rank));
  else if (d.local_rank)
    parts.push_back(fmt::format("local rank {}", *d.local_rank));
  if (d.node) parts.push_back("node " + cell(*d.node));
  return join(parts, ", ");
}

std::string place(const logs::Diagnosis& d) {
  if (d.file.empty()) return "";
  return d.line ? fmt::format("{}:{}", d.file, *d.line) : d.file;
}

std::string diagnosis(const logs::Diagnosis& d) {
  std::string text = "\n## Diagnosis\n\n";
  if (d.cause) {
    text += fmt::format("**{}** ({})", *d.cause, to_string(d.confidence));
    if (const auto w = who(d); !w.empty()) text += ", " + w;
    text += fmt::format(". Retry class: {}.\n", to_string(d.retry));
  } else {
    text += "No cause was found.\n";
  }
  if (!d.evidence.empty()) {
    text += "\n";
    if (const auto where = place(d); !where.empty()) text += inline_code(where) + "\n\n";
    text += code_block(d.evidence);
  }
  if (!d.remedy.empty()) text += fmt::format("\nWhat to do: {}\n", cell(d.remedy));
  if (!d.also.empty()) text += "\nAlso seen:\n\n";
  for (const auto& note : d.also) {
    const std::string line = note.line ? fmt::format(" (line {})", *note.line) : "";
    text += fmt::format("- {}{}: {}\n", note.cause, line, inline_code(note.evidence));
  }
  return text;
}

bool wants_diagnosis(const Summary& s) {
  return s.diagnosis && (s.diagnosis->verdict != logs::DiagnosisVerdict::ok || !s.diagnosis->also.empty());
}

std::string versions(const Summary& s) {
  std::string rows;
  const auto row = [&](std::string_view what, const std::string& value) {
    if (!value.empty()) rows += table_row({std::string(what), inline_code(value)});
  };
  row("TorchTitan", s.run.torchtitan.version);
  if (s.printed_version && *s.printed_version != s.run.torchtitan.version) {
    row("TorchTitan, as the log says", *s.printed_version);
  }
  row("configuration era", s.run.torchtitan.era);
  for (const auto& [name, said] : s.software) row(name == "torchtitan" ? "TorchTitan, installed" : name, said);
  row("device", s.device.value_or(""));
  row("tt", s.run.tool_version);
  return rows.empty() ? "" : "\n## Versions\n\n| what | value |\n|---|---|\n" + rows;
}

std::string attempts(const std::vector<AttemptLine>& list) {
  if (list.empty()) return "";
  std::string text = "\n## Attempts\n\n| attempt | state | job | started | ended |\n|---:|---|---|---|---|\n";
  const auto known = [](const std::string& word) { return word.empty() ? std::string("-") : cell(word); };
  for (const auto& a : list) {
    text += table_row({std::to_string(a.number), known(a.state), known(a.job), known(a.started), known(a.ended)});
  }
  return text;
}

}  // namespace

Value summary_record(const Summary& s) {
  Value record = Value::object();
  record.set("schema", "tt.summary/1").set("run", s.run.name).set("state", to_string(s.state));
  record.set("attempts", s.attempts.size());
  record.set("metrics", logs::to_value(s.metrics));
  record.set("diagnosis", s.diagnosis ? logs::to_value(*s.diagnosis) : Value());
  record.set("estimate", s.estimate.value_or(Value()));
  record.set("measured_comm", s.measured_comm.value_or(Value()));
  // More than the contract asks for: what makes the record readable on its own.
  record.set("id", s.run.id.text).set("model", s.run.model).set("sweep", s.run.sweep).set("why", text_or_null(s.why));
  record.set("overrides", overrides_of(s.run)).set("resources", resources_of(s.run.resources));
  record.set("attempt_history", attempts_of(s));
  record.set("torchtitan_version", text_or_null(s.printed_version.value_or(s.run.torchtitan.version)));
  record.set("device", text_or_null(s.device.value_or("")));
  Value software = Value::object();
  for (const auto& [name, said] : s.software) software.set(name, said);
  record.set("software", std::move(software));
  return record;
}

std::string summary_markdown(const Summary& s) {
  std::string text = head(s) + settings(s.run) + resources(s.run) + metrics(s.metrics);
  if (wants_diagnosis(s)) text += diagnosis(*s.diagnosis);
  text += versions(s) + attempts(s.attempts);
  if (s.measured_comm) text += "\n" + comm::measured_section(*s.measured_comm);
  return s.estimate ? comm::with_section(std::move(text), comm::estimate_section(*s.estimate)) : text;
}

}  // namespace tt::report
