// tt/titan/aliases.hpp: how keys moved from era to era, from data/aliases.tsv; and a setting said in another era's
// words.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tt/base/value.hpp"
#include "tt/job/run.hpp"
#include "tt/titan/era.hpp"

namespace tt::titan {

// One step of one key. The same key on both sides: only its value or form changed.
struct Move {
  std::string old_key;
  std::string new_key;                // empty: gone
  std::optional<Era> last_with_old;   // nullopt: the key lived only between two releases
  std::optional<Era> first_with_new;  // nullopt: after the newest era
  std::string mapping;                // about the value, for people; for a key that is gone, what to do instead
  std::string transform;              // "same", "invert", "map", ... as in the table
};
std::span<const Move> moves();

// What `key` became by `era`, following the moves; nullopt when no chain of moves ends in a key of the era.
std::optional<std::string> newer_name(Era era, std::string_view key);
// What `era` called a key of a later one.
std::optional<std::string> older_name(Era era, std::string_view key);
// The move that took `key` away without a successor by `era`.
const Move* removal(Era era, std::string_view key);

// An assignment in whatever era's words, in the words of `era`. The era's own keys, and keys nobody knows, pass
// through. Throws Error with a sentence where the value cannot be carried over (a key that is gone, a pair of keys made
// one).
Assignment in_words_of(Era era, const Assignment& assignment);

}  // namespace tt::titan
