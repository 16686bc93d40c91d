// tt/sweep/sample.hpp: a reproducible random subset: the points with the smallest hashes, the same on every machine.
//
// The hash of a point: "seed=<seed>\n", then "key=value\n" for every axis of the point, sorted by key, the value as
// JSON on one line; FNV-1a of 64 bits over these bytes; then the last steps of splitmix64 (xor-shift 30, times
// 0xbf58476d1ce4e5b9, xor-shift 27, times 0x94d049bb133111eb, xor-shift 31). Of equal hashes the earlier point is kept.
#pragma once

#include <cstdint>
#include <vector>

#include "tt/job/run.hpp"
#include "tt/sweep/points.hpp"
#include "tt/sweep/spec.hpp"

namespace tt::sweep {

std::uint64_t sample_hash(std::int64_t seed, const Overrides& varies);

class Sampler {
 public:
  explicit Sampler(const Sample& sample) : sample_(sample) {}
  void offer(const Point& point, const Overrides& varies);
  // The points kept, in the order they were offered.
  std::vector<Point> take();
  std::int64_t offered() const { return offered_; }

 private:
  struct Candidate {
    std::uint64_t hash = 0;
    std::int64_t number = 0;
    Point point;
  };
  static bool is_before(const Candidate& a, const Candidate& b);

  Sample sample_;
  std::int64_t offered_ = 0;
  std::vector<Candidate> heap_;  // the worst of the kept ones on top
};

}  // namespace tt::sweep
