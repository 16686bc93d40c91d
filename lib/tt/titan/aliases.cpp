#include "tt/titan/aliases.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"
#include "tt/titan/schema.hpp"
#include "tt/titan/table.hpp"

namespace tt::titan {

namespace {

Move move_of_row(const Row& row) {
  Move move{std::string(row[0]), std::string(row[1]), parse_era(row[2]),
            parse_era(row[3]),   std::string(row[4]), std::string(row[5])};
  if (move.new_key.starts_with('(')) move.new_key.clear();  // "(removed)", "(none)"
  return move;
}

using Path = std::vector<const Move*>;

bool happened_by(Era era, const Move& move) { return move.first_with_new && *move.first_with_new <= era; }
bool is_rename(const Move& move) { return !move.new_key.empty() && move.new_key != move.old_key; }

// The renames that lead from `key` to a key of the era; empty when there is no such way.
Path way_forward(Era era, std::string_view key) {
  for (const Move& move : moves()) {
    if (move.old_key != key || !is_rename(move) || !happened_by(era, move)) continue;
    if (find_key(era, move.new_key)) return {&move};
    Path rest = way_forward(era, move.new_key);
    if (rest.empty()) continue;
    rest.insert(rest.begin(), &move);
    return rest;
  }
  return {};
}

Path way_back(Era era, std::string_view key) {
  for (const Move& move : moves()) {
    if (move.new_key != key || !is_rename(move) || happened_by(era, move)) continue;
    if (find_key(era, move.old_key)) return {&move};
    Path rest = way_back(era, move.old_key);
    if (rest.empty()) continue;
    rest.insert(rest.begin(), &move);
    return rest;
  }
  return {};
}

// "true -> fused, false -> foreach", read in the direction asked for.
std::optional<Value> mapped(const Move& move, const Value& value, bool forward) {
  for (const std::string& pair : split(move.mapping, ',')) {
    const auto arrow = pair.find(" -> ");
    if (arrow == std::string::npos) continue;
    std::string from(trim(std::string_view(pair).substr(0, arrow)));
    std::string to(trim(std::string_view(pair).substr(arrow + 4)));
    if (!forward) std::swap(from, to);
    if (plain_text(value) != from) continue;
    if (to == "true" || to == "false") return Value(to == "true");
    return Value(to);
  }
  return std::nullopt;
}

Value words_of_list(const Value& value) {
  if (!value.is_string()) return value;
  Value::List list;
  for (const std::string& part : split(value.as_string(), ',')) list.emplace_back(std::string(trim(part)));
  return list;
}

[[noreturn]] void cannot_carry(Era era, const Move& move, const std::string& given) {
  throw Error(fmt::format("'{}' cannot be said in {}: '{}' became '{}'{}{}", given, to_string(era), move.old_key,
                          move.new_key, move.mapping.empty() ? "" : ", ", move.mapping),
              ExitCode::bad_input);
}

Value carried(Era era, const Move& move, const Value& value, bool forward, const std::string& given) {
  if (move.transform == "same") return value;
  if (move.transform == "invert" && value.is_boolean()) return !value.as_boolean();
  if (move.transform == "list-from-string" && forward) return words_of_list(value);
  if (move.transform == "list-from-string" && value.is_list()) return value;
  if (move.transform == "map")
    if (auto other = mapped(move, value, forward)) return *other;
  cannot_carry(era, move, given);
}

}  // namespace

std::span<const Move> moves() {
  static const std::vector<Move> all = [] {
    std::vector<Move> read;
    for (const Row& row : table_rows("aliases.tsv")) read.push_back(move_of_row(row));
    return read;
  }();
  return all;
}

std::optional<std::string> newer_name(Era era, std::string_view key) {
  const Path path = way_forward(era, key);
  if (path.empty()) return std::nullopt;
  return path.back()->new_key;
}

std::optional<std::string> older_name(Era era, std::string_view key) {
  const Path path = way_back(era, key);
  if (path.empty()) return std::nullopt;
  return path.back()->old_key;
}

const Move* removal(Era era, std::string_view key) {
  for (const Move& move : moves())
    if (move.old_key == key && move.new_key.empty() && happened_by(era, move)) return &move;
  return nullptr;
}

Assignment in_words_of(Era era, const Assignment& assignment) {
  if (find_key(era, assignment.key)) return assignment;
  if (const Path path = way_forward(era, assignment.key); !path.empty()) {
    Assignment moved = assignment;
    for (const Move* move : path) moved = {move->new_key, carried(era, *move, moved.value, true, assignment.key)};
    return moved;
  }
  if (const Path path = way_back(era, assignment.key); !path.empty()) {
    Assignment moved = assignment;
    for (const Move* move : path) moved = {move->old_key, carried(era, *move, moved.value, false, assignment.key)};
    return moved;
  }
  if (const Move* gone = removal(era, assignment.key))
    throw Error(fmt::format("'{}' cannot be said in {}: the key is gone{}{}", assignment.key, to_string(era),
                            gone->mapping.empty() ? "" : "; ", gone->mapping),
                ExitCode::bad_input);
  return assignment;
}

namespace {

std::optional<std::string> moved_advice(Era era, std::string_view key) {
  if (const Path path = way_forward(era, key); !path.empty())
    return fmt::format("since {} this key is '{}'", to_string(*path.back()->first_with_new), path.back()->new_key);
  if (const Move* gone = removal(era, key))
    return fmt::format("{} has no such key any more{}{}", to_string(era), gone->mapping.empty() ? "" : ": ",
                       gone->mapping);
  if (const auto older = older_name(era, key)) return fmt::format("{} calls it '{}'", to_string(era), *older);
  return std::nullopt;
}

std::optional<std::string> era_advice(Era era, std::string_view key) {
  for (const std::string& name : era_names()) {
    const Era other = *parse_era(name);
    if (!find_key(other, key)) continue;
    return other > era ? fmt::format("the key exists since {}, this is {}", name, to_string(era))
                       : fmt::format("the key does not exist any more in {}", to_string(era));
  }
  return std::nullopt;
}

}  // namespace

std::string advice_for_unknown_key(Era era, std::string_view key) {
  if (const auto advice = moved_advice(era, key)) return *advice;
  if (const auto advice = era_advice(era, key)) return *advice;
  std::vector<std::string> names;
  for (const KeyInfo& known : keys(era)) names.push_back(known.key);
  if (const auto near = nearest(key, names)) return fmt::format("did you mean '{}'?", *near);
  return {};
}

}  // namespace tt::titan
