#include "tt/logs/torchrun_table.hpp"

#include <algorithm>
#include <charconv>

#include "tt/base/text.hpp"

namespace tt::logs {

std::optional<long> number_after(std::string_view text, std::string_view words) {
  const auto at = text.find(words);
  if (at == std::string_view::npos) return std::nullopt;
  auto rest = text.substr(at + words.size());
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  long number = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error != std::errc()) return std::nullopt;
  return number;
}

namespace {

// "  exitcode  : -9 (pid: 31274)" → "-9 (pid: 31274)"
std::optional<std::string_view> field(std::string_view text, std::string_view name) {
  auto rest = trim(text);
  if (!rest.starts_with(name)) return std::nullopt;
  rest = trim(rest.substr(name.size()));
  if (!rest.starts_with(':')) return std::nullopt;
  return trim(rest.substr(1));
}

std::optional<int> as_int(std::optional<long> number) {
  return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

bool is_rule(std::string_view text, char c) {
  text = trim(text);
  return text.size() >= 10 && text.find_first_not_of(c) == std::string_view::npos;
}

void fill(TextLine& line, const TextLine& other) {
  if (line.number == 0) line = other;
}

}  // namespace

std::size_t WorkerExit::order() const {
  std::size_t first = 0;
  for (const auto* line : {&failed_line, &rank_line, &code_line, &signal_line}) {
    if (line->number != 0 && (first == 0 || line->number < first)) first = line->number;
  }
  return first;
}

void TorchrunTable::keep(Table& table, std::vector<ExceptionChain>& copies) {
  if (table.in_traceback) {
    std::vector<ExceptionChain> chains;
    table.traceback.finish(chains);
    for (auto& chain : chains) {
      chain.key = table.entry.key;
      chain.rank = table.entry.rank;
      copies.push_back(std::move(chain));
    }
    table.in_traceback = false;
  }
  if (table.entry.key.local_rank >= 0) {
    auto& worker = workers_[table.entry.key];
    worker.key = table.entry.key;
    if (table.entry.rank) worker.rank = table.entry.rank;
    if (table.entry.code) worker.code = table.entry.code;
    if (table.entry.pid) worker.pid = table.entry.pid;
    if (!table.entry.host.empty()) worker.host = table.entry.host;
    if (!table.entry.time.empty()) worker.time = table.entry.time;
    fill(worker.rank_line, table.entry.rank_line);
    fill(worker.code_line, table.entry.code_line);
    fill(worker.signal_line, table.entry.signal_line);
  }
  table.entry = {};
}

bool TorchrunTable::in_table(Table& table, const LogLine& line, const RankKey& agent, std::size_t number,
                             std::vector<ExceptionChain>& copies) {
  const auto text = trim(line.text);
  // Others talk between torchrun's lines, and a killed torchrun never ends its table.
  if (shape_of(line.text) != Shape::plain) return failed_line(line, agent, number);
  const TextLine here{number, std::string(text), line.evidence};
  if (is_rule(text, '=')) {
    keep(table, copies);
    table.open = !table.root_cause_seen;
    return true;
  }
  if (is_rule(text, '-') || (text.starts_with('[') && text.ends_with("]:"))) {
    keep(table, copies);
    return true;
  }
  if (text == "Root Cause (first observed failure):") {
    table.root_cause_seen = true;
    return true;
  }
  if (table.in_traceback) {
    const RankKey entry{agent.file, agent.node, 0};
    std::vector<ExceptionChain> done;
    table.traceback.feed(line, entry, Shape::plain, number, done);
    for (auto& chain : done) {
      chain.key = table.entry.key;
      chain.rank = table.entry.rank;
      copies.push_back(std::move(chain));
    }
    return true;
  }
  if (const auto time = field(text, "time"))
    table.entry.time = std::string(*time);
  else if (const auto host = field(text, "host"))
    table.entry.host = std::string(*host);
  else if (const auto rank = field(text, "rank")) {
    table.entry.rank = as_int(number_after(*rank, ""));
    table.entry.key = {agent.file, agent.node, as_int(number_after(*rank, "local_rank:")).value_or(-1)};
    table.entry.rank_line = here;
  } else if (const auto code = field(text, "exitcode")) {
    table.entry.code = as_int(number_after(*code, ""));
    table.entry.pid = number_after(*code, "pid:");
    table.entry.code_line = here;
  } else if (const auto trace = field(text, "traceback")) {
    if (trace->starts_with("Signal ")) table.entry.signal_line = here;
    if (trace->starts_with("Traceback (most recent call last)")) {
      table.in_traceback = true;
      table.traceback = {};
      LogLine head;
      head.text = "  " + std::string(*trace);
      std::vector<ExceptionChain> none;
      table.traceback.feed(head, {agent.file, agent.node, 0}, Shape::plain, number, none);
    }
  }
  return true;
}

// Before torch 2.9 other words stand around it, these never changed.
bool TorchrunTable::failed_line(const LogLine& line, const RankKey& agent, std::size_t number) {
  if (line.text.find("failed (exitcode: ") == std::string::npos) return false;
  const auto local = number_after(line.text, "local_rank:");
  if (!local) return false;
  auto& worker = workers_[{agent.file, agent.node, static_cast<int>(*local)}];
  worker.key = {agent.file, agent.node, static_cast<int>(*local)};
  worker.code = as_int(number_after(line.text, "(exitcode:"));
  worker.pid = number_after(line.text, "(pid:");
  worker.failed_line = {number, line.text, line.evidence};
  return true;
}

bool TorchrunTable::feed(const LogLine& line, const RankKey& agent, std::size_t number,
                         std::vector<ExceptionChain>& copies) {
  if (agent.local_rank >= 0) return false;
  auto& table = tables_[agent];
  if (table.open) return in_table(table, line, agent, number, copies);
  // The table follows "torch.distributed...ChildFailedError:" and its rule.
  if (line.text.ends_with(" FAILED") && line.text.find(' ') == line.text.size() - 7) {
    table = {};
    table.open = true;
    return true;
  }
  return failed_line(line, agent, number);
}

void TorchrunTable::finish(std::vector<ExceptionChain>& copies) {
  for (auto& [agent, table] : tables_) {
    if (table.open) keep(table, copies);
  }
}

}  // namespace tt::logs
