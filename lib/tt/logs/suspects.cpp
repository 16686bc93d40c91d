#include "tt/logs/suspects.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"

namespace tt::logs {

namespace {

// A worker, the same in every file that speaks of it.
using Who = std::pair<std::string, int>;  // node, local rank

class Attempt {
 public:
  Attempt(const std::vector<LogScan>& scans, const std::vector<LogFile>& files) : scans_(scans), files_(files) {
    std::set<std::string> nodes;
    std::size_t consoles = 0;
    for (const auto& file : files) {
      consoles += file.kind == LogKind::node;
      if (!file.node.empty()) nodes.insert(file.node);
    }
    several_nodes_ = consoles > 1 || nodes.size() > 1;
    for (const auto& scan : scans) several_nodes_ = several_nodes_ || scan.launch.nodes.value_or(1) > 1;
    for (const auto& scan : scans) {
      for (const auto& key : scan.ranks) known_.insert(who(key));
      for (const auto& [key, worker] : scan.workers) known_.insert(who(key));
      for (const auto& event : scan.events) {
        if (event.key.local_rank < 0) continue;
        spoke_.insert(who(event.key));
        const Cause* cause = find_cause(event.cause);
        if (cause != nullptr && cause->tier != 7) explained_.insert(who(event.key));
      }
    }
  }

  Who who(const RankKey& key) const {
    std::string node = files_[static_cast<std::size_t>(key.file)].node;
    if (key.node >= 0) node += "/" + std::to_string(key.node);
    return {node, key.local_rank};
  }

  // The global rank behind a key, as far as any line tells.
  std::optional<int> rank_of(const RankKey& key) const {
    if (key.local_rank < 0) return std::nullopt;
    for (const auto& scan : scans_) {
      for (const auto& [other, rank] : scan.global_ranks) {
        if (who(other) == who(key)) return rank;
      }
    }
    const auto& launch = scans_[static_cast<std::size_t>(key.file)].launch;
    if (launch.processes_per_node && key.node >= 0) return key.node * *launch.processes_per_node + key.local_rank;
    if (launch.processes_per_node && launch.node_rank) {
      return *launch.node_rank * *launch.processes_per_node + key.local_rank;
    }
    if (several_nodes_ || key.node > 0) return std::nullopt;
    return key.local_rank;
  }

  std::optional<std::string> node_of(const RankKey& key) const {
    for (const auto& scan : scans_) {
      for (const auto& [other, worker] : scan.workers) {
        if (who(other) == who(key) && !worker.host.empty() && worker.host != "localhost") return worker.host;
      }
    }
    const auto& names = scans_[static_cast<std::size_t>(key.file)].node_names;
    if (const auto at = names.find(key.node); key.node >= 0 && at != names.end()) return at->second;
    const auto& node = files_[static_cast<std::size_t>(key.file)].node;
    return node.empty() ? std::nullopt : std::optional(node);
  }

  const WorkerExit* worker_with(long pid) const {
    for (const auto& scan : scans_) {
      for (const auto& [key, worker] : scan.workers) {
        if (worker.pid == pid) return &worker;
      }
    }
    return nullptr;
  }

  // Every known rank failed with these words, or failed by itself without showing any.
  bool failed_everywhere(const Event& event) const {
    if (event.members.size() >= 2) return event.members.size() >= known_.size();
    if (known_.size() < 2) return false;
    std::set<Who> alike;
    for (const auto& scan : scans_) {
      for (const auto& other : scan.events) {
        if (other.cause == event.cause && other.says == event.says) alike.insert(who(other.key));
      }
      for (const auto& [key, worker] : scan.workers) {
        if (worker.code.value_or(0) > 0 && !spoke_.contains(who(key))) alike.insert(who(key));
      }
    }
    return std::includes(alike.begin(), alike.end(), known_.begin(), known_.end());
  }

  // A worker that showed its own error: how it left is no news then.
  bool explained_itself(const RankKey& key) const { return explained_.contains(who(key)); }

  // The number of processes of the whole training; nullopt when nobody says.
  std::optional<int> world() const {
    for (const auto& scan : scans_) {
      if (!scan.launch.processes_per_node) continue;
      if (scan.launch.nodes || !several_nodes_) return *scan.launch.processes_per_node * scan.launch.nodes.value_or(1);
    }
    if (several_nodes_ || scans_.size() != 1 || scans_[0].processes.empty()) return std::nullopt;
    return static_cast<int>(scans_[0].processes.size());
  }

  // Of a time-out: the rank the others waited for. The rank that complains is not the one.
  std::optional<int> rank_behind(std::string_view cause) const {
    std::map<int, Waiting> waiting;
    for (const auto& scan : scans_) waiting.insert(scan.waiting.begin(), scan.waiting.end());
    std::map<long, std::vector<int>> at;  // sequence number → ranks that timed out there
    std::optional<std::pair<long, int>> least_enqueued;
    for (const auto& [rank, w] : waiting) {
      if (w.sequence)
        at[*w.sequence].push_back(rank);
      else if (w.last_enqueued && (!least_enqueued || *w.last_enqueued < least_enqueued->first)) {
        least_enqueued = {*w.last_enqueued, rank};
      }
    }
    if (at.size() > 1 && at.begin()->second.size() == 1) return at.begin()->second.front();
    if (!at.empty() && least_enqueued && least_enqueued->first < at.begin()->first) return least_enqueued->second;
    return only_silent_rank(cause);
  }

 private:
  std::optional<int> only_silent_rank(std::string_view cause) const {
    std::set<int> complained;
    for (const auto& scan : scans_) {
      for (const auto& event : scan.events) {
        if (event.cause != cause) continue;
        const auto rank = event.rank ? event.rank : rank_of(event.key);
        if (!rank) return std::nullopt;
        complained.insert(*rank);
      }
    }
    const auto size = world();
    if (!size || static_cast<int>(complained.size()) + 1 != *size) return std::nullopt;
    for (int rank = 0; rank < *size; ++rank) {
      if (!complained.contains(rank)) return rank;
    }
    return std::nullopt;
  }

  const std::vector<LogScan>& scans_;
  const std::vector<LogFile>& files_;
  std::set<Who> known_;
  std::set<Who> spoke_;      // showed any error, echoes included
  std::set<Who> explained_;  // showed an error that is no echo
  bool several_nodes_ = false;
};

std::size_t order_of(int file, std::size_t line) { return (static_cast<std::size_t>(file) << 40) + line; }

void point_to(Suspect& suspect, const Attempt& attempt, const RankKey& key) {
  suspect.node = attempt.node_of(key);
  if (key.local_rank < 0) return;
  suspect.local_rank = key.local_rank;
  suspect.rank = attempt.rank_of(key);
}

Suspect suspect_of(const Event& event, const Attempt& attempt, const LogFile& file) {
  Suspect s;
  s.cause = find_cause(event.cause);
  s.strength = event.strength;
  s.order = order_of(event.key.file, event.evidence.number);
  s.file = file.name;
  s.line = event.evidence.number;
  s.evidence = event.evidence.evidence;
  point_to(s, attempt, event.key);
  if (event.rank) s.rank = event.rank;
  if (event.pid) {
    if (const auto* worker = attempt.worker_with(*event.pid)) point_to(s, attempt, worker->key);
  }
  if (!event.node.empty()) s.node = event.node;
  const bool by_rank = event.shape == Shape::exception || event.shape == Shape::box || event.shape == Shape::shell;
  s.all_ranks = s.cause->of_rank && by_rank && attempt.failed_everywhere(event);
  if (event.cause == "nccl-timeout" || event.cause == "gloo-timeout") {
    s.rank = attempt.rank_behind(event.cause);
    s.local_rank.reset();
    s.node.reset();
  } else if (!s.cause->of_rank || s.all_ranks) {
    s.rank.reset();
    s.local_rank.reset();
  }
  return s;
}

bool is_shell_trouble(std::string_view cause) {
  return cause == "command-not-found" || cause == "bad-interpreter" || cause == "permission-denied";
}

// Lines that look like causes and are not, given what else the log holds.
bool is_explained(const Event& event, const LogScan& scan) {
  if (event.cause == echo) return true;
  // The script complained, and the training ran all the same.
  if (is_shell_trouble(event.cause)) {
    const auto trained = scan.training_line.find(event.key.node);
    return trained != scan.training_line.end() && trained->second > event.evidence.number;
  }
  // srun ends the other tasks of a step once one has failed.
  const bool step_only = event.cause == "cancelled" && event.strength == Strength::weak;
  return step_only && scan.srun_exit_line != 0 && scan.srun_exit_line < event.evidence.number;
}

std::optional<std::string_view> cause_of(const WorkerExit& worker, const LogScan& scan) {
  switch (worker.code.value_or(0)) {
    case 0:
    case -15:  // ended by torchrun, because of another
      return std::nullopt;
    case -11:
    case -7:
    case -8:
    case -4:
      return "segfault";
    case -9:
      return "sigkill";
    case -6: {
      const bool watchdog = std::any_of(scan.events.begin(), scan.events.end(), [&](const Event& e) {
        return e.key.local_rank == worker.key.local_rank && e.key.node == worker.key.node;
      });
      return watchdog ? std::nullopt : std::optional<std::string_view>("sigabrt");
    }
    default:
      return "child-failed";
  }
}

// The line that says most about this exit.
const TextLine& evidence_of(const WorkerExit& worker, std::string_view cause) {
  const TextLine* best = nullptr;
  if (cause == "child-failed") {
    // Exit status 1 tells nothing; the line with the rank does.
    best = worker.code == 1 ? &worker.rank_line : &worker.code_line;
  } else {
    best = worker.failed_line.number != 0 ? &worker.failed_line : &worker.signal_line;
  }
  for (const auto* line : {&worker.code_line, &worker.failed_line, &worker.rank_line}) {
    if (best->number == 0) best = line;
  }
  return *best;
}

std::optional<Suspect> suspect_of(const WorkerExit& worker, const Attempt& attempt, const LogScan& scan,
                                  const LogFile& file) {
  const auto cause = cause_of(worker, scan);
  if (!cause || (*cause == "child-failed" && attempt.explained_itself(worker.key))) return std::nullopt;
  const TextLine& evidence = evidence_of(worker, *cause);
  Suspect s;
  s.cause = find_cause(*cause);
  s.order = order_of(worker.key.file, evidence.number);
  s.file = file.name;
  s.line = evidence.number;
  s.evidence = evidence.evidence;
  point_to(s, attempt, worker.key);
  s.exit_code_class = worker.code == 1 ? 1 : 0;
  s.time = worker.time;
  return s;
}

// Nodes that reached torchrun minutes apart explain a rendezvous that gave up.
bool nodes_came_late(const std::vector<LogScan>& scans) {
  std::vector<double> first;
  for (const auto& scan : scans) {
    for (const auto& [node, seconds] : scan.first_seen) first.push_back(seconds);
  }
  const auto [least, most] = std::minmax_element(first.begin(), first.end());
  return first.size() >= 2 && *most - *least > 120;
}

bool is_rendezvous(const Suspect& s) { return s.cause->id.starts_with("rdzv-") && s.strength != Strength::rescue; }

}  // namespace

std::vector<Suspect> suspects_of(const std::vector<LogScan>& scans, const std::vector<LogFile>& files) {
  const Attempt attempt(scans, files);
  std::vector<Suspect> suspects;
  for (std::size_t i = 0; i < scans.size(); ++i) {
    for (const auto& event : scans[i].events) {
      if (!is_explained(event, scans[i])) suspects.push_back(suspect_of(event, attempt, files[i]));
    }
    for (const auto& [key, worker] : scans[i].workers) {
      if (auto s = suspect_of(worker, attempt, scans[i], files[i])) suspects.push_back(std::move(*s));
    }
    for (auto& trend : trends_of(scans[i], files[i])) {
      trend.order = order_of(static_cast<int>(i), trend.order);
      suspects.push_back(std::move(trend));
    }
  }
  const bool rendezvous_failed = std::any_of(suspects.begin(), suspects.end(), is_rendezvous);
  std::erase_if(suspects, [&](const Suspect& s) { return s.strength == Strength::rescue && !rendezvous_failed; });
  if (nodes_came_late(scans)) {
    for (auto& s : suspects) {
      if (s.cause->id == "rdzv-timeout") s.cause = find_cause("import-storm");
    }
  }
  return suspects;
}

void for_each_line(const LogFile& file, const std::function<bool(std::string_view)>& take) {
  if (file.text) {
    std::string_view rest = *file.text;
    while (!rest.empty()) {
      const auto end = rest.find('\n');
      if (!take(rest.substr(0, end))) return;
      if (end == std::string_view::npos) return;
      rest.remove_prefix(end + 1);
    }
    return;
  }
  std::ifstream in(file.path, std::ios::binary);
  if (!in) throw Error("cannot read the log " + file.path.string() + ": " + std::strerror(errno));
  std::string line;
  std::string part(64UL * 1024, '\0');
  bool open = false;
  while (in.read(part.data(), static_cast<std::streamsize>(part.size())), in.gcount() > 0) {
    std::string_view rest(part.data(), static_cast<std::size_t>(in.gcount()));
    while (!rest.empty()) {
      const auto end = rest.find('\n');
      // Only the head of an endless line is looked at.
      if (line.size() < longest_line) line.append(rest.substr(0, std::min(end, longest_line)));
      open = end == std::string_view::npos;
      if (open) break;
      if (!take(line)) return;
      line.clear();
      rest.remove_prefix(end + 1);
    }
  }
  if (open) take(line);
}

std::string line_of(const LogFile& file, std::size_t number) {
  std::string found;
  std::size_t at = 0;
  for_each_line(file, [&](std::string_view raw) {
    if (++at != number) return true;
    LogLine line;
    normalise(raw, line);
    found = line.evidence;
    return false;
  });
  return found;
}

}  // namespace tt::logs
