// tt/flow/preflight.hpp: the distinct shapes of a sweep put to TorchTitan itself before anything is queued, beside what
// the rules say of them.
#pragma once

#include <string>
#include <vector>

#include "tt/flow/sweep_file.hpp"
#include "tt/flow/torchtitan_python.hpp"

namespace tt::flow {

// Points of the sweep that TorchTitan cannot tell apart where it checks: they differ in a seed, a learning rate, a
// path.
struct Shape {
  std::vector<std::string> points;  // names, in plan order
  std::int64_t world = 1;
  std::size_t ground = 0;
  std::string rule;  // the rule that refuses them here; empty: they would be queued
  std::string reason;
  std::string config;
};
std::vector<Shape> shapes_of(const LoadedSweep& sweep);

struct PreflightReport {
  struct Line {
    Shape shape;
    TitanAnswer answer;
    bool is_surprise() const;    // would be queued, and TorchTitan refuses it
    bool is_too_strict() const;  // a rule refuses it, and TorchTitan takes it
  };
  std::string identity;
  std::vector<Line> lines;
  std::int64_t surprises() const;
};

// Asks all shapes that stand on one checkout (or the wheel); learns the config functions nobody knows yet.
PreflightReport preflight(const LoadedSweep& sweep, std::size_t root, TitanOracle& oracle);

std::string preflight_text(const PreflightReport& report);
Value to_value(const PreflightReport& report);

}  // namespace tt::flow
