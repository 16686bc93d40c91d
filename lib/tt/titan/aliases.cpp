#include "tt/titan/aliases.hpp"

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

bool happened_by(Era era, const Move& move) { return move.first_with_new && *move.first_with_new <= era; }
bool is_rename(const Move& move) { return !move.new_key.empty() && move.new_key != move.old_key; }

std::vector<Step> way_in_direction(Era era, std::string_view key, bool forward) {
  for (const Move& move : moves()) {
    const Step step{&move, forward};
    if ((forward ? move.old_key : move.new_key) != key || !is_rename(move)) continue;
    if (happened_by(era, move) != forward) continue;
    if (find_key(era, step.to())) return {step};
    std::vector<Step> rest = way_in_direction(era, step.to(), forward);
    if (rest.empty()) continue;
    rest.insert(rest.begin(), step);
    return rest;
  }
  return {};
}

std::optional<std::string> last_name(const std::vector<Step>& steps) {
  return steps.empty() ? std::nullopt : std::optional(steps.back().to());
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

std::vector<Step> way(Era era, std::string_view key) {
  if (find_key(era, key)) return {};
  std::vector<Step> steps = way_in_direction(era, key, true);
  return steps.empty() ? way_in_direction(era, key, false) : steps;
}

std::optional<std::string> newer_name(Era era, std::string_view key) {
  return last_name(way_in_direction(era, key, true));
}

std::optional<std::string> older_name(Era era, std::string_view key) {
  return last_name(way_in_direction(era, key, false));
}

const Move* removal(Era era, std::string_view key) {
  for (const Move& move : moves()) {
    if (move.old_key != key || !happened_by(era, move)) continue;
    if (move.new_key.empty()) return &move;
    if (!is_rename(move)) continue;
    if (const Move* gone = removal(era, move.new_key)) return gone;
  }
  return nullptr;
}

}  // namespace tt::titan
