#include "support/read_only.hpp"

#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace tt::test {

ReadOnly::ReadOnly(std::filesystem::path folder) : folder_(std::move(folder)) {
  const char* const path = folder_.c_str();
  if (::geteuid() != 0) {
    why_not_ = "only root may mount a folder to be read only";
  } else if (::mount(path, path, nullptr, MS_BIND, nullptr) != 0) {
    why_not_ = std::string("cannot mount a folder to be read only: ") + std::strerror(errno);
  } else if (::mount(nullptr, path, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) != 0) {
    why_not_ = std::string("cannot make a mount read only: ") + std::strerror(errno);
    ::umount2(path, MNT_DETACH);
  }
}

ReadOnly::~ReadOnly() {
  if (why_not_.empty()) ::umount2(folder_.c_str(), MNT_DETACH);
}

}  // namespace tt::test
