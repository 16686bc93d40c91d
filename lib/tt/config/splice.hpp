// tt/config/splice.hpp: from assignments to the few places of a TOML text that change, and the changed text.
//
// Nothing here parses TOML: it works on a layout (layout.hpp). Whether the result says what was meant is checked by
// the caller.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tt/base/error.hpp"
#include "tt/base/source_text.hpp"
#include "tt/config/layout.hpp"
#include "tt/config/wishes.hpp"

namespace tt::config {

// `text` takes the place of the `removed` bytes at `offset`.
struct Edit {
  std::size_t offset = 0;
  std::size_t removed = 0;
  std::string text;
};

// In file order, not overlapping. Adds to `problems` every wish the file has no place for.
std::vector<Edit> plan_edits(const SourceRef& source, const Layout& layout, const std::vector<Wish>& wishes,
                             Problems& problems);

std::string apply_edits(std::string_view text, const std::vector<Edit>& edits);

}  // namespace tt::config
