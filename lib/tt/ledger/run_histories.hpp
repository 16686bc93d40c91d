// tt/ledger/run_histories.hpp: what was learnt of every run, by its id: found in one step, listed in the order in which
// the journal first named them. Elements stay where they are.
#pragma once

#include <deque>
#include <stdexcept>
#include <unordered_map>
#include <utility>

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
  bool contains(const RunId& run) const { return places_.contains(run); }
  // Throws std::out_of_range where the run is not known.
  const History& at(const RunId& run) const { return entries_[places_.at(run)].second; }
  History& operator[](const RunId& run) {
    const auto [place, is_new] = places_.try_emplace(run, entries_.size());
    if (is_new) entries_.emplace_back(run, History{});
    return entries_[place->second].second;
  }

 private:
  template <class Entries>
  static auto at_place(Entries& entries, std::size_t place) {
    return entries.begin() + static_cast<std::ptrdiff_t>(place);
  }
  std::size_t place_of(const RunId& run) const {
    const auto found = places_.find(run);
    return found == places_.end() ? entries_.size() : found->second;
  }

  std::deque<Entry> entries_;
  std::unordered_map<RunId, std::size_t> places_;
};

}  // namespace tt::ledger
