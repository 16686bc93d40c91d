// A folder nobody can write to while this lives, root included.
#pragma once

#include <filesystem>
#include <string>

namespace tt::test {

class ReadOnly {
 public:
  explicit ReadOnly(std::filesystem::path folder);
  ~ReadOnly();
  ReadOnly(const ReadOnly&) = delete;
  ReadOnly& operator=(const ReadOnly&) = delete;
  const std::string& why_not() const { return why_not_; }  // empty: it is so

 private:
  std::filesystem::path folder_;
  std::string why_not_;
};

}  // namespace tt::test
