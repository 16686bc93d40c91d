#include "tt/flow/running_progress.hpp"

#include <algorithm>
#include <fstream>
#include <limits>

#include "tt/base/files.hpp"
#include "tt/logs/log_reader.hpp"

namespace tt::flow {
namespace {

// Empty when it cannot be read: a log is looked at again, and what it says is only shown.
std::string read_part(const fs::path& file, std::uintmax_t offset, std::size_t most) {
  std::ifstream in(file, std::ios::binary);
  std::string part(most, '\0');
  if (!in.seekg(static_cast<std::streamoff>(offset))) return {};
  in.read(part.data(), static_cast<std::streamsize>(most));
  part.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return part;
}

std::optional<Instant> written_last(const fs::path& file) {
  std::error_code error;
  const auto time = fs::last_write_time(file, error);
  if (error) return std::nullopt;
  return std::chrono::floor<Instant::duration>(std::chrono::file_clock::to_sys(time));
}

// From the last step lines of one start of the training that tell their time.
void take_speed(const std::vector<logs::StepSample>& samples, TrainingProgress& progress) {
  const logs::StepSample& last = samples.back();
  std::size_t first = samples.size() - 1;
  while (first > 0 && samples[first - 1].segment == last.segment && samples[first - 1].time) --first;
  const std::size_t lines = samples.size() - 1 - first;
  if (!last.time || lines == 0) return;
  const Seconds passed = *last.time - *samples[first].time;
  if (passed.count() < 0) return;
  progress.per_step = passed / static_cast<double>(last.step - samples[first].step);
  progress.between_lines = passed / static_cast<double>(lines);
}

void take(const logs::LogState& state, TrainingProgress& progress) {
  if (state.total_steps) progress.steps = state.total_steps;
  if (state.steps.empty()) return;
  const logs::StepSample& last = state.steps.samples().back();
  progress.step = last.step;
  progress.tokens_per_second_per_gpu = last.tps;
  if (state.loss_last) progress.loss = state.loss_last;
  if (!state.loss_is_finite()) progress.loss = std::numeric_limits<double>::quiet_NaN();
  take_speed(state.steps.samples(), progress);
}

}  // namespace

void RunningProgress::read(const std::vector<const RunView*>& running, std::size_t shown) {
  shown = std::min(shown, running.size());
  for (std::size_t i = 0; i < shown; ++i) read_one(*running[i]);
  const std::size_t others = running.size() - shown;
  for (std::size_t i = 0; i < std::min(limits_.logs, others); ++i) read_one(*running[shown + turn_++ % others]);
}

TrainingProgress RunningProgress::of(const RunView& run) const {
  const auto found = known_.find(run.id);
  return found == known_.end() || found->second.attempt != run.attempt ? TrainingProgress{} : found->second.progress;
}

void RunningProgress::read_one(const RunView& run) {
  Known& known = known_[run.id];
  const fs::path log = run.folder.attempt_log(run.attempt);
  std::error_code error;
  const std::uintmax_t size = fs::file_size(log, error);
  if (error) return;
  if (known.attempt != run.attempt || size < known.size) known = {run.attempt, 0, {}};
  known.progress.spoke = written_last(log);
  if (size == known.size) return;
  read_log(log, size, known.progress);
  known.size = size;
}

// The head says how many steps there will be, the tail how many there were.
void RunningProgress::read_log(const fs::path& log, std::uintmax_t size, TrainingProgress& progress) const {
  logs::LogState state;
  const bool whole = size <= limits_.bytes;
  if (!whole && !progress.steps) {
    logs::LogState head;
    logs::read_more(head, read_part(log, 0, limits_.bytes));
    progress.steps = head.total_steps;
  }
  std::string tail = read_part(log, whole ? 0 : size - limits_.bytes, limits_.bytes);
  if (!whole) tail.erase(0, std::min(tail.find('\n'), tail.size() - 1) + 1);  // half a line
  logs::read_more(state, tail);
  take(state, progress);
}

}  // namespace tt::flow
