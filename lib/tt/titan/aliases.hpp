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

// One move followed forward (old key → new key) or back.
struct Step {
  const Move* move = nullptr;
  bool forward = true;
  const std::string& to() const { return forward ? move->new_key : move->old_key; }
};
// The renames that lead from `key` to a key of `era`, whatever era it comes from; empty when there is no such way (and
// when the era knows the key already).
std::vector<Step> way(Era era, std::string_view key);

// What `key` became by `era`, following the moves; nullopt when no chain of moves ends in a key of the era.
std::optional<std::string> newer_name(Era era, std::string_view key);
// What `era` called a key of a later one.
std::optional<std::string> older_name(Era era, std::string_view key);
// The move that took `key`, or what it was renamed to, away without a successor by `era`.
const Move* removal(Era era, std::string_view key);

// An assignment in whatever era's words, in the words of `era` (translate.cpp). The value takes the form it has there,
// also where the key kept its name: converters: "float8" is ["quantize.linear.float8"] since 0.2.0. Keys nobody knows
// pass through. Throws Error (bad_input) with a sentence where the key or the value cannot be carried over: what stands
// in its place, and what to do.
Assignment in_words_of(Era era, const Assignment& assignment);

}  // namespace tt::titan
