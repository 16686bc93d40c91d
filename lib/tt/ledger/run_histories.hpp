// tt/ledger/run_histories.hpp: what was learnt of every run, by its id: found in one step, listed in the order in which
// the journal first named them. Elements stay where they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tt/job/ids.hpp"

namespace tt::ledger {

template <class History>
class ByRun {
 public:
  using Entry = std::pair<RunId, History>;
  using iterator = typename std::deque<Entry>::iterator;
  using const_iterator = typename std::deque<Entry>::const_iterator;

  iterator begin() { return entries_.begin(); }
  iterator end() { return entries_.end(); }
  const_iterator begin() const { return entries_.begin(); }
  const_iterator end() const { return entries_.end(); }
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }

  iterator find(const RunId& run) { return at_place(entries_, place_of(run)); }
  const_iterator find(const RunId& run) const { return at_place(entries_, place_of(run)); }
  bool contains(const RunId& run) const { return place_of(run) < entries_.size(); }
  // Throws std::out_of_range where the run is not known.
  const History& at(const RunId& run) const {
    const std::size_t place = place_of(run);
    if (place == entries_.size()) throw std::out_of_range("no such run: " + run.text);
    return entries_[place].second;
  }
  History& operator[](const RunId& run) {
    const std::size_t place = place_of(run);
    if (place < entries_.size()) return entries_[place].second;
    if (2 * (entries_.size() + 1) > slots_.size()) grow();
    entries_.emplace_back(run, History{});
    fill_slot(hash_of(run), place);
    return entries_[place].second;
  }

 private:
  // An open hash table of places: a quarter of the memory of a map with the ids in it once more.
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t place = kFree;
  };
  static constexpr std::uint32_t kFree = 0xffffffff;

  template <class Entries>
  static auto at_place(Entries& entries, std::size_t place) {
    return entries.begin() + static_cast<std::ptrdiff_t>(place);
  }
  static std::uint32_t hash_of(const RunId& run) { return static_cast<std::uint32_t>(std::hash<RunId>{}(run)); }

  // entries_.size(): not known. Runs are mostly looked up in the order of the journal, so the next one is tried first.
  std::size_t place_of(const RunId& run) const {
    if (next_ < entries_.size() && entries_[next_].first == run) return next_++;
    if (slots_.empty()) return entries_.size();
    const std::uint32_t hash = hash_of(run);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hash & mask; slots_[at].place != kFree; at = (at + 1) & mask) {
      if (slots_[at].hash != hash || entries_[slots_[at].place].first != run) continue;
      next_ = slots_[at].place + std::size_t{1};
      return slots_[at].place;
    }
    return entries_.size();
  }
  void fill_slot(std::uint32_t hash, std::size_t place) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at].place != kFree) at = (at + 1) & mask;
    slots_[at] = {hash, static_cast<std::uint32_t>(place)};
  }
  void grow() {
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots_.empty() ? 64 : 4 * slots_.size()));
    for (const Slot& slot : old) {
      if (slot.place != kFree) fill_slot(slot.hash, slot.place);
    }
  }

  std::deque<Entry> entries_;
  std::vector<Slot> slots_;
  mutable std::size_t next_ = 0;
};

}  // namespace tt::ledger
