// tt/scheduler/supervisor_lock.hpp: one supervisor per workspace and host. Tried once, never waited for; a dead holder
// is taken over.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace tt::scheduler {

class SupervisorLock {
 public:
  // nullopt when a living supervisor holds it.
  static std::optional<SupervisorLock> take(const std::filesystem::path& file);
  SupervisorLock(SupervisorLock&& other) noexcept;
  SupervisorLock& operator=(SupervisorLock&& other) noexcept;
  ~SupervisorLock();

 private:
  SupervisorLock(std::filesystem::path file, std::string content);
  void release() noexcept;
  std::filesystem::path file_;
  std::string content_;
};

bool is_supervised(const std::filesystem::path& lock_file);

}  // namespace tt::scheduler
