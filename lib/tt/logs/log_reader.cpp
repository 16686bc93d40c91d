#include "tt/logs/log_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "tt/base/text.hpp"
#include "tt/logs/number_value.hpp"

namespace tt::logs {

namespace {

constexpr std::string_view state_schema = "tt.log-state/1";

std::optional<std::int64_t> integer_after(std::string_view text, std::string_view words) {
  const auto at = text.find(words);
  if (at == std::string_view::npos) return std::nullopt;
  const auto rest = text.substr(at + words.size());
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error != std::errc()) return std::nullopt;
  return number;
}

bool is_bad(const std::optional<double>& number) { return number && !std::isfinite(*number); }

void fold_finite(LogState& state, const StepLine& step, const LogLine& line, std::size_t number) {
  if (is_bad(step.loss) || is_bad(step.grad_norm)) {
    if (!state.non_finite) state.non_finite = NonFinite{step.step, number, line.evidence};
    return;
  }
  const bool saw_loss = step.loss && is_visible_loss(*step.loss);
  if (state.non_finite && saw_loss && step.step > state.non_finite->step) state.non_finite.reset();
}

// What went before was another try of the training in the same file.
void fold_restart(LogState& state) {
  state.steps.start_segment();
  state.end_mark = false;
  state.non_finite.reset();
}

void fold_step(LogState& state, const StepLine& step, const LogLine& line, std::size_t number) {
  if (step.kind == StepKind::validation) {
    state.steps.mark_pause();
    return;
  }
  // Another rank's copy of a step may come one step late. Going back further is a restart nobody announced.
  if (state.steps.count_from(step.step + 1) >= 2) fold_restart(state);
  fold_finite(state, step, line, number);
  state.steps.add(step, number);
  state.last_step = std::max(state.last_step.value_or(step.step), step.step);
  if (step.loss && is_visible_loss(*step.loss)) {
    if (!state.loss_first) state.loss_first = step.loss;
    state.loss_last = step.loss;
  }
  if (step.grad_norm) state.grad_norm_last = step.grad_norm;
}

// Every shown rank announces the start, perhaps after another's first step line.
void fold_start(LogState& state, std::int64_t step) {
  const bool again = state.start_step && *state.start_step != step;
  if (again || state.steps.count_from(step) >= 2) fold_restart(state);
  state.start_step = step;
}

// "torchtitan version: 0.3.0 (0.0.0 means ..."
void fold_version(LogState& state, std::string_view message) {
  constexpr std::string_view words = "torchtitan version: ";
  if (!message.starts_with(words)) return;
  const auto rest = message.substr(words.size());
  state.titan_version = std::string(rest.substr(0, rest.find(' ')));
}

// "# torch:    2.15.0", above the output of the training; what the training prints later cannot change it.
void fold_software(LogState& state, std::string_view text) {
  constexpr std::array<std::string_view, 6> names{"runtime", "torchtitan", "torch", "nccl", "driver", "gpus"};
  if (text == "# output of the training:") state.header_ended = true;
  if (state.header_ended) return;
  const auto colon = text.find(": ");
  if (colon == std::string_view::npos) return;
  const auto name = text.substr(2, colon - 2);
  const bool known = std::find(names.begin(), names.end(), name) != names.end();
  const bool told =
      std::any_of(state.software.begin(), state.software.end(), [&](const auto& one) { return one.first == name; });
  const auto value = trim(text.substr(colon + 1));
  if (known && !told && !value.empty()) state.software.emplace_back(name, value);
}

// "CUDA capacity: NVIDIA H100 80GB HBM3 with 79.11GiB memory"
void fold_device(LogState& state, std::string_view message) {
  constexpr std::string_view words = " capacity: ";
  const auto at = message.find(words);
  const auto with = message.rfind(" with ");
  if (at == std::string_view::npos || with == std::string_view::npos || with < at + words.size()) return;
  state.device = std::string(message.substr(at + words.size(), with - at - words.size()));
}

void fold_message(LogState& state, std::string_view message) {
  if (message.empty()) return;
  if (is_end_mark(message))
    state.end_mark = true;
  else if (message.starts_with("Training starts at step ")) {
    if (const auto step = integer_after(message, "starts at step ")) fold_start(state, *step);
  } else if (message.starts_with("Trainer is initialized")) {
    if (const auto total = integer_after(message, "total steps ")) state.total_steps = total;
  } else if (message.starts_with("Saving the checkpoint")) {
    state.steps.mark_pause();
  } else if (message == "Running with comm_mode=fake_backend") {
    state.fake_communication = true;
  } else if (message.starts_with("torchtitan version: ")) {
    fold_version(state, message);
  } else if (message.starts_with("# ")) {
    fold_software(state, message);
  } else if (!state.device) {
    fold_device(state, message);
  }
  // Early 2025 announced the total in the start line.
  if (!state.total_steps && message.starts_with("Training starts at step ")) {
    state.total_steps = integer_after(message, "total steps ");
  }
}

}  // namespace

bool is_end_mark(std::string_view message) {
  return message == "Training completed" || message == "Process group destroyed" ||
         message.starts_with("Created seed checkpoint");
}

std::optional<std::int64_t> LogState::steps_done() const {
  if (last_step) return last_step;
  if (start_step) return *start_step - 1;
  return std::nullopt;
}

bool LogState::reached_last_step() const {
  const auto done = steps_done();
  return done && total_steps && *done >= *total_steps;
}

void fold_line(LogState& state, const LogLine& line, std::size_t number) {
  if (const auto step = read_step_text(line.text))
    fold_step(state, *step, line, number);
  else
    fold_message(state, message_of(line.text));
}

void read_more(LogState& state, std::string_view new_bytes) {
  LogLine line;
  state.offset += new_bytes.size();
  while (!new_bytes.empty()) {
    const auto end = new_bytes.find('\n');
    if (end == std::string_view::npos) {
      // A line without an end must not grow without bound; its head is all that is looked at.
      const auto room = longest_line - std::min(longest_line, state.unfinished.size());
      state.unfinished.append(new_bytes.substr(0, room));
      return;
    }
    ++state.lines;
    if (state.unfinished.empty()) {
      normalise(new_bytes.substr(0, end), line);
    } else {
      state.unfinished.append(new_bytes.substr(0, end));
      normalise(state.unfinished, line);
      state.unfinished.clear();
    }
    fold_line(state, line, state.lines);
    new_bytes.remove_prefix(end + 1);
  }
}

void read_end(LogState& state) {
  if (state.unfinished.empty()) return;
  LogLine line;
  normalise(state.unfinished, line);
  state.unfinished.clear();
  fold_line(state, line, ++state.lines);
}

namespace {

template <class T>
Value optional_value(const std::optional<T>& v) {
  return v ? Value(*v) : Value();
}

std::optional<std::int64_t> integer_of(const Value& value) {
  return value.is_integer() ? std::optional(value.as_integer()) : std::nullopt;
}

std::optional<std::string> text_of(const Value& value) {
  return value.is_string() ? std::optional(value.as_string()) : std::nullopt;
}

// Bytes need not be UTF-8; JSON text must be.
std::string to_hex(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const unsigned char c : bytes) {
    out += digits[c >> 4];
    out += digits[c & 15];
  }
  return out;
}

std::string from_hex(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    unsigned byte = 0;
    std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
    out += static_cast<char>(byte);
  }
  return out;
}

Value software_value(const LogState& state) {
  Value table = Value::object();
  for (const auto& [name, said] : state.software) table.set(name, said);
  return table;
}

}  // namespace

Value to_value(const LogState& state) {
  Value bad;
  if (state.non_finite) {
    bad.set("step", state.non_finite->step).set("line", state.non_finite->line);
    bad.set("evidence_hex", to_hex(state.non_finite->evidence));
  }
  return Value::object()
      .set("schema", state_schema)
      .set("offset", static_cast<std::int64_t>(state.offset))
      .set("lines", state.lines)
      .set("unfinished_hex", to_hex(state.unfinished))
      .set("steps", state.steps.to_value())
      .set("loss_first", number_value(state.loss_first))
      .set("loss_last", number_value(state.loss_last))
      .set("grad_norm_last", number_value(state.grad_norm_last))
      .set("last_step", optional_value(state.last_step))
      .set("start_step", optional_value(state.start_step))
      .set("total_steps", optional_value(state.total_steps))
      .set("titan_version", optional_value(state.titan_version))
      .set("device", optional_value(state.device))
      .set("software", software_value(state))
      .set("header_ended", state.header_ended)
      .set("end_mark", state.end_mark)
      .set("fake_communication", state.fake_communication)
      .set("non_finite", std::move(bad));
}

LogState read_log_state(const Value& value) {
  LogState state;
  if (value.text_or("schema") != state_schema) return state;
  state.offset = static_cast<std::uint64_t>(value.integer_or("offset"));
  state.lines = static_cast<std::size_t>(value.integer_or("lines"));
  state.unfinished = from_hex(value.text_or("unfinished_hex"));
  state.steps = StepSeries::from_value(value.at("steps"));
  state.loss_first = number_of(value.at("loss_first"));
  state.loss_last = number_of(value.at("loss_last"));
  state.grad_norm_last = number_of(value.at("grad_norm_last"));
  state.last_step = integer_of(value.at("last_step"));
  state.start_step = integer_of(value.at("start_step"));
  state.total_steps = integer_of(value.at("total_steps"));
  state.titan_version = text_of(value.at("titan_version"));
  state.device = text_of(value.at("device"));
  state.header_ended = value.boolean_or("header_ended");
  if (const Value& software = value.at("software"); software.is_table()) {
    for (const auto& [name, said] : software.as_table())
      if (said.is_string()) state.software.emplace_back(name, said.as_string());
  }
  state.end_mark = value.boolean_or("end_mark");
  state.fake_communication = value.boolean_or("fake_communication");
  if (const Value& bad = value.at("non_finite"); bad.is_table()) {
    state.non_finite = NonFinite{bad.integer_or("step"), static_cast<std::size_t>(bad.integer_or("line")),
                                 from_hex(bad.text_or("evidence_hex"))};
  }
  return state;
}

}  // namespace tt::logs
