#include "tt/scheduler/supervisor_lock.hpp"

#include <unistd.h>

#include <system_error>
#include <utility>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/hash.hpp"
#include "tt/base/process.hpp"
#include "tt/scheduler/local_records.hpp"

namespace tt::scheduler {
namespace {

bool is_living_supervisor(const std::string& text) {
  const auto holder = read_identity(text);
  return holder && is_alive(*holder);
}

// Judged by what stands there afterwards.
std::optional<std::string> link_and_read(const fs::path& file, const std::string& content) {
  const fs::path own = file.parent_path() / unique_name(file.filename().string());
  write_new_file(own, content);
  link_file(own, file);
  const auto standing = read_file_if_there(file);
  std::error_code ignored;
  fs::remove(own, ignored);
  return standing;
}

// A slower one that judged the same holder dead must not throw away the lock of a faster one.
void put_aside(const fs::path& file, const std::string& judged) {
  const fs::path aside = file.parent_path() / unique_name(file.filename().string() + ".stale");
  std::error_code error;
  fs::rename(file, aside, error);
  if (error) return;
  if (read_file_if_there(aside) != judged) link_file(aside, file);
  fs::remove(aside, error);
}

}  // namespace

SupervisorLock::SupervisorLock(fs::path file, std::string content)
    : file_(std::move(file)), content_(std::move(content)) {}

SupervisorLock::SupervisorLock(SupervisorLock&& other) noexcept
    : file_(std::move(other.file_)), content_(std::exchange(other.content_, {})) {}

SupervisorLock& SupervisorLock::operator=(SupervisorLock&& other) noexcept {
  if (this != &other) {
    release();
    file_ = std::move(other.file_);
    content_ = std::exchange(other.content_, {});
  }
  return *this;
}

SupervisorLock::~SupervisorLock() { release(); }

void SupervisorLock::release() noexcept {
  if (content_.empty()) return;
  try {
    std::error_code ignored;
    if (read_file_if_there(file_) == content_) fs::remove(file_, ignored);
  } catch (const Error&) {  // stays, and is taken over once this process has ended
  }
  content_.clear();
}

std::optional<SupervisorLock> SupervisorLock::take(const fs::path& file) {
  const auto self = identify(::getpid());
  if (!self) throw Error("cannot supervise: /proc does not show this process");
  const std::string content = identity_text(*self, random_hex(16));
  for (int tries = 0; tries < 10; ++tries) {
    const auto standing = link_and_read(file, content);
    if (standing == content) return SupervisorLock(file, content);
    if (!standing) continue;
    if (is_living_supervisor(*standing)) return std::nullopt;
    put_aside(file, *standing);
  }
  return std::nullopt;
}

bool is_supervised(const fs::path& lock_file) {
  const auto text = read_file_if_there(lock_file);
  return text && is_living_supervisor(*text);
}

}  // namespace tt::scheduler
