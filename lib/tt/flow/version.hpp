// tt/flow/version.hpp: which tt this is.
#pragma once

#include <string>

namespace tt::flow {

std::string version();  // "0.1.0"

}  // namespace tt::flow
