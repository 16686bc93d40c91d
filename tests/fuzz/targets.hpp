// Three readers of other people's text, each fed anything: they refuse it with a place or read it, and never crash.
// A promise that does not hold is thrown as Broken.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace tt::fuzz {

struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class Outcome { read, refused };

struct Target {
  std::string name;
  std::function<Outcome(const std::string&)> feed;
  std::vector<std::string> seeds;   // whole inputs to begin from
  std::vector<std::string> scraps;  // what mutations put in
};

// yaml, expression, splice
const std::vector<Target>& targets();

}  // namespace tt::fuzz
