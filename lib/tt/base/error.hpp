// tt/base/error.hpp: what goes wrong, and how a person is told.
//
// Throw when a person must act; return a value when the caller can. There is one catch, in each tool's main.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "tt/base/source_text.hpp"

namespace tt {

// The exit codes scripts rely on.
enum class ExitCode { done = 0, could_not = 1, bad_input = 2, partly = 3, verdict_no = 4, interrupted = 130 };

// Something could not be done: a sentence that says what was wanted, what was found, and what to try.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& sentence, ExitCode exit = ExitCode::could_not)
      : std::runtime_error(sentence), exit_(exit) {}
  ExitCode exit_code() const { return exit_; }

 private:
  ExitCode exit_;
};

enum class Severity { error, warning };

// One thing wrong with one place of an input.
struct Problem {
  Place place;          // place.file empty: no place (a flag, say)
  std::string message;  // one sentence, no full stop, no "error:"
  std::string hint;     // what to do about it; empty when the message says it
  Severity severity = Severity::error;
};

// Every problem of an input, reported together. exit code 2.
class BadInput : public Error {
 public:
  explicit BadInput(std::vector<Problem> problems);
  explicit BadInput(Problem problem);
  const std::vector<Problem>& problems() const { return problems_; }

 private:
  std::vector<Problem> problems_;
};

// Collects problems while a whole input is read; throws them together.
class Problems {
 public:
  void add(Place place, std::string message, std::string hint = "");
  void warn(Place place, std::string message, std::string hint = "");
  void add_all(const std::vector<Problem>& problems);
  bool has_errors() const;
  const std::vector<Problem>& all() const { return all_; }
  // Throws BadInput when there is at least one error; warnings alone do not throw.
  void throw_if_any() const;

 private:
  std::vector<Problem> all_;
};

// The text shown on stderr, caret lines included:
//   tt-sweep: error: sweeps/lr.yaml:7:3: axis 'optimizer.lr' is not a key of base/tiny.toml
//     7 |   optimizer.lr: [1e-4, 3e-4]
//       |   ^^^^^^^^^^^^
//     did you mean 'optimizer.learning_rate'?
std::string describe(const Problem& problem, const std::string& tool);

}  // namespace tt
