// Logs for tests: recorded ones by name, and small ones written in the test.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "support/temp_folder.hpp"
#include "tt/logs/diagnose.hpp"
#include "tt/logs/log_reader.hpp"

namespace tt::test {

inline std::string recorded(const std::string& name) {
  return read(std::filesystem::path(TT_SOURCE_DIR) / "tests/transcripts" / name);
}

inline logs::LogState folded(const std::string& log) {
  logs::LogState state;
  logs::read_more(state, log);
  logs::read_end(state);
  return state;
}

inline logs::LogFile log_file(const std::string& name, const std::string& text) {
  return {name, text, {}, logs::LogKind::node, "", std::nullopt};
}

inline logs::Diagnosis diagnosed(const std::string& text) {
  logs::DiagnosisInput input;
  input.files.push_back(log_file("log.txt", text));
  return logs::diagnose(input);
}

}  // namespace tt::test
