// tt/report/screen_line.hpp: text fitted to the width of a screen: cut, or broken into lines.
#pragma once

#include <string>
#include <vector>

#include "tt/base/terminal.hpp"

namespace tt::report {

// Cells side by side, cut where room.width ends.
std::string line_of(const std::vector<Cell>& cells, const Terminal& room);

// Lines of at most `width` columns; those after the first begin with `indent` blanks. A command between backticks is
// one word, so that it can be copied from one line. What is wider than a line is cut into pieces, not shortened.
std::vector<std::string> wrapped(const std::string& sentence, std::size_t indent, std::size_t width);

}  // namespace tt::report
