// tt/comm/trace_flight.hpp: collectives in a dump of PyTorch's flight recorder (its JSON form).
//
// The recorder is a ring: old entries are overwritten, so a dump shows the last calls of a job, not a step. With gloo a
// reduce-scatter stands in it as an all-reduce, and an all-gather shows one shard as its output.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tt/comm/trace_json.hpp"
#include "tt/comm/trace_rows.hpp"

namespace tt::comm {

class FlightReader {
 public:
  explicit FlightReader(const TraceInput& input) : input_(input) {}
  void read_entries(JsonStream& stream);  // the array `entries`
  void read_groups(JsonView config);      // `pg_config`
  Recording finish();

 private:
  struct Side {
    std::uint64_t elements = 0;
    std::uint64_t bytes = 0;
    std::string dtype;
  };
  void entry(JsonView entry, const JsonStream::Byte& byte);
  Side side_of(JsonView sizes, JsonView dtypes, std::string_view name, const JsonStream::Byte& byte) const;

  const TraceInput& input_;
  RowTable rows_;
  std::vector<std::pair<TraceRow*, std::string>> groups_of_rows_;
  std::map<std::string, RankList, std::less<>> groups_;
  std::map<std::string, std::uint64_t> without_data_;
  std::optional<std::int64_t> first_record_, last_record_;
  std::uint64_t entries_ = 0;
  std::uint64_t missing_ = 0;     // records between the first and the last that are not there
  std::uint64_t unfinished_ = 0;  // not completed when the dump was made
  bool gloo_ = false;
};

}  // namespace tt::comm
