#include "tt/base/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstring>

#include "tt/base/error.hpp"
#include "tt/base/hash.hpp"
#include "tt/base/process.hpp"

namespace tt {
namespace {

[[noreturn]] void fail(const std::string& what, const fs::path& path, int error) {
  throw Error(fmt::format("{} {}: {}", what, path.string(), std::strerror(error)));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  // Some file systems report a full disk only here.
  int close() {
    const int fd = fd_;
    fd_ = -1;
    return ::close(fd);
  }

 private:
  int fd_;
};

// errno of the first failure, 0 when all bytes are in.
int write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

// Creates `path`, writes and closes; on failure the file is removed again and errno returned.
int create_file(const fs::path& path, int flags, std::string_view content, Sync sync) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666));
  if (file.get() < 0) return errno;
  int error = write_all(file.get(), content);
  if (error == 0 && sync == Sync::yes && ::fsync(file.get()) != 0) error = errno;
  if (file.close() != 0 && error == 0) error = errno;
  if (error != 0) ::unlink(path.c_str());
  return error;
}

// A terminal, a pipe, /dev/null: to be written to, never replaced.
bool is_device(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

int write_to_device(const fs::path& path, std::string_view content) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file.get() < 0 ? errno : write_all(file.get(), content);
}

std::string read_open_file(int fd, const fs::path& path, std::uintmax_t offset) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) fail("cannot read", path, errno);
  if (S_ISDIR(status.st_mode)) fail("cannot read", path, EISDIR);
  std::string text;
  if (S_ISREG(status.st_mode)) {
    const auto size = static_cast<std::uintmax_t>(status.st_size);
    if (offset > 0 && ::lseek(fd, static_cast<off_t>(offset), SEEK_SET) < 0) fail("cannot read", path, errno);
    // A parser may want some bytes behind the text.
    constexpr std::size_t kRoomBehind = 64;
    text.reserve(size > offset ? static_cast<std::size_t>(size - offset) + kRoomBehind : 0);
  }
  char buffer[65536];
  for (;;) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0) {
      if (errno == EINTR) continue;
      fail("cannot read", path, errno);
    }
    if (got == 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

// The first bytes and, of a longer file, the last ones.
std::optional<std::string> ends_of(int fd, off_t size) {
  constexpr off_t kEnd = 4096;
  std::string ends;
  for (const off_t offset : {off_t{0}, std::max(kEnd, size - kEnd)}) {
    char buffer[kEnd];
    const ssize_t got = ::pread(fd, buffer, sizeof buffer, offset);
    if (got < 0) return std::nullopt;
    ends.append(buffer, static_cast<std::size_t>(got));
  }
  return ends;
}

std::string nanoseconds(const timespec& time) { return fmt::format("{}.{:09}", time.tv_sec, time.tv_nsec); }

}  // namespace

std::string read_file(const fs::path& path) { return read_file_from(path, 0); }

std::optional<std::string> read_file_if_there(const fs::path& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    fail("cannot read", path, errno);
  }
  return read_open_file(file.get(), path, 0);
}

std::string read_file_from(const fs::path& path, std::uintmax_t offset) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) fail("cannot read", path, errno);
  return read_open_file(file.get(), path, offset);
}

// Opened before it is asked: NFS then asks its server instead of remembering.
std::string stamp_of(const fs::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) return "";
  std::string stamp = fmt::format("{}:{} {} {} {}", status.st_dev, status.st_ino, status.st_size,
                                  nanoseconds(status.st_mtim), nanoseconds(status.st_ctim));
  if (S_ISDIR(status.st_mode)) return stamp;
  const auto ends = S_ISREG(status.st_mode) ? ends_of(file.get(), status.st_size) : std::nullopt;
  return ends ? stamp + ' ' + fingerprint(*ends) : "";
}

void write_file(const fs::path& path, std::string_view content, Sync sync) {
  if (is_device(path)) {
    if (const int error = write_to_device(path, content)) fail("cannot write", path, error);
    return;
  }
  const fs::path fresh = path.parent_path() / unique_name(path.filename().string());
  if (const int error = create_file(fresh, O_EXCL, content, sync)) fail("cannot write", path, error);
  if (::rename(fresh.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(fresh.c_str());
    fail("cannot write", path, error);
  }
  if (sync == Sync::yes) sync_folder(path.parent_path());
}

bool overwrite_file(const fs::path& path, std::string_view content) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  if (static_cast<std::size_t>(status.st_size) != content.size()) return false;
  return write_all(file.get(), content) == 0 && file.close() == 0;
}

void write_new_file(const fs::path& path, std::string_view content) {
  if (const int error = create_file(path, O_TRUNC, content, Sync::no)) fail("cannot write", path, error);
}

void append_to_file(const fs::path& path, std::string_view content, Sync sync) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (file.get() < 0) fail("cannot append to", path, errno);
  int error = write_all(file.get(), content);
  if (error == 0 && sync == Sync::yes && ::fsync(file.get()) != 0) error = errno;
  if (file.close() != 0 && error == 0) error = errno;
  if (error != 0) fail("cannot append to", path, error);
}

void sync_folder(const fs::path& folder) {
  const fs::path opened = folder.empty() ? fs::path(".") : folder;
  Descriptor fd(::open(opened.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) fail("cannot sync", opened, errno);
  // Some network file systems cannot sync a folder and say so; the rename itself is then their promise.
  if (::fsync(fd.get()) != 0 && errno != EINVAL && errno != ENOTSUP) fail("cannot sync", opened, errno);
}

void make_folders(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail("cannot make folder", folder, error.value());
}

void remove_tree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) fail("cannot remove", path, error.value());
}

void rename_path(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) fail("cannot rename to " + to.string() + " from", from, errno);
}

void replace_link(const fs::path& link, const fs::path& target) {
  const fs::path fresh = link.parent_path() / unique_name(link.filename().string());
  if (::symlink(target.c_str(), fresh.c_str()) != 0) fail("cannot make link", link, errno);
  if (::rename(fresh.c_str(), link.c_str()) != 0) {
    const int error = errno;
    ::unlink(fresh.c_str());
    fail("cannot make link", link, error);
  }
}

bool link_file(const fs::path& existing, const fs::path& name) {
  if (::link(existing.c_str(), name.c_str()) == 0) return true;
  if (errno == EEXIST) return false;
  fail("cannot make", name, errno);
}

bool create_exclusive(const fs::path& path, std::string_view content) {
  const int error = create_file(path, O_EXCL, content, Sync::no);
  if (error == EEXIST) return false;
  if (error != 0) fail("cannot make", path, error);
  return true;
}

bool is_there(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

bool is_same_file(const fs::path& a, const fs::path& b) {
  std::error_code error;
  return a == b || fs::equivalent(a, b, error);
}

bool is_folder(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::vector<std::string> list_folder(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error && error.value() != ENOENT && error.value() != ENOTDIR) fail("cannot list", folder, error.value());
  std::sort(names.begin(), names.end());
  return names;
}

fs::path absolute_path(const fs::path& path, const fs::path& relative_to) {
  std::error_code error;
  const fs::path start = relative_to.is_absolute() ? relative_to : fs::current_path(error) / relative_to;
  const fs::path joined = path.is_absolute() ? path : start / path;
  if (!joined.is_absolute()) fail("cannot find the folder we are in for", path, error.value());
  fs::path normal = joined.lexically_normal();
  if (!normal.has_filename() && normal.has_relative_path()) normal = normal.parent_path();  // no trailing slash
  return normal;
}

std::string unique_name(std::string_view stem) {
  static std::atomic<unsigned> counter{0};
  static const std::string random = random_hex(8);
  // The pid is asked for each time: a forked copy of this process has the same random digits and counter.
  const std::string ours = fmt::format(".{}.{}.{}.{}", this_host(), ::getpid(), random, counter++);
  constexpr std::size_t longest = NAME_MAX - 1;  // less the dot in front
  return fmt::format(".{}{}", stem.substr(0, longest - std::min(longest, ours.size())), ours);
}

}  // namespace tt
