#include "tt/comm/trace_flight.hpp"

#include <fmt/format.h>

#include <array>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"

namespace tt::comm {
namespace {

// "nccl:send 0->1" → nccl, send.
struct Name {
  std::string_view backend;
  std::string_view operation;
};

Name read_name(std::string_view profiling_name) {
  const std::size_t colon = profiling_name.find(':');
  if (colon == std::string_view::npos) return {"", profiling_name};
  std::string_view operation = profiling_name.substr(colon + 1);
  return {profiling_name.substr(0, colon), operation.substr(0, operation.find(' '))};
}

}  // namespace

void FlightReader::read_entries(JsonStream& stream) {
  stream.each_element([this](JsonView one, const JsonStream::Byte& byte) { entry(one, byte); });
}

void FlightReader::read_groups(JsonView config) {
  config.each_key([this](std::string_view name, JsonView group) {
    const auto text = group.at("ranks").text();
    const auto list = text ? read_ranks(*text) : std::nullopt;
    if (list && !list->cut && !list->ranks.empty()) groups_[std::string(name)] = *list;
  });
}

FlightReader::Side FlightReader::side_of(JsonView sizes, JsonView dtypes, std::string_view name,
                                         const JsonStream::Byte& byte) const {
  if (!sizes.is_list() || !dtypes.is_list())
    input_.refuse(byte(), fmt::format("entry `{}` has no sizes (`input_sizes`, `input_dtypes`, ...)", printable(name)),
                  "without them nothing can be added up");
  std::vector<std::string> types;
  dtypes.each([&](JsonView type) { types.emplace_back(type.text().value_or("")); });
  Side side;
  std::size_t tensor = 0;
  sizes.each([&](JsonView extents) {
    const std::string type = tensor < types.size() ? types[tensor] : "";
    ++tensor;
    const auto width = element_bytes(type);
    if (!width)
      input_.refuse(byte(), fmt::format("entry `{}` has elements of type `{}`, whose size is not known",
                                        printable(name), printable(type)));
    std::optional<std::uint64_t> elements = extents.is_list() ? std::optional<std::uint64_t>(1) : std::nullopt;
    extents.each([&](JsonView dim) {
      const auto size = dim.integer();
      elements = elements && size && *size >= 0 ? times(*elements, static_cast<std::uint64_t>(*size)) : std::nullopt;
    });
    const auto bytes = elements ? times(*elements, *width) : std::nullopt;
    if (!bytes)
      input_.refuse(byte(), fmt::format("entry `{}` has a size that cannot be: {}", printable(name), extents.raw()));
    side.elements += *elements;
    side.bytes += *bytes;
    if (tensor == 1)
      side.dtype = type;
    else if (side.dtype != type)
      side.dtype = "mixed";
  });
  return side;
}

void FlightReader::entry(JsonView one, const JsonStream::Byte& byte) {
  ++entries_;
  enum Key { kName, kGroup, kInSizes, kInTypes, kOutSizes, kOutTypes, kRecord, kState, kRetired, kKeys };
  static constexpr std::array<std::string_view, kKeys> keys{"profiling_name", "process_group", "input_sizes",
                                                            "input_dtypes",   "output_sizes",  "output_dtypes",
                                                            "record_id",      "state",         "retired"};
  std::array<JsonView, kKeys> of;
  one.pick(keys, of);
  const auto name = of[kName].text();
  if (!name) input_.refuse(byte(), "an entry has no `profiling_name`: the file is damaged");
  if (const auto record = of[kRecord].integer()) {
    if (last_record_ && *record > *last_record_ + 1)
      missing_ += static_cast<std::uint64_t>(*record - *last_record_ - 1);
    if (!first_record_) first_record_ = record;
    last_record_ = record;
  }
  const auto [backend, operation] = read_name(*name);
  gloo_ = gloo_ || backend == "gloo";
  if (of[kState].text() != "completed" && !of[kRetired].boolean().value_or(false)) ++unfinished_;
  const Side in = side_of(of[kInSizes], of[kInTypes], *name, byte);
  const Side out = side_of(of[kOutSizes], of[kOutTypes], *name, byte);
  if (in.bytes == 0 && out.bytes == 0) {
    ++without_data_[std::string(*name)];
    return;
  }
  const std::string_view known = operation_of(operation);
  Call call{known.empty() ? operation : known, in.dtype.empty() ? out.dtype : in.dtype};
  call.in_bytes = in.bytes;
  call.out_bytes = out.bytes;
  const bool one_shard = backend == "gloo" && known == "all_gather";  // its output is not the whole tensor
  if (!known.empty() && !one_shard) call.logical_bytes = logical_of(known, in.bytes, out.bytes);
  std::vector<std::string> group;
  of[kGroup].each([&](JsonView part) { group.emplace_back(part.text().value_or("")); });
  group.resize(2);
  bool is_new = false;
  TraceRow& row = rows_.row(fmt::format("{}\x01{}\x01{}\x01{}", group[0], group[1], *name, call.dtype), call, is_new);
  if (is_new) {
    row.group_desc = group[1];
    row.profiling_name = *name;
    groups_of_rows_.emplace_back(&row, group[0]);
  }
  RowTable::add(row, call);
}

Recording FlightReader::finish() {
  Recording recording;
  recording.file = input_.name();
  recording.kind = TraceKind::flight_recorder;
  recording.counted = plural(static_cast<std::int64_t>(rows_.calls()), "entry", "entries") + " of the ring buffer";
  for (const auto& [row, name] : groups_of_rows_) {
    const auto group = groups_.find(name);
    if (group == groups_.end()) continue;
    row->ranks = group->second.ranks;
    row->group_size = static_cast<std::int64_t>(group->second.ranks.size());
  }
  recording.rows = rows_.take();
  for (TraceRow& row : recording.rows) row.device_seconds.reset();
  const auto note = [&](std::uint64_t count, const std::string& why) {
    if (count > 0) recording.notes.push_back(plural(static_cast<std::int64_t>(count), "entry", "entries") + " " + why);
  };
  if (entries_ == 0) recording.notes.emplace_back("the ring buffer is empty");
  if (first_record_ && *first_record_ > 0)
    recording.notes.push_back(
        fmt::format("records {} to {} only: earlier ones are not in the dump", *first_record_, *last_record_));
  note(missing_, "between them are not in the dump");
  note(unfinished_, "counted that had not completed when the dump was made");
  for (const auto& [name, calls] : without_data_)
    note(calls, fmt::format("`{}` not counted: no data", printable(name)));
  if (gloo_)
    recording.notes.emplace_back(
        "gloo records a reduce-scatter as an all_reduce, and one shard as the output of an all_gather");
  return recording;
}

}  // namespace tt::comm
