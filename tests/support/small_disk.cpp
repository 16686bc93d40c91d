#include "support/small_disk.hpp"

#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace tt::test {

SmallDisk::SmallDisk() {
  if (::geteuid() != 0) {
    why_not_ = "only root may mount the small disk this test fills";
  } else if (::mount("tmpfs", mount_point_.path().c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "size=64k") != 0) {
    why_not_ = std::string("cannot mount the small disk this test fills: ") + std::strerror(errno);
  }
}

SmallDisk::~SmallDisk() {
  if (why_not_.empty()) ::umount2(mount_point_.path().c_str(), MNT_DETACH);
}

}  // namespace tt::test
