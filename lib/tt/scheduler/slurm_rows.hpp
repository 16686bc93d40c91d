// tt/scheduler/slurm_rows.hpp: what squeue or sacct says of the tasks of some arrays, found by array and index.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tt/job/ids.hpp"
#include "tt/scheduler/slurm_words.hpp"

namespace tt::slurm {

class Rows {
 public:
  // Of one task ("77_3") or of a whole array ("77"). What is said of it later replaces what was said before.
  void add(std::string_view id, Row row);
  // Of many tasks of an array at once. What is said of one of them alone wins, whenever it is said.
  void add_many(std::string_view array, std::span<const int> indices, Row row);

  const Row* find(const JobId& job, int index) const;
  const Row* find_whole(const JobId& job) const;
  std::size_t size() const;  // tasks and whole arrays of which something is known
  bool empty() const { return arrays_.empty(); }

 private:
  struct Many {
    std::vector<bool> holds;  // by index
    Row row;
    bool has(int index) const;
  };
  struct Array {
    std::map<int, Row> alone;
    std::vector<Many> together;
    std::optional<Row> whole;
  };
  Array& array(std::string_view id);
  const Array* find_array(const JobId& job) const;

  std::map<std::string, Array, std::less<>> arrays_;
};

}  // namespace tt::slurm
