#include "tt/logs/diagnose.hpp"

#include <algorithm>
#include <limits>

#include "tt/base/text.hpp"
#include "tt/logs/suspects.hpp"
#include "tt/logs/verdict.hpp"

namespace tt::logs {

namespace {

constexpr std::size_t most_notes = 3;
constexpr std::size_t last_order = std::numeric_limits<std::size_t>::max();

std::vector<LogScan> scan_all(const std::vector<LogFile>& files) {
  std::vector<LogScan> scans;
  for (std::size_t i = 0; i < files.size(); ++i) {
    LogScanner scanner(static_cast<int>(i), files[i].local_rank);
    for_each_line(files[i], [&](std::string_view line) {
      scanner.feed(line);
      return true;
    });
    scans.push_back(scanner.finish());
  }
  return scans;
}

bool ended_well(const LogScan& scan) {
  const bool at_end = scan.end_mark_line != 0 && scan.end_mark_line > scan.last_trouble_line;
  return at_end && scan.workers.empty() && scan.state.loss_is_finite();
}

// Success as far as the input can tell: the exit record's word, or without one an end mark with no trouble behind it.
bool succeeded(const DiagnosisInput& input, const std::vector<LogScan>& scans) {
  if (input.exit) {
    return std::any_of(scans.begin(), scans.end(),
                       [&](const LogScan& scan) { return decide(scan.state, input.exit).state == RunState::finished; });
  }
  if (input.scheduler) return false;
  const bool one_did = std::any_of(scans.begin(), scans.end(), ended_well);
  return one_did && std::all_of(scans.begin(), scans.end(), [](const LogScan& scan) {
           return ended_well(scan) || (scan.last_trouble_line == 0 && scan.workers.empty());
         });
}

std::optional<std::string_view> cause_of(SchedulerVerdict verdict) {
  switch (verdict) {
    case SchedulerVerdict::timed_out:
      return "time-limit";
    case SchedulerVerdict::cancelled:
      return "cancelled";
    case SchedulerVerdict::preempted:
      return "preempted";
    case SchedulerVerdict::never_started:
      return "never-started";
    case SchedulerVerdict::node_failure:
      return "node-failure";
    case SchedulerVerdict::out_of_memory:
      return "host-oom";
    case SchedulerVerdict::lost:
      return std::nullopt;
  }
  return std::nullopt;
}

// Ends that only say that somebody sent a signal or left; who it was, the scheduler knows better.
bool is_mere_end(const Suspect& s) {
  return s.cause->id == "sigkill" || s.cause->id == "sigterm" || s.cause->id == "sigabrt" ||
         s.cause->id == "child-failed";
}

void add_scheduler(const DiagnosisInput& input, std::vector<Suspect>& suspects) {
  if (!input.scheduler) return;
  const auto id = cause_of(*input.scheduler);
  if (!id) return;
  std::erase_if(suspects, is_mere_end);
  Suspect s;
  s.cause = find_cause(*id);
  s.strength = Strength::weak;  // a line of the log with the same cause is better evidence
  s.order = last_order;
  s.evidence = input.scheduler_words;
  s.from_scheduler = true;
  suspects.push_back(std::move(s));
}

void add_hang(const DiagnosisInput& input, const std::vector<LogScan>& scans, std::vector<Suspect>& suspects) {
  if (!input.hung) return;
  Suspect s;
  s.cause = find_cause("hang");
  s.order = last_order;
  for (std::size_t i = 0; i < scans.size() && !s.line; ++i) {
    const TextLine& line = scans[i].last_step_line ? *scans[i].last_step_line : scans[i].last_line;
    if (line.number == 0) continue;
    s.file = input.files[i].name;
    s.line = line.number;
    s.evidence = line.evidence;
  }
  suspects.push_back(std::move(s));
}

// What the job saw of a node's end, when no log says anything. bash reports a signal as 128 + its number.
void add_exit(const DiagnosisInput& input, std::vector<Suspect>& suspects) {
  if (!input.exit || !suspects.empty()) return;
  for (const auto& node : input.exit->nodes) {
    std::string_view id;
    if (node.signal == "SIGKILL" || node.status == 137)
      id = "sigkill";
    else if (node.signal == "SIGTERM" || node.status == 143)
      id = "sigterm";
    else if (node.signal == "SIGSEGV" || node.status == 139)
      id = "segfault";
    if (id.empty()) continue;
    Suspect s;
    s.cause = find_cause(id);
    s.order = last_order;
    s.node = node.name;
    s.file = "exit.json";
    s.evidence = decide({}, input.exit).why;
    suspects.push_back(std::move(s));
    return;
  }
}

bool comes_first(const Suspect& a, const Suspect& b) {
  if (a.cause->tier != b.cause->tier) return a.cause->tier < b.cause->tier;
  return a.order < b.order;
}

// Among suspects of one cause: the better evidence.
bool shows_better(const Suspect& a, const Suspect& b) {
  if (a.strength != b.strength) return a.strength < b.strength;
  if (a.cause->id == "child-failed") {
    if (a.exit_code_class != b.exit_code_class) return a.exit_code_class < b.exit_code_class;
    if (a.time != b.time) return a.time < b.time;
  }
  return a.order < b.order;
}

Confidence confidence_of(const Suspect& s) {
  static constexpr std::string_view told_by_scheduler[] = {"time-limit", "cancelled", "preempted", "node-failure"};
  const bool told =
      std::find(std::begin(told_by_scheduler), std::end(told_by_scheduler), s.cause->id) != std::end(told_by_scheduler);
  if (s.from_scheduler || told || s.cause->tier <= 3) return Confidence::sure;
  return s.cause->tier <= 6 ? Confidence::likely : Confidence::guess;
}

void add_notes(Diagnosis& d, std::vector<Suspect> suspects) {
  std::stable_sort(suspects.begin(), suspects.end(), [](const Suspect& a, const Suspect& b) {
    const bool a_nan = a.cause->id == "loss-nan", b_nan = b.cause->id == "loss-nan";
    return a_nan != b_nan ? a_nan : comes_first(a, b);
  });
  for (const auto& s : suspects) {
    const std::string id(s.cause->id);
    const bool known =
        d.cause == id || std::any_of(d.also.begin(), d.also.end(), [&](const Note& note) { return note.cause == id; });
    const bool no_news = s.cause->tier == 7 || id == "child-failed";
    if (known || no_news || d.also.size() >= most_notes) continue;
    d.also.push_back({id, s.line, s.evidence});
  }
}

Diagnosis accuse(const std::vector<Suspect>& suspects) {
  const Suspect& first = *std::min_element(suspects.begin(), suspects.end(), comes_first);
  const Suspect* best = &first;
  for (const auto& s : suspects) {
    if (s.cause == first.cause && shows_better(s, *best)) best = &s;
  }
  Diagnosis d;
  d.verdict = DiagnosisVerdict::failed;
  d.cause = std::string(best->cause->id);
  d.tier = best->cause->tier;
  d.confidence = confidence_of(*best);
  d.rank = best->rank;
  d.node = best->node;
  d.local_rank = best->local_rank;
  d.all_ranks = best->all_ranks;
  d.file = best->file;
  d.line = best->line;
  d.evidence = best->evidence;
  d.retry = best->cause->retry;
  d.remedy = std::string(best->cause->remedy);
  add_notes(d, suspects);
  return d;
}

// Nothing was found: say what was printed last, and no more.
Diagnosis shrug(const DiagnosisInput& input, const std::vector<LogScan>& scans) {
  Diagnosis d;
  const bool ended_badly = input.exit || (input.scheduler && input.scheduler != SchedulerVerdict::lost);
  d.verdict = ended_badly ? DiagnosisVerdict::failed : DiagnosisVerdict::unknown;
  d.retry = Retry::ask_user;
  const bool any_line =
      std::any_of(scans.begin(), scans.end(), [](const LogScan& scan) { return scan.last_line.number > 0; });
  d.remedy = any_line ? "Nothing in the logs names a cause: read their last lines, and torchrun's log folder."
                      : "It left no line in any log: ask the scheduler about its job.";
  for (std::size_t i = 0; i < scans.size() && !d.line; ++i) {
    if (scans[i].last_line.number == 0) continue;
    d.file = input.files[i].name;
    d.line = scans[i].last_line.number;
    d.evidence = scans[i].last_line.evidence;
  }
  return d;
}

Diagnosis approve(const std::vector<Suspect>& suspects) {
  Diagnosis d;
  d.verdict = DiagnosisVerdict::ok;
  d.confidence = Confidence::sure;
  d.retry = Retry::none;
  std::vector<Suspect> trends;
  for (const auto& s : suspects) {
    if (s.cause->id == "loss-spike" || s.cause->id == "straggler") trends.push_back(s);
  }
  add_notes(d, std::move(trends));
  return d;
}

}  // namespace

Diagnosis diagnose(const DiagnosisInput& input) {
  const auto scans = scan_all(input.files);
  auto suspects = suspects_of(scans, input.files);
  if (succeeded(input, scans)) {
    // Without an exit record the numbers are all there is: a spike or a straggler is then the finding.
    std::vector<Suspect> trends;
    for (const auto& s : suspects) {
      if (s.cause->tier == 8 && s.cause->id != "sigterm") trends.push_back(s);
    }
    if (input.exit || trends.empty()) return approve(suspects);
    return accuse(trends);
  }
  add_scheduler(input, suspects);
  add_hang(input, scans, suspects);
  add_exit(input, suspects);
  return suspects.empty() ? shrug(input, scans) : accuse(suspects);
}

}  // namespace tt::logs
