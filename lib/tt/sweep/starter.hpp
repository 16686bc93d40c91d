// tt/sweep/starter.hpp: a small commented sweep file to begin with, made from a real base so that it passes `check`.
#pragma once

#include <string>

#include "tt/config/document.hpp"
#include "tt/titan/era.hpp"
#include "tt/titan/settings.hpp"

namespace tt::sweep {

// `base_path` is what `base:` will say: relative to where the sweep file goes, or absolute; `root` the same for the
// checkout; empty: "${TORCHTITAN_ROOT}".
// What a base says that its own release refuses whatever the layout, mended: the quantisation of some shipped 0.2 files
// by its old name.
Overrides mended(const titan::Settings& base);

std::string starter(const std::string& base_path, const config::Document& base, titan::Era era,
                    const std::string& root = "");

}  // namespace tt::sweep
