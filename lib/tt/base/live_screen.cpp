#include "tt/base/live_screen.hpp"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace tt {
namespace {

constexpr const char* kHome = "\x1b[H";
constexpr const char* kClearRow = "\x1b[K";
constexpr const char* kClearBelow = "\x1b[J";

// With a handler, if an empty one, the signal ends a sleep; other calls go on.
void notice_new_sizes() {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGWINCH, &action, nullptr);
}

}  // namespace

std::string frame_of(const std::vector<std::string>& lines) {
  std::string frame = kHome;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) frame += "\r\n";
    frame += lines[i] + kClearRow;
  }
  return frame + kClearBelow;
}

LiveScreen::LiveScreen(std::FILE* stream) : stream_(stream) { notice_new_sizes(); }

void LiveScreen::draw(const std::vector<std::string>& lines, std::size_t width, std::size_t height) {
  std::string frame = frame_of(lines);
  const bool same_size = width == width_ && height == height_;
  if (frame == shown_ && same_size) return;
  const bool first = shown_.empty();
  write(first && height > 0 ? std::string(height - 1, '\n') + frame : frame);
  shown_ = std::move(frame);
  width_ = width;
  height_ = height;
}

void LiveScreen::leave() {
  if (!shown_.empty()) write(shown_ + "\r\n");  // once more: somebody may have typed into it
  shown_.clear();
}

void LiveScreen::wipe() {
  if (!shown_.empty()) write(std::string(kHome) + kClearBelow);
  shown_.clear();
}

// Around the stream's buffer, which would hand over a terminal's text line by line. A terminal that is gone is no reason
// to stop: the signal that comes with it is.
void LiveScreen::write(const std::string& bytes) {
  std::fflush(stream_);
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const ssize_t written = ::write(::fileno(stream_), rest.data(), rest.size());
    if (written < 0 && errno != EINTR) return;
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace tt
