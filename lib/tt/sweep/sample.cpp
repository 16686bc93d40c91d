#include "tt/sweep/sample.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace tt::sweep {

std::uint64_t sample_hash(std::int64_t seed, const Overrides& varies) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const Assignment& assignment : varies) lines.emplace_back(assignment.key, to_json(assignment.value));
  std::sort(lines.begin(), lines.end());
  std::string text = "seed=" + std::to_string(seed) + "\n";
  for (const auto& [key, value] : lines) text.append(key).append("=").append(value).append("\n");

  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  hash ^= hash >> 30U;
  hash *= 0xbf58476d1ce4e5b9U;
  hash ^= hash >> 27U;
  hash *= 0x94d049bb133111ebU;
  return hash ^ (hash >> 31U);
}

bool Sampler::is_before(const Candidate& a, const Candidate& b) {
  return std::pair(a.hash, a.number) < std::pair(b.hash, b.number);
}

void Sampler::offer(const Point& point, const Overrides& varies) {
  Candidate candidate{sample_hash(sample_.seed, varies), offered_++, point};
  if (static_cast<std::int64_t>(heap_.size()) == sample_.count) {
    if (!is_before(candidate, heap_.front())) return;
    std::pop_heap(heap_.begin(), heap_.end(), is_before);
    heap_.pop_back();
  }
  heap_.push_back(std::move(candidate));
  std::push_heap(heap_.begin(), heap_.end(), is_before);
}

std::vector<Point> Sampler::take() {
  std::sort(heap_.begin(), heap_.end(), [](const Candidate& a, const Candidate& b) { return a.number < b.number; });
  std::vector<Point> points;
  for (Candidate& candidate : heap_) points.push_back(std::move(candidate.point));
  heap_.clear();
  return points;
}

}  // namespace tt::sweep
