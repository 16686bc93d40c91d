#include "tt/comm/fabric.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/embedded.hpp"
#include "tt/base/error.hpp"
#include "tt/base/text.hpp"

namespace tt::comm {

namespace {

std::vector<std::vector<std::string>> rows_of_table(std::string_view name) {
  const auto text = embedded::find(embedded::hardware(), name);
  if (!text) throw Error(fmt::format("the table {} is missing from this build of tt", name));
  std::vector<std::vector<std::string>> rows;
  for (const std::string& line : split_lines(*text))
    if (!line.empty()) rows.push_back(split(line, '\t'));
  rows.erase(rows.begin());
  return rows;
}

struct Known {
  std::string device;
  Fabric fabric;
};

const std::vector<Known>& hardware() {
  static const std::vector<Known> all = [] {
    constexpr double giga = 1e9, tera = 1e12, gib = 1024.0 * 1024 * 1024;
    std::vector<Known> read;
    for (const auto& row : rows_of_table("hardware.tsv")) {
      const auto number = [&](std::size_t column) { return to_double(row.at(column)).value(); };
      Fabric fabric;
      fabric.name = row.at(0);
      fabric.title = row.at(1);
      fabric.link_bytes_per_second = number(3) * giga;
      fabric.nic_bytes_per_second = number(4) * giga;
      fabric.peak_flops = number(5) * tera;
      fabric.memory_bytes = number(6) * gib;
      read.push_back({row.at(2), std::move(fabric)});
    }
    return read;
  }();
  return all;
}

}  // namespace

std::optional<Fabric> find_hardware(std::string_view name) {
  for (const Known& known : hardware())
    if (known.fabric.name == name) return known.fabric;
  return std::nullopt;
}

std::optional<Fabric> hardware_of_device(std::string_view device) {
  // "GB200" is another machine than "B200".
  if (device.find("GB200") != std::string_view::npos || device.find("GH200") != std::string_view::npos)
    return std::nullopt;
  for (const Known& known : hardware())
    if (device.find(known.device) != std::string_view::npos) return known.fabric;
  return std::nullopt;
}

std::vector<std::string> hardware_names() {
  std::vector<std::string> names;
  for (const Known& known : hardware()) names.push_back(known.fabric.name);
  return names;
}

Placement place(std::int64_t size, std::int64_t stride, std::int64_t gpus_per_node) {
  Placement placed;
  placed.size = size;
  if (stride >= gpus_per_node) {
    placed.nodes = size;
    return placed;
  }
  placed.nodes = (size - 1) * stride / gpus_per_node + 1;
  const std::int64_t per_full_node = (gpus_per_node + stride - 1) / stride;
  placed.per_node = placed.nodes == 1 ? size : std::max<std::int64_t>(1, size - (placed.nodes - 1) * per_full_node);
  // Even where every group of the kind lies like that of rank 0: none may straddle an edge another way.
  placed.even = placed.nodes == 1 ? gpus_per_node % (size * stride) == 0 || size * stride > gpus_per_node
                                  : gpus_per_node % stride == 0 && size % (gpus_per_node / stride) == 0;
  if (size == 1) placed.even = true;
  return placed;
}

Placement place(const Step& step, Dim dim, std::int64_t gpus_per_node) {
  return place(group_size(step, dim), group_stride(step, dim), gpus_per_node);
}

namespace {

double ring_bandwidth(Op op, const Placement& placement, const Fabric& fabric) {
  for (const Fabric::Measured& one : fabric.measured)
    if (one.op == op && one.nodes == placement.nodes) return one.bytes_per_second;
  if (placement.nodes == 1) return fabric.link_bytes_per_second;
  return std::min(fabric.link_bytes_per_second, static_cast<double>(placement.per_node) * fabric.nic_bytes_per_second);
}

}  // namespace

double call_seconds(Op op, std::int64_t logical, const Placement& placement, const Fabric& fabric) {
  if (placement.size <= 1 || op == Op::recv) return 0;
  const bool far = placement.nodes > 1;
  const double one_step = far ? fabric.network_step_seconds : fabric.link_step_seconds;
  const auto bytes = static_cast<double>(logical);
  const auto n = static_cast<double>(placement.size), q = static_cast<double>(placement.per_node);
  switch (op) {
    case Op::send:
    case Op::permute:
      return fabric.base_seconds + one_step +
             bytes / (far ? fabric.nic_bytes_per_second : fabric.link_bytes_per_second);
    case Op::all_to_all:
      return fabric.base_seconds + one_step +
             std::max(bytes * (q - 1) / n / fabric.link_bytes_per_second,
                      far ? bytes * (n - q) / n / fabric.nic_bytes_per_second : 0.0);
    default:
      break;
  }
  const double rounds = op == Op::all_reduce ? 2 : 1;
  const double steps = rounds * (n - 1);
  const double network_steps = rounds * static_cast<double>(placement.nodes - 1);
  const double wire = bytes * rounds * (n - 1) / n;
  return fabric.base_seconds + (steps - network_steps) * fabric.link_step_seconds +
         network_steps * fabric.network_step_seconds + wire / ring_bandwidth(op, placement, fabric);
}

Peak peak_of_device(std::string_view device, titan::Era era, std::int64_t compute_units) {
  if (device.find("Data Center GPU Max") != std::string_view::npos && compute_units > 0)
    return {512.0 * static_cast<double>(compute_units) * 1300e6, true};
  for (const auto& row : rows_of_table("devices.tsv")) {
    if (const auto first = titan::parse_era(row.at(2)); !first || era < *first) continue;
    const auto words = split(row.at(0), '+');
    const bool fits = std::all_of(words.begin(), words.end(), [&](const std::string& word) {
      return device.find(word) != std::string_view::npos;  // in the letters of the table: TorchTitan looks the same way
    });
    if (fits) return {to_double(row.at(1)).value() * 1e12, true};
  }
  return {312e12, false};
}

}  // namespace tt::comm
