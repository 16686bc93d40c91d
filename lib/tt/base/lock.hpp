// tt/base/lock.hpp: who may write now. A lock file made with link(), which also works on network file systems.
//
// The file says who holds it: host, pid, start time of the process, boot id. A holder on this host that is dead is
// taken over: its file is renamed to a unique name and must then hold what was judged dead, else it is put back.
// A holder on another host cannot be judged from here and is named to the user.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "tt/base/clock.hpp"
#include "tt/base/process.hpp"

namespace tt {

struct LockHolder {
  std::string host;
  ProcessIdentity process;
  std::string since;  // ISO 8601
  std::string nonce;  // tells two locks of one process apart
};

// Held from acquire() to destruction. Releases only its own lock: a file that holds another nonce is left alone.
class FileLock {
 public:
  // Waits up to `patience`; then throws Error naming the holder, how long it holds, and the file.
  static FileLock acquire(const std::filesystem::path& file, Clock& clock, Seconds patience = Seconds{10});
  // nullopt when somebody alive (or on another host) holds it.
  static std::optional<FileLock> try_acquire(const std::filesystem::path& file, Clock& clock);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

  const std::filesystem::path& file() const { return file_; }
  // Throws Error when the lock was taken away (removed by hand): who writes must ask before the write.
  void check_still_ours() const;
  void release() noexcept;

 private:
  FileLock(std::filesystem::path file, std::string content);
  std::filesystem::path file_;
  std::string content_;  // empty: released or moved from
};

// Who holds a lock now; nullopt when nobody does or the file says nothing readable.
std::optional<LockHolder> lock_holder(const std::filesystem::path& file);
// Held by a living process of this host.
bool is_held_here(const std::filesystem::path& file);

}  // namespace tt
