#include "tt/comm/trace_compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tt/base/text.hpp"

namespace tt::comm {
namespace {

struct MeshName {
  std::string_view recorded;
  std::string_view dim;
};

// What TorchTitan's releases call the groups of a dimension.
constexpr auto kMeshes = std::to_array<MeshName>({{"mesh_tp", "tp"},
                                                  {"mesh_cp", "cp"},
                                                  {"mesh_ep", "ep"},
                                                  {"mesh_fsdp", "fsdp"},
                                                  {"mesh_dp_shard", "fsdp"},
                                                  {"mesh_dp_shard_cp", "fsdp"},
                                                  {"mesh_efsdp", "efsdp"},
                                                  {"mesh_dp_shard_mod_ep", "efsdp"},
                                                  {"mesh_dp_replicate", "dp_replicate"},
                                                  {"mesh_pp", "pp"}});

// Groups that only carry what is logged and counted.
bool is_control_group(std::string_view desc) {
  return desc == "mesh_batch" || desc == "mesh_loss_mesh" || desc == "mesh_loss" || desc == "mesh_dp" ||
         desc == "mesh_dp_cp";
}

const Value& rank_of(const Value& estimate, std::int64_t pp_rank) {
  static const Value none;
  if (!estimate.at("ranks").is_list()) return none;
  for (const Value& rank : estimate.at("ranks").as_list())
    if (rank.integer_or("pp_rank", -1) == pp_rank) return rank;
  return none;
}

class Matching {
 public:
  Matching(const Value& estimate, std::int64_t pp_rank)
      : estimate_(estimate), rank_(rank_of(estimate, pp_rank)), pp_rank_(pp_rank) {}

  std::vector<ComparedRow> estimated() const {
    std::vector<ComparedRow> rows;
    if (!rank_.at("total").is_table()) return rows;
    for (const auto& [name, sum] : rank_.at("total").as_table()) {
      const std::size_t dot = name.find('.');
      ComparedRow row{name.substr(0, dot), name.substr(dot + 1), Amount{}, {}, {}};
      row.estimated = {static_cast<std::uint64_t>(sum.integer_or("count")),
                       static_cast<std::uint64_t>(sum.integer_or("logical_bytes"))};
      rows.push_back(row);
    }
    return rows;
  }

  // The dimensions a row can belong to, by the size of its group and its operation; its name decides among several.
  // Where the recording does not tell how large the group is, any with the operation.
  std::vector<std::string> dims_of(const TraceRow& row, const std::vector<ComparedRow>& rows) const {
    std::string named;
    for (const MeshName& mesh : kMeshes)
      if (mesh.recorded == row.group_desc) named = mesh.dim;
    if (!named.empty() && size_of(named) == row.group_size) return {named};
    std::vector<std::string> possible;
    for (const ComparedRow& one : rows)
      if (one.op == row.op && (!row.group_size || size_of(one.dim) == row.group_size)) possible.push_back(one.dim);
    return possible;
  }

  // A size that only the estimate's control traffic has, in a group of that many ranks.
  bool is_control(const TraceRow& row, const std::string& dim, std::uint64_t bytes) const {
    if (row.op != "all_reduce") return false;
    if (is_control_group(row.group_desc)) return true;
    const auto wanted = static_cast<std::int64_t>(bytes);
    if (rank_.at("rows").is_list()) {
      for (const Value& one : rank_.at("rows").as_list())
        if (one.text_or("dim") == dim && one.text_or("op") == row.op &&
            one.integer_or("logical_bytes_per_call") == wanted)
          return false;
    }
    if (!estimate_.at("control").is_list()) return false;
    const auto& control = estimate_.at("control").as_list();
    return std::any_of(control.begin(), control.end(), [&](const Value& one) {
      return one.integer_or("pp_rank", pp_rank_) == pp_rank_ && one.integer_or("bytes") == wanted &&
             one.integer_or("group_size") == row.group_size;
    });
  }

 private:
  std::optional<std::int64_t> size_of(const std::string& dim) const {
    const Value& size = estimate_.at("groups").at(dim).at("size");
    return size.is_integer() ? std::optional(size.as_integer()) : std::nullopt;
  }
  const Value& estimate_;
  const Value& rank_;
  std::int64_t pp_rank_;
};

void add(std::vector<ComparedRow>& rows, const std::string& dim, const std::string& op, const Amount& more) {
  auto row =
      std::find_if(rows.begin(), rows.end(), [&](const ComparedRow& one) { return one.dim == dim && one.op == op; });
  if (row == rows.end()) row = rows.insert(rows.end(), ComparedRow{dim, op, Amount{}, {}, {}});
  if (!row->measured) return;
  row->measured->calls += more.calls;
  row->measured->logical_bytes += more.logical_bytes;
}

// What might be theirs is in none of them: a number without it would be too small.
void forget(std::vector<ComparedRow>& rows, const std::vector<std::string>& dims, const std::string& op) {
  for (ComparedRow& row : rows)
    if (row.op == op && std::find(dims.begin(), dims.end(), row.dim) != dims.end()) row.measured.reset();
}

// Of all that is known on both sides. Far off in all: hardly the estimate of this run.
void doubt_the_estimate(const Value& estimate, Comparison& comparison) {
  constexpr double far = 5;
  double measured = 0, estimated = 0;
  for (const ComparedRow& row : comparison.rows) {
    if (!row.measured) continue;
    measured += static_cast<double>(row.measured->logical_bytes);
    estimated += static_cast<double>(row.estimated.logical_bytes);
  }
  if (estimated <= 0 || (measured * far >= estimated && measured <= estimated * far)) return;
  const std::int64_t gpus = estimate.at("shape").integer_or("world");
  comparison.notes.push_back(
      fmt::format("in all {:.3g} times what was estimated: is this the estimate of another run? It is of {}{}",
                  measured / estimated, printable(estimate.text_or("arch", "an unnamed model")),
                  gpus > 0 ? " on " + plural(gpus, "GPU") : ""));
}

std::string group_text(const TraceRow& row) {
  return row.group_desc.empty() ? "a group without a name" : fmt::format("`{}`", printable(row.group_desc));
}

}  // namespace

Comparison compare(const Recording& recording, const Value& estimate, std::int64_t pp_rank) {
  Comparison comparison;
  if (estimate.text_or("model") != "titan") {
    comparison.notes.emplace_back("only an estimate of model `titan` counts collectives: nothing to compare with");
    return comparison;
  }
  if (recording.kind == TraceKind::flight_recorder) {
    comparison.notes.emplace_back("a dump of the flight recorder holds the last calls of a job, not a step");
    return comparison;
  }
  const Matching matching(estimate, pp_rank);
  comparison.rows = matching.estimated();
  std::uint64_t control = 0;
  for (const TraceRow& row : recording.rows) {
    const std::vector<std::string> possible = matching.dims_of(row, comparison.rows);
    const std::string dim = possible.size() == 1 ? possible.front() : std::string();
    auto sizes = row.sizes;
    if (sizes.empty() && row.logical_bytes && row.calls > 0 && *row.logical_bytes % row.calls == 0)
      sizes[*row.logical_bytes / row.calls] = row.calls;
    Amount amount{row.calls, row.logical_bytes.value_or(0)};
    for (const auto& [bytes, calls] : sizes) {
      if (!matching.is_control(row, dim, bytes)) continue;
      amount.calls -= calls;
      amount.logical_bytes -= calls * bytes;
      control += calls;
    }
    if (amount.calls == 0) continue;
    if (!dim.empty() && row.logical_bytes) {
      add(comparison.rows, dim, row.op, amount);
      continue;
    }
    const std::string what =
        fmt::format("{} of {} in {}", plural(static_cast<std::int64_t>(amount.calls), "call"), row.op, group_text(row));
    comparison.notes.push_back(possible.empty() ? what + " are of no dimension of the estimate"
                               : !row.logical_bytes
                                   ? what + " do not say how much they moved: " + join(possible, ", ") + " unknown"
                                   : what + " may be of " + join(possible, " or of ") + ": all of them unknown");
    forget(comparison.rows, possible, row.op);
  }
  if (control > 0)
    comparison.notes.push_back(fmt::format("{} of control traffic left out, as in the estimate",
                                           plural(static_cast<std::int64_t>(control), "call")));
  const std::uint64_t steps = std::max<std::size_t>(1, recording.steps.size());
  if (recording.kind == TraceKind::nccl_log)
    comparison.notes.emplace_back("a log does not tell steps apart: all of it is laid beside one step");
  for (std::size_t k = 0; k < comparison.rows.size(); ++k) {
    ComparedRow& row = comparison.rows[k];
    if (!row.measured) continue;
    if (row.measured->calls % steps != 0)
      comparison.notes.push_back(
          fmt::format("{} {}: {} calls do not divide by {} steps", row.dim, row.op, row.measured->calls, steps));
    row.measured = {row.measured->calls / steps, row.measured->logical_bytes / steps};
    if (row.estimated.logical_bytes > 0)
      row.ratio = static_cast<double>(row.measured->logical_bytes) / static_cast<double>(row.estimated.logical_bytes);
    if (!row.agrees() && !comparison.first_disagreement) comparison.first_disagreement = k;
  }
  doubt_the_estimate(estimate, comparison);
  return comparison;
}

Value comparison_record(const Comparison& comparison) {
  Value rows = Value::array();
  for (const ComparedRow& row : comparison.rows)
    rows.push(Value::object()
                  .set("dim", row.dim)
                  .set("op", row.op)
                  .set("measured_calls", row.measured ? Value(row.measured->calls) : Value())
                  .set("estimated_calls", row.estimated.calls)
                  .set("measured_logical_bytes", row.measured ? Value(row.measured->logical_bytes) : Value())
                  .set("estimated_logical_bytes", row.estimated.logical_bytes)
                  .set("ratio", row.ratio ? Value(*row.ratio) : Value())
                  .set("agrees", row.measured ? Value(row.agrees()) : Value()));
  Value notes = Value::array();
  for (const std::string& note : comparison.notes) notes.push(note);
  const std::string first = first_disagreement(comparison);
  return Value::object()
      .set("rows", rows)
      .set("first_disagreement", first.empty() ? Value() : Value(first))
      .set("notes", notes);
}

std::string first_disagreement(const Comparison& comparison) {
  if (!comparison.first_disagreement) return {};
  const ComparedRow& row = comparison.rows[*comparison.first_disagreement];
  const auto amount = [](const Amount& one) {
    return fmt::format("{} and {} bytes", plural(static_cast<std::int64_t>(one.calls), "call"),
                       with_thousands(static_cast<std::int64_t>(one.logical_bytes)));
  };
  return fmt::format("{} {}: {} measured, {} estimated{}", row.dim, row.op, amount(row.measured.value_or(Amount{})),
                     amount(row.estimated), row.ratio ? fmt::format(" (ratio {:.4g})", *row.ratio) : "");
}

}  // namespace tt::comm
