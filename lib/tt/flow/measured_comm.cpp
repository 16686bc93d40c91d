#include "tt/flow/measured_comm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/hash.hpp"
#include "tt/base/text.hpp"
#include "tt/comm/trace.hpp"
#include "tt/comm/trace_compare.hpp"

namespace tt::flow {
namespace {

constexpr int deepest = 3;              // out/profiling/traces/iteration_20/rank0_trace.json.gz
constexpr std::size_t most_files = 16;  // of as many pipeline stages
constexpr std::uintmax_t largest = std::uintmax_t{4} << 30;

// "rank12_trace.json" → 12.
std::optional<std::int64_t> rank_of_trace(const std::string& name) {
  if (!name.starts_with("rank") || (!name.ends_with("_trace.json") && !name.ends_with("_trace.json.gz")))
    return std::nullopt;
  return to_integer(name.substr(4, name.find("_trace") - 4));
}

struct Found {
  std::map<std::int64_t, std::map<std::int64_t, fs::path>> traces;  // iteration → rank → file
  std::vector<fs::path> logs;
};

Found recordings_below(const fs::path& out) {
  Found found;
  std::error_code error;
  constexpr std::array<std::string_view, 3> others{"checkpoint", "tb", "memory_snapshot"};
  for (fs::recursive_directory_iterator entry(out, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (entry->is_directory(error)) {
      if (entry.depth() >= deepest || std::find(others.begin(), others.end(), name) != others.end())
        entry.disable_recursion_pending();
      continue;
    }
    if (name.starts_with("nccl") && name.ends_with(".log")) found.logs.push_back(entry->path());
    const auto rank = rank_of_trace(name);
    const std::string folder = entry->path().parent_path().filename().string();
    if (!rank) continue;
    const auto iteration = folder.starts_with("iteration_") ? to_integer(folder.substr(10)) : std::nullopt;
    found.traces[iteration.value_or(0)][*rank] = entry->path();
  }
  std::sort(found.logs.begin(), found.logs.end());
  return found;
}

std::int64_t stage_of(std::int64_t rank, const std::optional<Value>& estimate) {
  if (!estimate) return 0;
  const Value& shape = estimate->at("shape");
  const std::int64_t pp = shape.integer_or("pp", 1), world = shape.integer_or("world", 0);
  return pp > 1 && world >= pp ? rank / (world / pp) : 0;  // pipeline ranks are outermost
}

struct Recorded {
  fs::path file;
  std::int64_t stage = 0;
};

std::vector<Recorded> chosen(const Found& found, const std::optional<Value>& estimate) {
  std::vector<Recorded> files;
  if (found.traces.empty()) {
    if (!found.logs.empty()) files.push_back({found.logs.front(), 0});
    return files;
  }
  std::map<std::int64_t, fs::path> by_stage;
  for (const auto& [rank, file] : found.traces.rbegin()->second) by_stage.try_emplace(stage_of(rank, estimate), file);
  for (const auto& [stage, file] : by_stage)
    if (files.size() < most_files) files.push_back({file, stage});
  return files;
}

Value what_is_read(const std::vector<Recorded>& files, const fs::path& out, const std::optional<Value>& estimate) {
  Value list = Value::array();
  for (const Recorded& one : files) {
    std::error_code error;
    list.push(Value::object()
                  .set("file", one.file.lexically_relative(out).generic_string())
                  .set("bytes", static_cast<std::int64_t>(fs::file_size(one.file, error))));
  }
  return Value::object().set("files", std::move(list)).set("estimate", estimate ? fingerprint(to_json(*estimate)) : "");
}

}  // namespace

std::optional<Value> measured_comm(const RunFolder& folder, const std::optional<Value>& estimate, const Value& before) {
  const fs::path out = folder.out();
  const std::vector<Recorded> files = chosen(recordings_below(out), estimate);
  if (files.empty()) return std::nullopt;
  Value read = what_is_read(files, out, estimate);
  if (before.is_table() && before.at("read") == read) return before;
  std::vector<comm::Recording> recordings;
  Value comparisons = Value::array(), problems = Value::array();
  for (const Recorded& one : files) {
    const std::string name = one.file.lexically_relative(out).generic_string();
    std::error_code error;
    if (fs::file_size(one.file, error) > largest) {
      problems.push(fmt::format("{} is larger than 4 GiB: `tt-comm trace` reads it", name));
      continue;
    }
    try {
      for (comm::Recording& recording : comm::load_recording(name, one.file)) {
        if (estimate && recording.kind == comm::TraceKind::chrome && estimate->text_or("model") == "titan")
          comparisons.push(
              comm::comparison_record(comm::compare(recording, *estimate, one.stage)).set("file", recording.file));
        recordings.push_back(std::move(recording));
      }
    } catch (const BadInput& trouble) {
      for (const Problem& problem : trouble.problems()) problems.push(fmt::format("{}: {}", name, problem.message));
    }
  }
  Value record = comm::trace_record(recordings);
  return record.set("comparisons", std::move(comparisons))
      .set("problems", std::move(problems))
      .set("read", std::move(read));
}

}  // namespace tt::flow
