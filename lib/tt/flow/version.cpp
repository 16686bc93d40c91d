#include "tt/flow/version.hpp"

namespace tt::flow {

std::string version() { return TT_VERSION; }

}  // namespace tt::flow
