// tt/logs/step_line.hpp: TorchTitan's step line, as every version since January 2025 prints it.
//
//   [rank0]:[titan] 2026-02-20 10:11:12,345 - root - INFO - step: 40  loss:  3.51234  grad_norm:  0.9876  ...
//
// Colours, rank tags, "[titan]" and the logger's header are optional; so is every field after the step.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tt/base/clock.hpp"

namespace tt::logs {

enum class StepKind { training, validation };

struct StepLine {
  StepKind kind = StepKind::training;
  std::int64_t step = 0;
  std::optional<double> loss;  // as printed: nan, inf, and the -1 of a pipeline rank that does not see the loss
  std::optional<double> grad_norm;
  std::optional<double> memory_gib;
  std::optional<double> memory_percent;
  std::optional<double> tps;  // tokens per second per GPU ("wps" before 2024-11)
  std::optional<double> tflops;
  std::optional<double> mfu;  // percent; unknown where "N/A" is printed
  std::optional<Instant>
      time;  // of the header; the log does not tell its time zone, so only differences mean something
  friend bool operator==(const StepLine&, const StepLine&) = default;
};

// nullopt when the line is something else. Takes raw lines.
std::optional<StepLine> read_step_line(std::string_view raw);
// The same for the text of a line that was normalised already.
std::optional<StepLine> read_step_text(std::string_view text);

// A rank that does not see the loss prints a negative number (-1, or -1 times steps or ranks).
bool is_visible_loss(double loss);

// "2026-02-20 10:11:12,345" at the start of the text, read as if it were UTC.
std::optional<Instant> read_header_time(std::string_view text);
// What stands behind the logger's header ("... - root - INFO - "); the text itself when there is none.
std::string_view message_of(std::string_view text);

}  // namespace tt::logs
