// tt/logs/torchrun_table.hpp: what torchrun says about its workers' ends: the "failed (exitcode: ..)" line and the
// table of a ChildFailedError. torchrun's "Root Cause" is a hint, not an answer: every entry is kept, none is preferred
// here.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tt/logs/traceback.hpp"

namespace tt::logs {

struct WorkerExit {
  RankKey key;  // local_rank is told by torchrun
  std::optional<int> rank;
  std::optional<int> code;  // negative: a signal
  std::optional<long> pid;
  std::string host;
  std::string time;      // whole seconds, as printed
  TextLine failed_line;  // "failed (exitcode: -9) local_rank: 2 (pid: 31274) of binary: .."
  TextLine rank_line;
  TextLine code_line;
  TextLine signal_line;       // "traceback : Signal 11 (SIGSEGV) received by PID .."
  std::size_t order() const;  // the first line that speaks of it
};

class TorchrunTable {
 public:
  // Reads one line of torchrun itself; true when it belongs to a table. Tracebacks inside the table are copies of what
  // the worker printed, perhaps the only ones on the console.
  bool feed(const LogLine& line, const RankKey& agent, std::size_t number, std::vector<ExceptionChain>& copies);
  void finish(std::vector<ExceptionChain>& copies);
  const std::map<RankKey, WorkerExit>& workers() const { return workers_; }

 private:
  struct Table {
    bool open = false;
    bool root_cause_seen = false;
    bool in_traceback = false;
    WorkerExit entry;
    TracebackCollector traceback;
  };
  void keep(Table& table, std::vector<ExceptionChain>& copies);
  bool in_table(Table& table, const LogLine& line, const RankKey& agent, std::size_t number,
                std::vector<ExceptionChain>& copies);
  bool failed_line(const LogLine& line, const RankKey& agent, std::size_t number);

  std::map<RankKey, Table> tables_;  // per torchrun
  std::map<RankKey, WorkerExit> workers_;
};

// The number behind `words`, if any.
std::optional<long> number_after(std::string_view text, std::string_view words);

}  // namespace tt::logs
