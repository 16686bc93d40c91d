#include "tt/logs/log_scan.hpp"

#include <algorithm>

#include "tt/base/text.hpp"

namespace tt::logs {

namespace {

constexpr std::size_t most_events = 4000;

std::string word_after(std::string_view text, std::string_view words, std::string_view ends) {
  const auto at = text.find(words);
  if (at == std::string_view::npos) return "";
  const auto rest = text.substr(at + words.size());
  return std::string(rest.substr(0, rest.find_first_of(ends)));
}

double seconds_of_year(int month, int day, int hour, int minute, double second) {
  // Differences within a run are all that matters; every month is given 31 days.
  return (((month - 1) * 31.0 + (day - 1)) * 24 + hour) * 3600 + minute * 60 + second;
}

int two_digits(std::string_view text, std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); }

bool clock_at(std::string_view text, std::size_t at) {
  return text.size() >= at + 8 && is_digit(text[at]) && is_digit(text[at + 1]) && text[at + 2] == ':' &&
         is_digit(text[at + 3]) && is_digit(text[at + 4]) && text[at + 5] == ':' && is_digit(text[at + 6]) &&
         is_digit(text[at + 7]);
}

// "2025-09-29T14:00:03+00:00", "[titan] 2026-11-22 20:24:22,112 - ..", "W0929 14:13:58.110000 .."
std::optional<double> dated(std::string_view text) {
  if (text.starts_with("[titan] ")) text.remove_prefix(8);
  if (text.starts_with('[')) text.remove_prefix(1);
  if (text.size() >= 19 && text[4] == '-' && text[7] == '-' && clock_at(text, 11) && is_digit(text[5])) {
    return seconds_of_year(two_digits(text, 5), two_digits(text, 8), two_digits(text, 11), two_digits(text, 14),
                           two_digits(text, 17));
  }
  if (text.size() >= 14 && std::string_view("EFWI").find(text[0]) != std::string_view::npos && is_digit(text[1]) &&
      is_digit(text[2]) && is_digit(text[3]) && is_digit(text[4]) && text[5] == ' ' && clock_at(text, 6)) {
    return seconds_of_year(two_digits(text, 1), two_digits(text, 3), two_digits(text, 6), two_digits(text, 9),
                           two_digits(text, 12));
  }
  return std::nullopt;
}

// "CheckpointException ranks:dict_keys([0, 1])"
std::vector<int> ranks_of_wrapper(std::string_view text) {
  std::vector<int> ranks;
  const auto at = text.find("dict_keys([");
  if (at == std::string_view::npos) return ranks;
  const auto end = text.find(']', at);
  for (const auto& part : split(text.substr(at + 11, end == std::string_view::npos ? end : end - at - 11), ',')) {
    if (const auto number = to_integer(trim(part))) ranks.push_back(static_cast<int>(*number));
  }
  return ranks;
}

// "[PG ID 2 PG GUID 3(mesh_shard) Rank 4]" and "[Rank 2]" name a global rank.
std::optional<int> rank_in_brackets(std::string_view text) {
  for (std::size_t at = text.find("Rank "); at != std::string_view::npos; at = text.find("Rank ", at + 5)) {
    const auto number = number_after(text.substr(at), "Rank ");
    const auto close = text.find(']', at);
    if (number && close != std::string_view::npos && close - at < 16) return static_cast<int>(*number);
  }
  return std::nullopt;
}

}  // namespace

std::string node_named_in(std::string_view text) {
  if (const auto at = text.find("Node failure on "); at != std::string_view::npos) {
    return word_after(text, "Node failure on ", " ,");
  }
  if (text.find(" failed on node ") != std::string_view::npos) return word_after(text, " failed on node ", ": ");
  if (text.find("Prolog failure on node ") != std::string_view::npos) return word_after(text, "failure on node ", " ");
  if (text.starts_with("srun: error: ") && text.find(": task") != std::string_view::npos) {
    return word_after(text, "srun: error: ", ":");
  }
  if (text.starts_with("slurmstepd-")) return word_after(text, "slurmstepd-", ":");
  if (const auto at = text.find(" kernel: "); at != std::string_view::npos) {
    const auto before = text.substr(0, at);
    return std::string(before.substr(before.rfind(' ') + 1));
  }
  if (text.find(" NCCL WARN ") != std::string_view::npos && text.find(':') < text.find(' ')) {
    return std::string(text.substr(0, text.find(':')));
  }
  return "";
}

LogScanner::LogScanner(int file, std::optional<int> local_rank) : local_rank_(local_rank) { scan_.file = file; }

void LogScanner::learn_launch() {
  const std::string_view text = line_.text;
  if (text.find("torchrun ") == std::string_view::npos) return;
  const auto fact = [&](std::string_view dashes, std::string_view underscores) -> std::optional<int> {
    for (const auto name : {dashes, underscores}) {
      auto at = text.find(name);
      if (at == std::string_view::npos) continue;
      auto rest = text.substr(at + name.size());
      if (rest.starts_with('=') || rest.starts_with(' ')) rest.remove_prefix(1);
      if (const auto number = number_after(rest, "")) return static_cast<int>(*number);
    }
    return std::nullopt;
  };
  if (const auto n = fact("--nproc_per_node", "--nproc-per-node")) scan_.launch.processes_per_node = n;
  if (const auto n = fact("--nnodes", "--nnodes")) scan_.launch.nodes = n;
  if (const auto n = fact("--node_rank", "--node-rank")) scan_.launch.node_rank = n;
}

void LogScanner::learn_waiting() {
  const std::string_view text = line_.text;
  auto rank = line_.rank;
  if (!rank) rank = rank_in_brackets(text);
  if (!rank) return;
  if (text.find("Watchdog caught collective operation timeout") != std::string_view::npos) {
    auto& waiting = scan_.waiting[*rank];
    if (!waiting.sequence) waiting.sequence = number_after(text, "SeqNum=");
  } else if (text.find("Received a dump signal due to a collective timeout from") != std::string_view::npos) {
    scan_.waiting[*rank].last_enqueued = number_after(text, "Last enqueued NCCL work:");
  }
}

void LogScanner::learn(std::size_t number) {
  const int node = key_.node;
  if (key_.local_rank >= 0) {
    scan_.ranks.insert(key_);
    if (line_.rank) scan_.global_ranks[key_] = *line_.rank;
  }
  if (key_.local_rank >= 0 || line_.text.starts_with("[titan] ")) scan_.training_line[node] = number;
  if (!scan_.first_seen.contains(node)) {
    if (const auto time = dated(line_.text)) scan_.first_seen[node] = *time;
  }
  if (line_.text.starts_with("srun: error: ")) {
    const auto task = number_after(line_.text, ": task ");
    if (task) scan_.node_names[static_cast<int>(*task)] = word_after(line_.text, "srun: error: ", ":");
    const bool exited = line_.text.find("Exited with exit code") != std::string::npos;
    if (exited && scan_.srun_exit_line == 0) scan_.srun_exit_line = number;
  }
  if (line_.text.find("closing signal SIG") != std::string::npos) {
    if (const auto pid = number_after(line_.text, "Sending process ")) scan_.processes.insert({node, *pid});
  }
  learn_launch();
  learn_waiting();
}

void LogScanner::add(Event event) {
  for (auto& known : scan_.events) {
    const bool same = known.cause == event.cause && known.key == event.key && known.says == event.says &&
                      known.shape == event.shape && known.strength == event.strength && known.rank == event.rank;
    if (same) {
      known.last_line = event.evidence.number;
      if (known.is_copy && !event.is_copy) {
        known.is_copy = false;
        known.evidence = event.evidence;
      }
      return;
    }
  }
  if (scan_.events.size() >= most_events) return;
  event.last_line = event.evidence.number;
  scan_.events.push_back(std::move(event));
}

void LogScanner::add_chain(const ExceptionChain& chain, bool is_copy) {
  if (chain.ignored) return;
  const Chosen chosen = choose(chain);
  if (chosen.member == nullptr) return;
  if (chosen.pattern != nullptr && chosen.pattern->cause == wrapper) return;
  Event event;
  event.cause = chosen.pattern != nullptr ? std::string(chosen.pattern->cause) : "python-exception";
  event.strength = chosen.pattern != nullptr ? chosen.pattern->strength : Strength::strong;
  event.shape = Shape::exception;
  event.key = chain.key;
  event.rank = chain.rank;
  event.evidence = chosen.evidence;
  event.says = chosen.evidence.text;
  event.is_copy = is_copy;
  event.from_traceback = true;
  for (const auto& member : chain.members) {
    if (member.exception.text.find("CheckpointException") == std::string::npos) continue;
    event.members = ranks_of_wrapper(member.exception.text);
    if (chosen.member->rank) event.rank = chosen.member->rank;
  }
  if (event.cause != echo && event.cause != "nccl-remote-exit" && !is_copy) {
    scan_.last_trouble_line = std::max(scan_.last_trouble_line, event.evidence.number);
  }
  add(std::move(event));
}

void LogScanner::add_matched(Shape shape, std::size_t number) {
  const std::string_view text = line_.text;
  if (text.starts_with("  what():  ")) return;  // the watchdog's words once more
  const TextPattern* pattern = match(shape, text);
  if (pattern == nullptr) return;
  Event event;
  event.cause = std::string(pattern->cause);
  event.strength = pattern->strength;
  event.shape = shape;
  event.key = key_;
  event.rank = line_.rank ? line_.rank : shape == Shape::glog_error ? rank_in_brackets(text) : std::nullopt;
  event.evidence = {number, std::string(trim(text)), line_.evidence};
  event.node = node_named_in(text);
  if (shape == Shape::kernel) {
    event.pid = number_after(text, "Killed process ");
    if (!event.pid) event.pid = number_after(text, "pid=");
  }
  // Shell and scheduler lines differ in job ids and line numbers; each is its own event. Ranks repeat themselves.
  if (shape != Shape::glog_error && shape != Shape::glog_warning) event.says = std::string(text);
  if (event.cause == "cancelled" || event.cause == "time-limit" || event.cause == "preempted" ||
      event.cause == "node-failure") {
    exit_since_step_ = true;
  }
  if (pattern->strength != Strength::rescue) scan_.last_trouble_line = number;
  add(std::move(event));
}

// The same file holds another try of the training: the earlier one is history.
void LogScanner::forget_earlier_try() {
  scan_.events.clear();
  scan_.workers.clear();
  scan_.waiting.clear();
  scan_.end_mark_line = 0;
  scan_.last_trouble_line = 0;
  table_ = {};
  exit_since_step_ = false;
}

void LogScanner::feed(std::string_view raw) {
  const std::size_t number = ++number_;
  normalise(raw, line_);
  if (local_rank_ && !line_.local_rank) line_.local_rank = local_rank_;
  key_ = key_of(line_, scan_.file);
  if (trim(line_.text).empty()) {
    std::vector<ExceptionChain> none;
    tracebacks_.feed(line_, key_, Shape::plain, number, none);
    return;
  }
  scan_.last_line = {number, line_.text, line_.evidence};
  learn(number);

  const auto message = message_of(line_.text);
  const auto step = read_step_text(line_.text);
  const auto last_step = scan_.state.last_step;
  const bool starts = message.starts_with("Training starts at step ");
  const bool falls_back = step && last_step && step->kind == StepKind::training && step->step < *last_step;
  if (exit_since_step_ && (starts || falls_back)) forget_earlier_try();
  fold_line(scan_.state, line_, number);
  if (!scan_.state.end_mark)
    scan_.end_mark_line = 0;
  else if (is_end_mark(message))
    scan_.end_mark_line = number;
  if (step) {
    if (step->kind == StepKind::training) scan_.last_step_line = scan_.last_line;
    return;
  }

  const Shape shape = shape_of(line_.text);
  std::vector<ExceptionChain> done;
  std::vector<ExceptionChain> copies;
  const bool in_table = table_.feed(line_, key_, number, copies);
  if (in_table) exit_since_step_ = true;
  const bool in_traceback = !in_table && tracebacks_.feed(line_, key_, shape, number, done);
  for (const auto& chain : done) add_chain(chain, false);
  for (const auto& chain : copies) add_chain(chain, true);
  if (!in_table && !in_traceback && shape != Shape::titan) add_matched(shape, number);
}

LogScan LogScanner::finish() {
  std::vector<ExceptionChain> done;
  tracebacks_.finish(done);
  for (const auto& chain : done) add_chain(chain, false);
  std::vector<ExceptionChain> copies;
  table_.finish(copies);
  for (const auto& chain : copies) add_chain(chain, true);
  scan_.workers = table_.workers();
  for (const auto& [key, worker] : scan_.workers) {
    scan_.last_trouble_line = std::max(scan_.last_trouble_line, worker.order());
    if (worker.rank) scan_.global_ranks[key] = *worker.rank;
    if (worker.pid) scan_.processes.insert({key.node, *worker.pid});
  }
  std::stable_sort(scan_.events.begin(), scan_.events.end(),
                   [](const Event& a, const Event& b) { return a.evidence.number < b.evidence.number; });
  return std::move(scan_);
}

}  // namespace tt::logs
