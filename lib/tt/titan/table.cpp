#include "tt/titan/table.hpp"

#include <fmt/format.h>

#include "tt/base/embedded.hpp"
#include "tt/base/error.hpp"

namespace tt::titan {

namespace {

Row cells_of(std::string_view line) {
  Row cells;
  for (;;) {
    const auto tab = line.find('\t');
    cells.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos) return cells;
    line.remove_prefix(tab + 1);
  }
}

}  // namespace

std::vector<Row> table_rows(std::string_view name) {
  const auto text = embedded::find(embedded::schemas(), name);
  if (!text) throw Error(fmt::format("the table {} is missing from this build of tt", name));
  std::vector<Row> rows;
  std::size_t width = 0;
  for (std::string_view rest = *text; !rest.empty();) {
    const auto end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.empty()) continue;
    Row cells = cells_of(line);
    if (width == 0) {
      width = cells.size();
      continue;
    }
    if (cells.size() < width) cells.resize(width);
    rows.push_back(std::move(cells));
  }
  return rows;
}

}  // namespace tt::titan
