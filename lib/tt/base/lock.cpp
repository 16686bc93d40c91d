#include "tt/base/lock.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <system_error>
#include <utility>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/hash.hpp"
#include "tt/base/value.hpp"

namespace tt {
namespace {

constexpr Seconds kBetweenTries{0.05};

std::string holder_text(const LockHolder& holder) {
  return to_json(Value::object()
                     .set("schema", "tt.lock/1")
                     .set("host", holder.host)
                     .set("pid", static_cast<std::int64_t>(holder.process.pid))
                     .set("start_ticks", holder.process.start_ticks)
                     .set("boot_id", holder.process.boot_id)
                     .set("since", holder.since)
                     .set("nonce", holder.nonce)) +
         "\n";
}

std::optional<LockHolder> read_holder(const std::string& text) {
  try {
    const Value json = parse_json(text, "lock");
    if (json.text_or("schema") != "tt.lock/1") return std::nullopt;
    LockHolder holder;
    holder.host = json.text_or("host");
    holder.process.pid = static_cast<pid_t>(json.integer_or("pid"));
    holder.process.start_ticks = static_cast<std::uint64_t>(json.integer_or("start_ticks"));
    holder.process.boot_id = json.text_or("boot_id");
    holder.since = json.text_or("since");
    holder.nonce = json.text_or("nonce");
    return holder;
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string our_holder_text(const Clock& clock) {
  const auto self = identify(::getpid());
  if (!self) throw Error("cannot take a lock: /proc does not show this process");
  return holder_text({this_host(), *self, iso_time(clock.now()), random_hex(16)});
}

// Judged by reading back: on NFS a repeated link() reports "exists" to its own winner.
bool try_link(const fs::path& file, const std::string& content) {
  const fs::path own = file.parent_path() / unique_name(file.filename().string());
  write_new_file(own, content);
  link_file(own, file);
  const bool is_ours = read_file_if_there(file) == content;
  std::error_code ignored;
  fs::remove(own, ignored);
  return is_ours;
}

// A lock that cannot be read was not made by link(); only its owner or a person can say what it is.
bool is_dead(const std::optional<LockHolder>& holder) {
  return holder && holder->host == this_host() && !is_alive(holder->process);
}

// Two processes may judge the same lock dead; the slower one must not throw away the lock of the faster one.
void remove_stale(const fs::path& file, const std::string& judged) {
  if (read_file_if_there(file) != judged) return;
  const fs::path aside = file.parent_path() / unique_name(file.filename().string() + ".stale");
  std::error_code error;
  fs::rename(file, aside, error);
  if (error) return;  // somebody else was faster
  if (read_file_if_there(aside) != judged) link_file(aside, file);
  fs::remove(aside, error);
}

enum class Attempt { ours, taken, try_again };

Attempt link_or_clear_the_way(const fs::path& file, const std::string& content) {
  if (try_link(file, content)) return Attempt::ours;
  const auto standing = read_file_if_there(file);
  if (!standing) return Attempt::try_again;
  if (!is_dead(read_holder(*standing))) return Attempt::taken;
  remove_stale(file, *standing);
  return Attempt::try_again;
}

// A stale lock costs one more try; each further one means that somebody else came and went.
bool take_now(const fs::path& file, const std::string& content) {
  for (int tries = 0; tries < 10; ++tries) {
    const Attempt attempt = link_or_clear_the_way(file, content);
    if (attempt != Attempt::try_again) return attempt == Attempt::ours;
  }
  return false;
}

std::string in_use_sentence(const fs::path& file, Seconds waited) {
  const std::string patience = fmt::format("waited {}", age_text(waited));
  if (!is_there(file)) return fmt::format("{} was never free ({}); try again", file.string(), patience);
  const auto holder = lock_holder(file);
  if (!holder) {
    return fmt::format("{} is in the way and does not say who holds it ({}); if no tt is at work here, remove it",
                       file.string(), patience);
  }
  const std::string who =
      fmt::format("held by pid {} on {} since {}", holder->process.pid, holder->host, holder->since);
  if (holder->host == this_host()) {
    return fmt::format("{} is {} ({}); try again when that process has ended", file.string(), who, patience);
  }
  return fmt::format("{} is {} ({}); if that machine is gone, remove {}", file.string(), who, patience, file.string());
}

}  // namespace

FileLock::FileLock(fs::path file, std::string content) : file_(std::move(file)), content_(std::move(content)) {}

FileLock::FileLock(FileLock&& other) noexcept
    : file_(std::move(other.file_)), content_(std::exchange(other.content_, {})) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  if (this != &other) {
    release();
    file_ = std::move(other.file_);
    content_ = std::exchange(other.content_, {});
  }
  return *this;
}

FileLock::~FileLock() { release(); }

FileLock FileLock::acquire(const fs::path& file, Clock& clock, Seconds patience) {
  make_folders(file.parent_path());
  const std::string content = our_holder_text(clock);
  const Instant start = clock.now();
  for (;;) {
    if (take_now(file, content)) return {file, content};
    const Seconds waited = clock.now() - start;
    if (waited >= patience) throw Error(in_use_sentence(file, waited));
    clock.sleep(kBetweenTries);
  }
}

std::optional<FileLock> FileLock::try_acquire(const fs::path& file, Clock& clock) {
  make_folders(file.parent_path());
  const std::string content = our_holder_text(clock);
  if (take_now(file, content)) return FileLock(file, content);
  return std::nullopt;
}

void FileLock::check_still_ours() const {
  if (content_.empty()) throw Error(fmt::format("{} was released before the work under it was done", file_.string()));
  if (read_file_if_there(file_) == content_) return;
  throw Error(fmt::format("the lock {} was taken away while it was held; nothing was written, run the command again",
                          file_.string()));
}

void FileLock::release() noexcept {
  if (content_.empty()) return;
  try {
    if (read_file_if_there(file_) == content_) {
      std::error_code ignored;
      fs::remove(file_, ignored);
    }
  } catch (const Error&) {  // a lock that cannot be removed is taken over once this process has ended
  }
  content_.clear();
}

std::optional<LockHolder> lock_holder(const fs::path& file) {
  const auto text = read_file_if_there(file);
  return text ? read_holder(*text) : std::nullopt;
}

bool is_held_here(const fs::path& file) {
  const auto holder = lock_holder(file);
  return holder && holder->host == this_host() && is_alive(holder->process);
}

}  // namespace tt
