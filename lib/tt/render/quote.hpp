// tt/render/quote.hpp: a text as one word of a shell line. The only place that quotes.
#pragma once

#include <string>
#include <string_view>

namespace tt::render {

// The word a POSIX shell reads back as exactly these bytes; safe words stay bare. Throws Error for a NUL byte, which no
// shell word can hold.
std::string shell_word(std::string_view text);

}  // namespace tt::render
