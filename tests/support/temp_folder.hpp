// A real temporary folder that goes away with the test.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace tt::test {

class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  // Writes a file below the folder (folders made as needed) and returns its path.
  std::filesystem::path write(std::string_view name, std::string_view content) const;

 private:
  std::filesystem::path path_;
};

std::string read(const std::filesystem::path& path);

// Every file below a folder with its content, one text: to compare "nothing changed".
std::string snapshot(const std::filesystem::path& folder);

}  // namespace tt::test
