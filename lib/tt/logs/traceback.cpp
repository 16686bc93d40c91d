#include "tt/logs/traceback.hpp"

#include "tt/base/text.hpp"

namespace tt::logs {

namespace {

constexpr std::string_view traceback_head = "Traceback (most recent call last):";
constexpr std::size_t most_tail_lines = 12;
constexpr int most_foreign_lines = 200;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

// "ValueError: text", "torch.OutOfMemoryError: text", or a bare "AssertionError".
bool is_exception_line(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && is_name_character(text[end])) ++end;
  if (end == 0 || end > 200) return false;
  const auto name = text.substr(0, end);
  const auto last = name.substr(name.rfind('.') == std::string_view::npos ? 0 : name.rfind('.') + 1);
  if (last.empty() || last[0] < 'A' || last[0] > 'Z') return false;
  return end == text.size() || text.substr(end).starts_with(": ") || text.substr(end) == ":";
}

bool is_marker(std::string_view text) { return text.find_first_not_of("^~ ") == std::string_view::npos; }

std::optional<int> sub_rank(std::string_view head) {
  const auto at = head.find("(RANK ");
  if (at == std::string_view::npos) return std::nullopt;
  const auto close = head.find(')', at);
  if (close == std::string_view::npos) return std::nullopt;
  const auto number = to_integer(head.substr(at + 6, close - at - 6));
  return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

}  // namespace

// A line as the collector sees it: how far it is indented, and what it says. Bars of exception groups are taken off.
struct TracebackCollector::Words {
  std::size_t indent = 0;
  std::string_view body;
  bool group_member = false;  // "+---------------- 2 ----------------"

  explicit Words(std::string_view text) {
    std::size_t at = text.find_first_not_of(' ');
    if (at == std::string_view::npos) return;
    if (at >= 2 && (text[at] == '|' || text[at] == '+')) {
      group_member = text.substr(at).starts_with("+-");
      at = std::min(at + 2, text.size());
      text.remove_prefix(at);
      at = text.find_first_not_of(' ');
      if (at == std::string_view::npos) return;
    }
    indent = at;
    body = trim(text);
  }
  bool blank() const { return body.empty(); }
  bool is_head() const {
    return body.starts_with(traceback_head) || body.starts_with("Exception Group Traceback (most recent call last):");
  }
  bool is_original_head() const { return body.starts_with("Original Traceback (most recent call last):"); }
  bool is_frame() const { return body.starts_with("File \"") && body.find(", line ") != std::string_view::npos; }
};

void TracebackCollector::open(Block& block, const Words& words, Link link) {
  block.mode = Mode::frames;
  block.indent = words.indent;
  block.saw_file = false;
  block.foreign = 0;
  block.source = {};
  block.next_link = link;
  block.next_rank = sub_rank(words.body);
}

void TracebackCollector::close(Block& block, std::vector<ExceptionChain>& done) {
  if (!block.chain.members.empty()) done.push_back(std::move(block.chain));
  block.chain = {};
  block.mode = Mode::outside;
  block.next_link = Link::first;
}

bool TracebackCollector::outside(Block& block, const LogLine& line, const Words& words) {
  if (words.body.starts_with("Exception ignored in")) {
    block.ignore_next = true;
    return true;
  }
  // A log cut at its beginning starts in the middle of a traceback.
  const bool headless = words.is_frame() && words.indent >= 2;
  if (!words.is_head() && !headless) return false;
  open(block, words, Link::first);
  if (headless) {
    block.indent = words.indent - 2;
    block.saw_file = true;
  }
  block.chain.ignored = block.ignore_next;
  block.ignore_next = false;
  block.chain.rank = line.rank;
  // Without torchrun in between, the only tag is PyTorch's own: "[rank3]: Traceback", a global rank and a space.
  if (!line.rank && line.local_rank && block.indent == 1) block.chain.rank = line.local_rank;
  return true;
}

bool TracebackCollector::in_frames(Block& block, const LogLine& line, const Words& words, Shape shape,
                                   std::size_t number) {
  if (words.blank()) return true;
  if (words.indent > block.indent) {
    if (words.is_frame())
      block.saw_file = true;
    else if (!is_marker(words.body) && block.saw_file)
      block.source = {number, std::string(words.body), line.evidence};
    else if (!block.saw_file) {
      block.mode = Mode::outside;
      return false;
    }
    return true;
  }
  const bool other_talk = shape != Shape::plain;
  if (block.saw_file && !other_talk && is_exception_line(words.body)) {
    Raised raised;
    raised.link = block.next_link;
    raised.exception = {number, std::string(words.body), line.evidence};
    raised.source = block.source;
    raised.rank = block.next_rank;
    block.chain.members.push_back(std::move(raised));
    block.mode = Mode::tail;
    block.next_link = Link::first;
    return true;
  }
  // The same rank's stdout between the lines of its stderr; words that only look like a traceback have no frames.
  if (!block.saw_file || ++block.foreign > most_foreign_lines) block.mode = Mode::outside;
  return false;
}

bool TracebackCollector::in_tail(Block& block, const LogLine& line, const Words& words, Shape shape, std::size_t number,
                                 std::vector<ExceptionChain>& done) {
  if (words.is_original_head()) {
    open(block, words, Link::original);
    return true;
  }
  if (words.is_head()) {
    if (sub_rank(words.body) || block.next_link == Link::sibling)
      open(block, words, Link::sibling);
    else if (block.next_link != Link::first)
      open(block, words, block.next_link);
    else {
      close(block, done);
      return outside(block, line, words);
    }
    return true;
  }
  if (words.group_member) {
    block.next_link = Link::sibling;
    return true;
  }
  if (words.body.starts_with("During handling of the above exception")) {
    block.next_link = Link::during;
    return true;
  }
  if (words.body.starts_with("The above exception was the direct cause")) {
    block.next_link = Link::cause;
    return true;
  }
  if (words.blank()) return true;
  auto& member = block.chain.members.back();
  const bool other_talk = shape != Shape::plain || words.body.starts_with("====") || words.body.starts_with("step:");
  if (other_talk || member.more.size() >= most_tail_lines) {
    if (block.next_link == Link::first) close(block, done);
    return false;
  }
  member.more.push_back({number, std::string(words.body), line.evidence});
  return true;
}

bool TracebackCollector::feed(const LogLine& line, const RankKey& key, Shape shape, std::size_t number,
                              std::vector<ExceptionChain>& done) {
  auto& block = blocks_[key];
  const Words words(line.text);
  switch (block.mode) {
    case Mode::frames:
      return in_frames(block, line, words, shape, number);
    case Mode::tail:
      return in_tail(block, line, words, shape, number, done);
    case Mode::outside:
      break;
  }
  block.chain = {};
  block.chain.key = key;
  return outside(block, line, words);
}

void TracebackCollector::finish(std::vector<ExceptionChain>& done) {
  for (auto& [key, block] : blocks_) close(block, done);
}

namespace {

struct Candidate {
  const Raised* member;
  const TextPattern* pattern;
  TextLine evidence;
};

// NCCL explains itself in the line after "Last error:".
std::optional<TextLine> last_error(const Raised& member) {
  for (std::size_t i = 0; i + 1 < member.more.size(); ++i) {
    if (member.more[i].text == "Last error:") return member.more[i + 1];
  }
  return std::nullopt;
}

bool is_empty_assertion(const Raised& member) {
  return member.exception.text == "AssertionError" || member.exception.text == "AssertionError:";
}

// The line that stands for an exception nobody knows: the message, wherever it was printed.
TextLine plain_evidence(const Raised& member) {
  if (!is_empty_assertion(member)) return member.exception;
  if (!member.more.empty() && member.exception.text.ends_with(':')) return member.more.front();
  return member.source.number != 0 ? member.source : member.exception;
}

Candidate candidate_of(const Raised& member) {
  if (const auto* pattern = match(Shape::exception, member.exception.text)) {
    if (pattern->cause.starts_with("nccl-")) {
      if (const auto explained = last_error(member)) return {&member, pattern, *explained};
    }
    return {&member, pattern, member.exception};
  }
  if (member.source.number != 0) {
    if (const auto* pattern = match(Shape::source, member.source.text)) {
      return {&member, pattern, is_empty_assertion(member) ? member.source : member.exception};
    }
  }
  // The message goes on: the earliest row of the table among its lines, the particular before the general.
  Candidate best{&member, nullptr, plain_evidence(member)};
  for (const auto& line : member.more) {
    const auto* pattern = match(Shape::exception, line.text);
    if (pattern == nullptr || (best.pattern != nullptr && best.pattern <= pattern)) continue;
    best = {&member, pattern, line};
  }
  return best;
}

bool is_particular(const Candidate& c) { return c.pattern != nullptr && c.pattern->cause != wrapper; }

// A later particular candidate wins over an earlier one in a chain; of siblings the first does.
bool wins_over(const Candidate& later, const Candidate& best) {
  if (is_particular(later) != is_particular(best)) return is_particular(later);
  if (is_particular(later)) {
    if (later.pattern->strength != best.pattern->strength) return later.pattern->strength < best.pattern->strength;
    return later.member->link != Link::sibling;
  }
  const bool best_is_wrapper = best.pattern != nullptr;
  if (best_is_wrapper) return true;
  return later.member->link == Link::cause || later.member->link == Link::original;
}

}  // namespace

Chosen choose(const ExceptionChain& chain) {
  std::optional<Candidate> best;
  for (const auto& member : chain.members) {
    const Candidate candidate = candidate_of(member);
    if (!best || wins_over(candidate, *best)) best = candidate;
  }
  if (!best) return {};
  return {best->member, best->pattern, best->evidence};
}

}  // namespace tt::logs
