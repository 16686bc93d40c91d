// tt/base/live_screen.hpp: lines that are drawn again and again at the top of a terminal, in place.
//
// A frame is one write: cursor home, each line with the rest of its row cleared, then the rest of the screen. Nothing
// is blanked first, so nothing flickers; no mode of the terminal is changed (no alternate screen, no hidden cursor, no
// raw keys), so whatever ends the program leaves the terminal as it was.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

namespace tt {

// The bytes of a frame. Lines must fit the terminal and be fewer than its rows.
std::string frame_of(const std::vector<std::string>& lines);

class LiveScreen {
 public:
  // What stood on the screen is scrolled away, not overwritten, by the first frame. A change of the terminal's size
  // ends a sleep of this program early from now on.
  explicit LiveScreen(std::FILE* stream);
  LiveScreen(const LiveScreen&) = delete;
  LiveScreen& operator=(const LiveScreen&) = delete;

  // Writes nothing when the frame says what already stands there in a terminal of the same size.
  void draw(const std::vector<std::string>& lines, std::size_t width, std::size_t height);
  void leave();  // the last frame stays, the cursor goes below it
  void wipe();   // the last frame goes away

 private:
  void write(const std::string& bytes);

  std::FILE* stream_;
  std::string shown_;
  std::size_t width_ = 0;
  std::size_t height_ = 0;
};

}  // namespace tt
