// tt/logs/traceback.hpp: Python tracebacks put together from a log in which ranks talk at the same time.
//
// One open block per rank. A chain ("During handling of the above exception ...") is one event with several candidates.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tt/logs/causes.hpp"
#include "tt/logs/normalise.hpp"

namespace tt::logs {

struct TextLine {
  std::size_t number = 0;
  std::string text;      // trimmed
  std::string evidence;  // as printed
};

// How an exception came after the one before it in its chain.
enum class Link {
  first,
  during,    // an accident while the earlier one was handled: the earlier one tells more
  cause,     // deliberately raised from the earlier one
  original,  // the exception a worker process sent, printed below its wrapper
  sibling,   // of another rank or group member, beside the earlier ones
};

struct Raised {
  Link link = Link::first;
  TextLine exception;          // "ValueError: ..."
  TextLine source;             // the last statement shown above it
  std::vector<TextLine> more;  // lines that continue the message
  std::optional<int> rank;     // "(RANK 1)" of a collected exception
};

struct ExceptionChain {
  RankKey key;
  std::optional<int> rank;  // global, when a tag told it
  std::vector<Raised> members;
  bool ignored = false;  // Python said "Exception ignored in"
};

class TracebackCollector {
 public:
  // Reads one line; true when the line belongs to a traceback. Chains that ended are appended to `done`.
  bool feed(const LogLine& line, const RankKey& key, Shape shape, std::size_t number,
            std::vector<ExceptionChain>& done);
  void finish(std::vector<ExceptionChain>& done);

 private:
  enum class Mode { outside, frames, tail };
  struct Block {
    Mode mode = Mode::outside;
    std::size_t indent = 0;
    bool saw_file = false;
    int foreign = 0;
    bool ignore_next = false;
    Link next_link = Link::first;
    std::optional<int> next_rank;
    TextLine source;
    ExceptionChain chain;
  };
  struct Words;
  bool in_frames(Block& block, const LogLine& line, const Words& words, Shape shape, std::size_t number);
  bool in_tail(Block& block, const LogLine& line, const Words& words, Shape shape, std::size_t number,
               std::vector<ExceptionChain>& done);
  bool outside(Block& block, const LogLine& line, const Words& words);
  static void open(Block& block, const Words& words, Link link);
  static void close(Block& block, std::vector<ExceptionChain>& done);

  std::map<RankKey, Block> blocks_;
};

// The member and line of a chain that say best what happened.
struct Chosen {
  const Raised* member = nullptr;
  const TextPattern* pattern = nullptr;  // nullptr: nothing particular, "some exception"
  TextLine evidence;
};
Chosen choose(const ExceptionChain& chain);

}  // namespace tt::logs
