#include "tt/comm/trace_chrome.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"

namespace tt::comm {
namespace {

// Records of the process group that move no data of their own.
bool moves_nothing(std::string_view name) {
  constexpr auto names = std::to_array<std::string_view>(
      {"barrier", "wait", "init", "coalesced", "start_coalesced", "end_coalesced", "startCoalesced", "endCoalesced"});
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::int64_t> regular_ranks(std::int64_t start, std::int64_t stride, std::int64_t size) {
  std::vector<std::int64_t> ranks;
  for (std::int64_t k = 0; k < size; ++k) ranks.push_back(start + k * stride);
  return ranks;
}

bool begins_with(const std::vector<std::int64_t>& ranks, const std::vector<std::int64_t>& front) {
  return front.size() <= ranks.size() && std::equal(front.begin(), front.end(), ranks.begin());
}

constexpr std::int64_t kMostRanks = 1 << 24;

}  // namespace

void ChromeReader::read_events(JsonStream& stream) {
  stream.each_element([this](JsonView one, const JsonStream::Byte& byte) { event(one, byte); });
}

void ChromeReader::read_distributed_info(JsonView info) {
  rank_ = info.at("rank").integer();
  world_size_ = info.at("world_size").integer();
  info.at("pg_config").each([this](JsonView one) {
    const auto name = one.at("pg_name").text();
    if (!name) return;
    Group group;
    group.size = one.at("pg_size").integer();
    const std::string_view backend = one.at("backend_config").text().value_or("");
    group.is_real = group.size.value_or(0) > 1 && backend.find("fake") == std::string_view::npos;
    const JsonView ranks = one.at("ranks");
    if (const auto text = ranks.text()) {
      const auto list = read_ranks(*text);
      if (list && !list->cut) group.ranks = list->ranks;
    } else if (ranks.is_list()) {
      std::vector<std::int64_t> list;
      ranks.each([&](JsonView rank) { list.push_back(rank.integer().value_or(-1)); });
      group.ranks = list;
    }
    groups_[std::string(*name)] = group;
  });
}

void ChromeReader::event(JsonView one, const JsonStream::Byte& byte) {
  ++events_;
  static constexpr std::array<std::string_view, 2> keys{"cat", "name"};
  std::array<JsonView, 2> found;
  one.pick(keys, found);
  if (!found[1] && !one.is_object()) input_.refuse(byte(), "an event is not an object: the file is damaged");
  const std::string_view name = found[1].text().value_or("");
  constexpr std::string_view c10d = "c10d::";
  constexpr std::string_view functional = "_c10d_functional::";
  constexpr std::string_view gloo = "gloo:";
  constexpr std::string_view step = "ProfilerStep#";
  if (name == "record_param_comms") {
    collective(one, byte, calls_);
  } else if (name.starts_with("nccl")) {
    if (found[0].text() == "kernel") collective(one, byte, kernels_);
  } else if (name.starts_with(c10d)) {
    calls_.empty() ? plain_.call(name.substr(c10d.size()), one, byte) : plain_.only_count();
  } else if (name.starts_with(functional)) {
    if (calls_.empty()) plain_.functional(name.substr(functional.size()), one);
  } else if (name.starts_with(gloo)) {
    if (calls_.empty()) plain_.gloo(name.substr(gloo.size()), one);
  } else if (name.starts_with(step)) {
    if (const auto number = to_integer(name.substr(step.size()))) steps_.insert(*number);
  }
}

void ChromeReader::collective(JsonView one, const JsonStream::Byte& byte, RowTable& table) {
  enum Key { kName, kIn, kOut, kType, kSize, kGroup, kDesc, kRanks, kStart, kStride, kKeys };
  static constexpr std::array<std::string_view, kKeys> keys{"Collective name",
                                                            "In msg nelems",
                                                            "Out msg nelems",
                                                            "dtype",
                                                            "Group size",
                                                            "Process Group Name",
                                                            "Process Group Description",
                                                            "Process Group Ranks",
                                                            "Global rank start",
                                                            "Global rank stride"};
  std::array<JsonView, kKeys> of;
  one.at("args").pick(keys, of);
  const bool is_kernel = &table == &kernels_;
  const auto recorded = of[kName].text();
  if (is_kernel && !recorded) {
    ++bare_kernels_;
    return;
  }
  if (!recorded) input_.refuse(byte(), "`record_param_comms` without a `Collective name`");
  const auto in = of[kIn].integer();
  const auto out = of[kOut].integer();
  if (moves_nothing(*recorded) && in.value_or(0) == 0 && out.value_or(0) == 0) {
    if (!is_kernel) ++without_data_[std::string(*recorded)];
    return;
  }
  if (!in || !out || *in < 0 || *out < 0)
    input_.refuse(byte(), fmt::format("`{}` has no sizes (`In msg nelems`, `Out msg nelems`)", printable(*recorded)),
                  "without them nothing can be added up");
  const auto dtype = of[kType].text();
  const auto width = dtype ? element_bytes(*dtype) : std::nullopt;
  if (!width)
    input_.refuse(byte(), dtype ? fmt::format("`{}` has elements of type `{}`, whose size is not known",
                                              printable(*recorded), printable(*dtype))
                                : fmt::format("`{}` has no `dtype`", printable(*recorded)));
  const auto size = of[kSize].integer();
  if (size && (*size < 1 || *size > kMostRanks))
    input_.refuse(byte(), fmt::format("a group of {} ranks cannot be: the file is damaged", *size));
  Call call;
  const std::string_view known = operation_of(*recorded);
  call.op = known.empty() ? *recorded : known;
  call.dtype = *dtype;
  const auto ins = static_cast<std::uint64_t>(*in);
  const auto outs = static_cast<std::uint64_t>(*out);
  if (const std::string wrong = contradiction(call.op, ins, outs, size); !wrong.empty())
    input_.refuse(byte(), wrong + ": the file is damaged");
  const auto in_bytes = times(ins, *width);
  const auto out_bytes = times(outs, *width);
  if (!in_bytes || !out_bytes) input_.refuse(byte(), "more than 16 TiB in one call cannot be: the file is damaged");
  call.in_bytes = *in_bytes;
  call.out_bytes = *out_bytes;
  if (!known.empty()) call.logical_bytes = logical_of(call.op, call.in_bytes, call.out_bytes);
  if (const auto microseconds = is_kernel ? one.at("dur").number() : std::nullopt)
    call.device_seconds = *microseconds * 1e-6;

  const std::string_view group = of[kGroup].text().value_or("");
  const std::string_view desc = of[kDesc].text().value_or("");
  key_.clear();
  for (const std::string_view part : {group, desc, of[kRanks].text().value_or(""), call.op, call.dtype}) {
    key_ += part;
    key_ += '\0';
  }
  bool is_new = false;
  TraceRow& row = table.row(key_, call, is_new);
  if (is_new) {
    row.group_desc = desc;
    row.group_size = size;
    fill_in_group(row, of[kRanks], group, of[kStart].integer(), of[kStride].integer(), byte);
    if (known.empty() && !is_kernel) ++unknown_[std::string(*recorded)];
  } else if (row.group_size != size) {
    input_.refuse(byte(), fmt::format("group `{}` has {} ranks here and {} before: the file is damaged",
                                      printable(group), size.value_or(0), row.group_size.value_or(0)));
  }
  RowTable::add(row, call);
}

void ChromeReader::fill_in_group(TraceRow& row, JsonView ranks, std::string_view name,
                                 std::optional<std::int64_t> start, std::optional<std::int64_t> stride,
                                 const JsonStream::Byte& byte) {
  OpenGroup open;
  open.row = &row;
  open.name = name;
  open.byte = byte();
  open.start = start;
  open.stride = stride;
  if (const auto text = ranks.text()) {
    const auto list = read_ranks(*text);
    if (!list) input_.refuse(open.byte, fmt::format("`{}` is no list of ranks", printable(*text)));
    open.listed = *list;
  }
  open_groups_.push_back(std::move(open));
}

void ChromeReader::close_group(const OpenGroup& open) {
  TraceRow& row = *open.row;
  const auto configured = groups_.find(open.name);
  if (!row.group_size && configured != groups_.end()) row.group_size = configured->second.size;
  const bool listed = !open.listed.cut && !open.listed.ranks.empty();
  if (listed && !row.group_size) row.group_size = static_cast<std::int64_t>(open.listed.ranks.size());
  if (!row.group_size)
    input_.refuse(open.byte,
                  fmt::format("the ranks of group `{}` ({}) are not recorded, nor how many they are",
                              printable(open.name), printable(row.group_desc)),
                  "the trace should carry `Process Group Ranks`, or the group in `distributedInfo`");
  const auto size = static_cast<std::size_t>(*row.group_size);
  std::optional<std::vector<std::int64_t>> regular;
  if (open.start && *open.start >= 0 && open.stride && *open.stride > 0)
    regular = regular_ranks(*open.start, *open.stride, *row.group_size);
  if (listed)
    row.ranks = open.listed.ranks;
  else if (configured != groups_.end() && configured->second.ranks && configured->second.ranks->size() == size)
    row.ranks = configured->second.ranks;
  else
    row.ranks = regular;
  const bool fits = !row.ranks || (row.ranks->size() == size && begins_with(*row.ranks, open.listed.ranks) &&
                                   (!regular || *row.ranks == *regular));
  if (!fits)
    input_.refuse(open.byte, fmt::format("the ranks of group `{}` ({}) contradict its size, {}, or its start and "
                                         "stride: the file is damaged",
                                         printable(open.name), printable(row.group_desc), size));
  if (!row.ranks && open.listed.ranks.empty())
    input_.refuse(
        open.byte,
        fmt::format("the ranks of group `{}` ({}) are not recorded", printable(open.name), printable(row.group_desc)),
        "the trace should carry `Process Group Ranks`, or the group in `distributedInfo`");
}

// c10d events do not say their group. When all groups that move data have the same ranks, it can only be those.
void ChromeReader::name_the_only_group(Recording& recording) const {
  std::optional<std::vector<std::int64_t>> only;
  for (const auto& [name, group] : groups_) {
    if (!group.is_real) continue;
    if (!group.ranks || (only && *only != *group.ranks)) return;
    only = group.ranks;
  }
  if (!only) return;
  const std::uint64_t n = only->size();
  for (const TraceRow& row : recording.rows) {
    if (row.op == "all_gather" && row.in_bytes * n != row.out_bytes) return;
    if (row.op == "reduce_scatter" && row.out_bytes * n != row.in_bytes) return;
  }
  for (TraceRow& row : recording.rows) {
    row.ranks = only;
    row.group_size = static_cast<std::int64_t>(n);
  }
  recording.notes.emplace_back("the ranks are those of the only group that moves data");
}

// A row and the kernels of the same calls: their time is the row's when their number agrees.
void ChromeReader::add_kernel_times(std::vector<TraceRow>& rows) {
  const std::vector<TraceRow> kernels = kernels_.take();
  for (TraceRow& row : rows) {
    row.device_seconds.reset();
    for (const TraceRow& kernel : kernels) {
      if (kernel.group_desc == row.group_desc && kernel.ranks == row.ranks && kernel.op == row.op &&
          kernel.dtype == row.dtype && kernel.calls == row.calls)
        row.device_seconds = kernel.device_seconds;
    }
  }
}

void ChromeReader::note_what_was_left_out(Recording& recording) const {
  const auto note = [&](std::uint64_t count, const std::string& what, const std::string& why) {
    if (count > 0)
      recording.notes.push_back(fmt::format("{} not counted: {}", plural(static_cast<std::int64_t>(count), what), why));
  };
  if (!recording.counted.starts_with("c10d")) note(plain_.seen(), "c10d event", "the same calls, seen from above");
  if (recording.counted.starts_with("record_param_comms"))
    note(kernels_.calls(), "kernel", "the same calls on the GPU; their time stands beside them");
  note(bare_kernels_, "NCCL kernel", "they carry no sizes");
  for (const auto& [name, calls] : without_data_) note(calls, "record of `" + name + "`", "no data");
  for (const auto& [name, rows] : unknown_)
    recording.notes.push_back(
        fmt::format("`{}` is not an operation this reader knows: its logical bytes are unknown", printable(name)));
}

Recording ChromeReader::finish() {
  Recording recording;
  recording.file = input_.name();
  recording.kind = TraceKind::chrome;
  recording.rank = rank_;
  recording.world_size = world_size_;
  recording.steps.assign(steps_.begin(), steps_.end());
  for (const OpenGroup& open : open_groups_) close_group(open);
  if (!calls_.empty()) {
    recording.counted = "record_param_comms events";
    note_what_was_left_out(recording);
    recording.rows = calls_.take();
    add_kernel_times(recording.rows);
  } else if (!kernels_.empty()) {
    recording.counted = "NCCL kernels (the trace has no CPU records of the calls)";
    note_what_was_left_out(recording);
    recording.rows = kernels_.take();
  } else {
    recording.counted = "c10d events (the trace has no record_param_comms: no NCCL job)";
    note_what_was_left_out(recording);
    recording.rows = plain_.finish(recording.notes);
    if (recording.rows.empty()) {
      recording.counted = "nothing";
      recording.notes = {
          fmt::format("there is no collective among its {}", plural(static_cast<std::int64_t>(events_), "event"))};
    }
    for (TraceRow& row : recording.rows) row.device_seconds.reset();
    name_the_only_group(recording);
  }
  return recording;
}

}  // namespace tt::comm
