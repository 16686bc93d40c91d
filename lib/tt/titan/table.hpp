// tt/titan/table.hpp: the tab-separated tables of data/, compiled into the library, as rows of views into their text.
#pragma once

#include <string_view>
#include <vector>

namespace tt::titan {

using Row = std::vector<std::string_view>;

// The rows below the title row of data/<name>, each filled up with empty cells to the width of the title row.
// Throws Error when the library was built without that table.
std::vector<Row> table_rows(std::string_view name);

}  // namespace tt::titan
