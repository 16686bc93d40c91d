// tt/flow/torchtitan_python.hpp: asking the TorchTitan that is installed here, through its Python, and remembering what
// it said. templates/torchtitan/tt_preflight.py is the other end and describes the questions.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tt/base/environment.hpp"
#include "tt/base/process.hpp"
#include "tt/job/run.hpp"

namespace tt::flow {

// What TorchTitan says of one config.toml on so many ranks.
struct TitanQuestion {
  std::string config;  // the text of a config.toml
  std::int64_t world = 1;
};
struct TitanAnswer {
  enum class Verdict { taken, refused, unknown };
  Verdict verdict = Verdict::unknown;
  std::string depth;  // "built", "stepped"; empty: not even built
  std::string said;   // its own words, or why nothing is known
  bool remembered = false;
};

struct TitanPython {
  std::filesystem::path python;  // the interpreter of the environment with torch
  std::filesystem::path root;    // a checkout; empty: the wheel of that environment
  Environment environment;
  int jobs = 1;
  Seconds limit{120};  // for one question
};

class TitanOracle {
 public:
  // Asks which versions there are (a tenth of a second); nothing is imported yet. Throws Error when `python` cannot be
  // started.
  TitanOracle(TitanPython where, ProcessRunner& runner);
  // "torchtitan 0.3.0, torch 2.15.0"
  const std::string& identity() const { return identity_; }
  // One answer for each question. What was asked before of the same versions is not asked again, unless the checkout
  // has changes nobody committed. Throws Error when TorchTitan cannot be imported at all.
  std::vector<TitanAnswer> ask(const std::vector<TitanQuestion>& questions);
  // How many of them nobody asked before.
  std::size_t count_new(const std::vector<TitanQuestion>& questions) const;
  // What a config function sets. Throws Error with TorchTitan's words when it cannot be called.
  Overrides learn(const std::string& module, const std::string& function);

 private:
  std::string key_of(const TitanQuestion& question) const;
  std::optional<TitanAnswer> remembered(const TitanQuestion& question) const;
  std::vector<Value> answers_to(const std::vector<Value>& questions);

  TitanPython where_;
  ProcessRunner& runner_;
  std::string identity_;
  bool can_remember_ = false;
};

// ~/.cache/tt, or XDG_CACHE_HOME/tt. nullopt without a home.
std::optional<std::filesystem::path> cache_folder(const Environment& environment);

// What a config function of this version of TorchTitan was found to set: remembered for plans, which ask nobody.
void remember_function(const Environment& environment, const std::string& version, const std::string& module,
                       const std::string& function, const Overrides& sets);
std::optional<Overrides> recall_function(const Environment& environment, const std::string& version,
                                         const std::string& module, const std::string& function);

}  // namespace tt::flow
