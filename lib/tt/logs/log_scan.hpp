// tt/logs/log_scan.hpp: one log file turned into events, in one pass and bounded memory. What the events mean together
// is decided elsewhere (diagnose.hpp).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tt/logs/log_reader.hpp"
#include "tt/logs/torchrun_table.hpp"

namespace tt::logs {

// Something that may be a cause or an echo.
struct Event {
  std::string cause;  // id of causes.hpp, or "echo"
  Strength strength = Strength::strong;
  Shape shape = Shape::plain;
  RankKey key;
  std::optional<int> rank;  // global, as far as the line tells
  std::optional<long> pid;  // named in the text
  std::string node;         // named in the text
  TextLine evidence;
  std::string says;          // the exception's text, to find the same on other ranks
  std::vector<int> members;  // ranks a collected exception names
  bool is_copy = false;      // repeated inside torchrun's table
  bool from_traceback = false;
  std::size_t last_line = 0;  // where it was seen last
};

// A rank that waited in vain for a collective, or said how far it got.
struct Waiting {
  std::optional<long> sequence;       // of the collective that timed out
  std::optional<long> last_enqueued;  // of a rank that was told of another's time-out
};

struct LaunchFacts {
  std::optional<int> processes_per_node;
  std::optional<int> nodes;
  std::optional<int> node_rank;
};

struct LogScan {
  int file = 0;
  LogState state;
  std::vector<Event> events;  // in order of lines
  std::map<RankKey, WorkerExit> workers;
  std::set<RankKey> ranks;                   // that spoke with a rank tag
  std::map<RankKey, int> global_ranks;       // learned from lines with both tags, and from torchrun
  std::map<int, Waiting> waiting;            // per global rank
  std::map<int, std::string> node_names;     // of srun's labels
  std::map<int, double> first_seen;          // seconds within the year at which a node's first dated line was printed
  std::set<std::pair<int, long>> processes;  // (node, pid) of torchrun's workers, as far as named
  std::map<int, std::size_t> training_line;  // per node: last line that training printed
  std::size_t end_mark_line = 0;             // 0: no end mark after the last restart
  std::size_t last_trouble_line = 0;         // last line of an exit, a signal or an exception that is not an echo
  std::size_t srun_exit_line = 0;            // first "srun: error: NODE: task N: Exited with exit code"
  std::optional<TextLine> last_step_line;
  TextLine last_line;  // last line that is not blank
  LaunchFacts launch;
};

class LogScanner {
 public:
  explicit LogScanner(int file, std::optional<int> local_rank = {});
  void feed(std::string_view raw);
  LogScan finish();

 private:
  void learn(std::size_t number);
  void learn_launch();
  void learn_waiting();
  void add(Event event);
  void add_chain(const ExceptionChain& chain, bool is_copy);
  void add_matched(Shape shape, std::size_t number);
  void forget_earlier_try();

  LogScan scan_;
  std::optional<int> local_rank_;  // of a per-rank file, whose lines carry no tag
  LogLine line_;
  RankKey key_;
  TracebackCollector tracebacks_;
  TorchrunTable table_;
  std::size_t number_ = 0;
  bool exit_since_step_ = false;
};

// The node's name a scheduler, the kernel or NCCL put into a line; empty when there is none.
std::string node_named_in(std::string_view text);

}  // namespace tt::logs
