#include "tt/flow/heard.hpp"

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"

namespace tt::flow {

Instant note_heard(const Surroundings& around, const std::string& site) {
  const fs::path file = around.workspace.heard(site);
  const Instant now = around.clock->now();
  const std::string line = iso_time(now) + "\n";
  if (overwrite_file(file, line)) return now;
  try {
    make_folders(file.parent_path());
    write_file(file, line);
  } catch (const Error&) {  // a full disk, a workspace to be read only: looking is possible all the same
  }
  return now;
}

std::optional<Instant> last_heard(const Surroundings& around, const std::string& site) {
  const auto text = read_file_if_there(around.workspace.heard(site));
  return text ? parse_iso_time(trim(*text)) : std::nullopt;
}

}  // namespace tt::flow
