#include "support/documents.hpp"

#include <memory>

namespace tt::test {

config::Document document(const std::string& text, const std::string& name) {
  return config::Document::parse(std::make_shared<SourceText>(name, text));
}

std::string patched(const std::string& text, const Overrides& assignments) { return document(text).with(assignments); }

std::string complaints(const std::function<void()>& act) {
  std::string all;
  try {
    act();
  } catch (const BadInput& bad) {
    for (const Problem& problem : bad.problems()) {
      if (!all.empty()) all += "\n";
      all += problem.place.file;
      if (problem.place.line > 0) {
        all += ":" + std::to_string(problem.place.line) + ":" + std::to_string(problem.place.column);
      }
      all += ": " + problem.message;
      if (!problem.hint.empty()) all += " (" + problem.hint + ")";
    }
  }
  return all;
}

std::string complaints_of_patch(const std::string& text, const Overrides& assignments) {
  const config::Document base = document(text);
  return complaints([&] { base.with(assignments); });
}

}  // namespace tt::test
