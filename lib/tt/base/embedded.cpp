#include "tt/base/embedded.hpp"

namespace tt::embedded {

std::optional<std::string_view> find(std::span<const File> files, std::string_view name) {
  for (const File& file : files) {
    if (file.name == name) return file.text;
  }
  return std::nullopt;
}

}  // namespace tt::embedded
