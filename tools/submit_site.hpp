// submit_site.hpp: `tt-submit site`: the cluster profiles there are, one of them, a check of a file.
#pragma once

#include <string>

#include "tool_main.hpp"
#include "tt/base/error.hpp"

namespace tt::tool {

ExitCode list_sites(const Tool& tool);
ExitCode show_site(const Tool& tool, const std::string& name_or_file);
ExitCode check_site(const Tool& tool, const std::string& name_or_file);

}  // namespace tt::tool
