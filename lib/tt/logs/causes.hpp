// tt/logs/causes.hpp: the table of known causes and the texts that show them. A new cause is a row, a new wording is a
// row.
//
// Texts are fragments, never with source line numbers, addresses, pids or ports: those change with every build.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace tt::logs {

enum class Retry { retry, retry_elsewhere, resume, no_retry, ask_user, none };
std::string_view to_string(Retry retry);

// tier: precedence, 1 beats 2 beats 3. Tier 7 are echoes: others noticed that somebody died.
struct Cause {
  std::string_view id;
  int tier;
  Retry retry;
  std::string_view remedy;
  bool of_rank = true;  // false: the rank that says it is not the one to look at
};

// nullptr when there is no such id.
const Cause* find_cause(std::string_view id);
std::span<const Cause> all_causes();

// Where a text may stand to count. The same words inside data, names or configurations count nothing.
enum class Shape : unsigned {
  exception = 1,     // last line of a Python traceback, or the lines that continue it
  source = 2,        // the statement above a bare AssertionError
  glog_error = 4,    // "[E1012 09:18:33.201 ProcessGroupNCCL.cpp:..] ..", torchrun's own errors
  glog_warning = 8,  // the same with W or I
  nccl = 16,         // "... NCCL WARN ..."
  scheduler = 32,    // srun, slurmstepd, PBS
  kernel = 64,       // dmesg
  shell = 128,       // "script: line 4: ..."
  box = 256,         // option parser's box
  plain = 512,       // anything else; patterns for it must stand at the start of the line
  titan = 1024,      // TorchTitan's logger: never a cause
};
constexpr unsigned operator|(Shape a, Shape b) { return static_cast<unsigned>(a) | static_cast<unsigned>(b); }
constexpr unsigned operator|(unsigned a, Shape b) { return a | static_cast<unsigned>(b); }
Shape shape_of(std::string_view text);

// weak: says the same less clearly; a strong text of the same cause is better evidence.
// rescue: counts only when something else failed that it explains.
enum class Strength { strong, weak, rescue };

struct TextPattern {
  std::string_view cause;
  unsigned shapes;
  std::string_view first;        // must occur
  std::string_view second = {};  // must occur behind `first`, when given
  Strength strength = Strength::strong;
  std::string_view without = {};  // must not occur, when given
};

// The first row that fits; rows stand from the particular to the general. nullptr: nothing known.
const TextPattern* match(Shape shape, std::string_view text);
std::span<const TextPattern> all_patterns();

// Not a cause at all: somebody closed a connection because a peer died.
inline constexpr std::string_view echo = "echo";
// A wrapper around the real exception (torchrun's ChildFailedError, a checkpoint's collection).
inline constexpr std::string_view wrapper = "wrapper";

}  // namespace tt::logs
