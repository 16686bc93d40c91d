// tt/base/embedded.hpp: the data files compiled into the library, so that one copied binary is complete.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace tt::embedded {

struct File {
  std::string_view name;  // path below its folder, such as "local/job.sh.mustache"
  std::string_view text;
};

std::span<const File> templates();  // templates/
std::span<const File> sites();      // site/
std::span<const File> schemas();    // lib/tt/titan/data/
std::span<const File> hardware();   // lib/tt/comm/data/

std::optional<std::string_view> find(std::span<const File> files, std::string_view name);

}  // namespace tt::embedded
