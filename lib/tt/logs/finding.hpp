// tt/logs/finding.hpp: why a run failed, with the line that says so. The DIAGNOSIS record of our JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tt/base/value.hpp"
#include "tt/logs/causes.hpp"

namespace tt::logs {

enum class DiagnosisVerdict { ok, failed, unknown };
enum class Confidence { sure, likely, guess };

struct Note {
  std::string cause;
  std::optional<std::size_t> line;
  std::string evidence;
};

struct Diagnosis {
  DiagnosisVerdict verdict = DiagnosisVerdict::unknown;
  std::optional<std::string> cause;  // an id of causes.hpp; nullopt: none, or none that the logs name
  std::optional<int> tier;
  Confidence confidence = Confidence::guess;
  std::optional<int> rank;  // global
  std::optional<std::string> node;
  std::optional<int> local_rank;
  bool all_ranks = false;  // every rank failed alike: it is the configuration, not a rank
  std::string file;
  std::optional<std::size_t> line;  // 1-based
  std::string evidence;             // one line of the log, verbatim without colours
  std::vector<Note> also;           // at most three
  Retry retry = Retry::none;
  std::string remedy;
};

Value to_value(const Diagnosis& diagnosis);
Diagnosis read_diagnosis(const Value& value);
std::string_view to_string(DiagnosisVerdict verdict);
std::string_view to_string(Confidence confidence);

}  // namespace tt::logs
