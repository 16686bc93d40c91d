// Recorded answers of PBS by one name: "pbs-openpbs/submit".
#pragma once

#include <string>

#include "support/recording.hpp"

namespace tt::test {

inline ProcessResult recorded_reply(const std::string& name) {
  const std::size_t slash = name.find('/');
  return recorded(name.substr(0, slash), name.substr(slash + 1));
}

}  // namespace tt::test
