// A file system of 64 KiB, mounted for one test: the only way to fill a disk for real. Needs root.
#pragma once

#include <filesystem>
#include <string>

#include "support/temp_folder.hpp"

namespace tt::test {

class SmallDisk {
 public:
  SmallDisk();
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  // Why there is none; empty when it is mounted.
  const std::string& why_not() const { return why_not_; }
  std::filesystem::path operator/(std::string_view name) const { return mount_point_.path() / name; }
  const std::filesystem::path& path() const { return mount_point_.path(); }

 private:
  TempFolder mount_point_;
  std::string why_not_;
};

}  // namespace tt::test
