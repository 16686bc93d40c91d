// tt/comm/estimate_text.hpp: an estimate as a section of summary.md, and putting it there without a second copy.
#pragma once

#include <string>

#include "tt/base/terminal.hpp"
#include "tt/base/value.hpp"

namespace tt::comm {

// Markdown between the markers <!-- tt:estimate --> and <!-- /tt:estimate -->, from a tt.comm.estimate/1 record of
// either model. The same record gives the same text; what is null is written as "unknown".
std::string estimate_section(const Value& record);

// Model `published` on a terminal.
std::string published_text(const Value& record, const Terminal& terminal);

// The body of that section for model `titan`.
std::string titan_section(const Value& record);

// The document with this section in place of the one it has, else at its end. Doing it twice changes nothing.
std::string with_section(std::string document, const std::string& section);

}  // namespace tt::comm
