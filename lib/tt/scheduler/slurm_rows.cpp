#include "tt/scheduler/slurm_rows.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "tt/base/text.hpp"

namespace tt::slurm {

bool Rows::Many::has(int index) const {
  return index >= 0 && static_cast<std::size_t>(index) < holds.size() && holds[static_cast<std::size_t>(index)];
}

Rows::Array& Rows::array(std::string_view id) {
  const auto found = arrays_.find(id);
  return found != arrays_.end() ? found->second : arrays_[std::string(id)];
}

void Rows::add(std::string_view id, Row row) {
  const std::size_t bar = id.find('_');
  if (bar == std::string_view::npos) {
    array(id).whole = std::move(row);
    return;
  }
  const auto index = to_integer(id.substr(bar + 1));
  if (!index || *index < 0 || *index > kLargestIndex) return;  // no task of an array
  array(id.substr(0, bar)).alone.insert_or_assign(static_cast<int>(*index), std::move(row));
}

void Rows::add_many(std::string_view id, std::span<const int> indices, Row row) {
  if (indices.empty()) return;
  Many many{std::vector<bool>(static_cast<std::size_t>(*std::max_element(indices.begin(), indices.end())) + 1), {}};
  for (const int index : indices) many.holds[static_cast<std::size_t>(index)] = true;
  many.row = std::move(row);
  array(id).together.push_back(std::move(many));
}

const Rows::Array* Rows::find_array(const JobId& job) const {
  const auto found = arrays_.find(std::string_view(job.text).substr(0, job.text.find('_')));
  return found == arrays_.end() ? nullptr : &found->second;
}

const Row* Rows::find(const JobId& job, int index) const {
  const Array* array = find_array(job);
  if (array == nullptr) return nullptr;
  if (const auto alone = array->alone.find(index); alone != array->alone.end()) return &alone->second;
  const auto many =
      std::find_if(array->together.begin(), array->together.end(), [&](const Many& some) { return some.has(index); });
  return many == array->together.end() ? nullptr : &many->row;
}

const Row* Rows::find_whole(const JobId& job) const {
  const Array* array = find_array(job);
  return array == nullptr || !array->whole ? nullptr : &*array->whole;
}

std::size_t Rows::size() const {
  std::size_t known = 0;
  for (const auto& [id, array] : arrays_) {
    std::set<int> tasks;
    for (const auto& [index, row] : array.alone) tasks.insert(index);
    for (const Many& many : array.together) {
      for (std::size_t i = 0; i < many.holds.size(); ++i) {
        if (many.holds[i]) tasks.insert(static_cast<int>(i));
      }
    }
    known += tasks.size() + (array.whole ? 1 : 0);
  }
  return known;
}

}  // namespace tt::slurm
