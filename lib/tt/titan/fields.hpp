// tt/titan/fields.hpp: sizes read from a table by name, all problems collected, each at the place of its key.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tt/base/error.hpp"
#include "tt/base/value.hpp"

namespace tt::titan {

// Where a key is written; for a key that is not there, where it should be.
using PlaceOfKey = std::function<Place(std::string_view key)>;

// A null counts as absent. What is wrong becomes a problem, and reading goes on.
class Fields {
 public:
  Fields(const Value& table, PlaceOfKey place_of, Problems& problems);
  bool has(std::string_view key) const;
  // A whole number from 1 to 100,000,000; 1 after a problem.
  std::int64_t size(std::string_view key);
  std::int64_t size_or(std::string_view key, std::int64_t fallback);
  std::optional<std::int64_t> size_if_there(std::string_view key);
  // The same, and 0 is allowed.
  std::int64_t count_or(std::string_view key, std::int64_t fallback);
  bool flag_or(std::string_view key, bool fallback);
  std::string text(std::string_view key);
  const Value& value(std::string_view key) const;
  void problem(std::string_view key, std::string message, std::string hint = "");

 private:
  std::optional<std::int64_t> number(std::string_view key, std::int64_t least);

  const Value& table_;
  PlaceOfKey place_of_;
  Problems& problems_;
};

}  // namespace tt::titan
