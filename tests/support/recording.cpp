#include "support/recording.hpp"

#include <stdexcept>

#include "support/temp_folder.hpp"

namespace tt::test {

ProcessResult recorded(const std::string& folder, const std::string& name) {
  const std::string text = read(std::filesystem::path(TT_SOURCE_DIR) / "tests/transcripts" / folder / (name + ".txt"));
  const std::size_t exit = text.find("\nexit "), out = text.find("\nstdout:\n"), err = text.rfind("stderr:\n");
  if (exit == std::string::npos || out == std::string::npos || err == std::string::npos)
    throw std::runtime_error(name + " is no recording");
  ProcessResult result;
  result.ending = Ending::exited;
  result.status = std::stoi(text.substr(exit + 6));
  result.out = text.substr(out + 9, err - out - 9);
  result.err = text.substr(err + 8);
  return result;
}

}  // namespace tt::test
