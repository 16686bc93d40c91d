// titan_section of estimate_text.hpp: model `titan` as a section of summary.md.
#include <fmt/format.h>

#include "tt/base/text.hpp"
#include "tt/base/units.hpp"
#include "tt/comm/estimate_text.hpp"

namespace tt::comm {

namespace {

std::string in_mib(const Value& bytes) {
  return bytes.is_number() ? fmt::format("{:.2f}", bytes.as_number() / mib) : "unknown";
}

std::string count(const Value& number) { return number.is_integer() ? with_thousands(number.as_integer()) : "unknown"; }

const Value& rank_with_most(const Value& record) {
  const std::int64_t wanted = record.at("max").integer_or("pp_rank");
  for (const Value& rank : record.at("ranks").as_list())
    if (rank.integer_or("pp_rank") == wanted) return rank;
  return record.at("ranks").as_list().front();
}

std::string spread(const Value& group) {
  if (!group.at("nodes").is_integer()) return "unknown";
  return std::to_string(group.integer_or("nodes"));
}

std::string totals(const Value& record, const Value& rank) {
  std::string text = "| what | ranks | nodes | calls per step | logical MiB per step | wire MiB per step |\n";
  text += "|---|---:|---:|---:|---:|---:|\n";
  for (const auto& [name, sum] : rank.at("total").as_table()) {
    const Value& group = record.at("groups").at(name.substr(0, name.find('.')));
    text += fmt::format("| {} | {} | {} | {} | {} | {} |\n", name, count(group.at("size")), spread(group),
                        count(sum.at("count")), in_mib(sum.at("logical_bytes")), in_mib(sum.at("wire_bytes")));
  }
  return text + fmt::format("| all | | | | | {} |\n", in_mib(rank.at("wire_bytes_per_step")));
}

std::string memory(const Value& rank, const Value& record) {
  const Value& memory = rank.at("memory");
  const Value& reserved = memory.at("predicted_reserved_gib");
  return fmt::format("Memory of one GPU, approximate: {} GiB reserved, most of it {}; {}.\n",
                     reserved.is_number() ? fmt::format("{:.2f}", reserved.as_number()) : "unknown",
                     memory.text_or("largest", "unknown"), record.text_or("memory_verdict", "unknown"));
}

std::string time(const Value& seconds) {
  if (!seconds.is_table()) return "Time of a step: unknown, the links and cards of the site are not described.\n";
  return fmt::format("Time of a step, approximate: {:.4f} s, of which compute {:.4f} s; bound by {}.\n",
                     seconds.at("total").as_number(), seconds.at("compute").as_number(), seconds.text_or("bound_by"));
}

std::string list(std::string_view title, const Value& entries) {
  if (!entries.is_list() || entries.as_list().empty()) return {};
  std::string text = fmt::format("\n{}:\n\n", title);
  for (const Value& entry : entries.as_list()) text += fmt::format("- {}\n", plain_text(entry));
  return text;
}

// The fullest rank is the one whose memory counts.
const Value& fullest(const Value& record) {
  const Value* most = nullptr;
  for (const Value& rank : record.at("ranks").as_list())
    if (most == nullptr ||
        rank.at("memory").integer_or("peak_active_bytes") > most->at("memory").integer_or("peak_active_bytes"))
      most = &rank;
  return *most;
}

}  // namespace

std::string titan_section(const Value& record) {
  const Value& rank = rank_with_most(record);
  std::string text;
  if (record.at("ranks").as_list().size() > 1)
    text += fmt::format("Pipeline rank {}, which sends the most:\n\n", rank.integer_or("pp_rank"));
  text += rank.at("total").as_table().empty() ? "Nothing moves between GPUs.\n" : totals(record, rank);
  std::int64_t control = 0;
  for (const Value& event : rank.at("control").as_list()) control += event.integer_or("count");
  text += fmt::format("\nBesides, in no total: {} of control, latency only.\n", plural(control, "all-reduce"));
  text += memory(fullest(record), record);
  text += time(record.at("step_seconds"));
  text += list("Assumptions", record.at("step_seconds").at("assumptions"));
  return text + list("Warnings", record.at("warnings"));
}

}  // namespace tt::comm
