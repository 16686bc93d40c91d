// Random TOML documents with a random layout, the tree each of them stands for, and random assignments to them.
// The same seed gives the same document everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tt/job/run.hpp"

namespace tt::test {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 2654435769u + 1) {}
  std::size_t below(std::size_t count);
  bool one_in(std::size_t count) { return below(count) == 0; }
  template <class List>
  const auto& pick(const List& list) {
    return list[below(std::size(list))];
  }

 private:
  std::uint64_t state_;
};

// What a document says, kept apart from everything that reads TOML.
struct Meaning {
  enum class Kind { leaf, list, table };
  // How a table or list was written: in braces or brackets, by dotted keys, implied by or with headers.
  enum class Way { literal, dotted, implied, header };

  Kind kind = Kind::table;
  Way way = Way::header;
  Value leaf;
  std::vector<std::pair<std::string, Meaning>> entries;  // of lists with empty names

  const Meaning* find(const std::string& name) const;
  Meaning* find(const std::string& name);
  Value value() const;
};

struct RandomToml {
  std::string text;
  Meaning meaning;
};
RandomToml random_toml(Dice& dice);

Value random_value(Dice& dice, int depth = 2);

struct RandomPatch {
  Overrides assignments;
  std::vector<std::string> replaced;  // keys of the assignments that are in the document already
  Meaning intended;
};
// Between none and six assignments that can be granted and do not contradict each other.
RandomPatch random_patch(Dice& dice, const Meaning& base);

}  // namespace tt::test
