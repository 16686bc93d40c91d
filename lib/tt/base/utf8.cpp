#include "tt/base/utf8.hpp"

#include <algorithm>
#include <iterator>

namespace tt {
namespace {

struct Range {
  char32_t first, last;
};

// Sorted by `last`. The marks of the scripts people paste into configuration files, and what joins emoji together.
constexpr Range no_columns[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},   {0x0e31, 0x0e31},
    {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200d},   {0x2060, 0x2060},
    {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0x1f3fb, 0x1f3ff}, {0xe0100, 0xe01ef},
};
constexpr Range two_columns[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x23e9, 0x23ec},   {0x2614, 0x2615},   {0x26a1, 0x26a1},
    {0x2705, 0x2705},   {0x274c, 0x274c},   {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2795, 0x2797},
    {0x2b1b, 0x2b1c},   {0x2b50, 0x2b50},   {0x2b55, 0x2b55},   {0x2e80, 0x303e},   {0x3041, 0x33ff},
    {0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},
    {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff01, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
    {0x1f680, 0x1f6ff}, {0x1f7e0, 0x1f7eb}, {0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
};

template <std::size_t N>
bool is_in(const Range (&ranges)[N], char32_t character) {
  const auto at = std::lower_bound(std::begin(ranges), std::end(ranges), character,
                                   [](const Range& range, char32_t wanted) { return range.last < wanted; });
  return at != std::end(ranges) && at->first <= character;
}

unsigned byte_at(std::string_view text, std::size_t offset) { return static_cast<unsigned char>(text[offset]); }

}  // namespace

Utf8Step utf8_step(std::string_view text, std::size_t offset) {
  const unsigned lead = byte_at(text, offset);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  const Utf8Step bad{lead, 1, false};
  if (lead < 0xc2 || lead > 0xf4 || text.size() - offset < bytes) return bad;
  char32_t character = lead & (0xffu >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    const unsigned next = byte_at(text, offset + i);
    if ((next & 0xc0) != 0x80) return bad;
    character = character << 6 | (next & 0x3f);
  }
  const bool overlong = (bytes == 3 && character < 0x800) || (bytes == 4 && character < 0x10000);
  const bool surrogate = character >= 0xd800 && character <= 0xdfff;
  if (overlong || surrogate || character > 0x10ffff) return bad;
  return {character, bytes, true};
}

std::size_t columns_of(char32_t character) {
  if (character < 0x300) return 1;
  if (is_in(no_columns, character)) return 0;
  return is_in(two_columns, character) ? 2 : 1;
}

bool acts_on_terminal(char32_t character) {
  const bool control = character < 0x20 || (character >= 0x7f && character < 0xa0);
  const bool separator = character == 0x2028 || character == 0x2029;
  const bool direction = (character >= 0x202a && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069);
  return control || separator || direction;
}

}  // namespace tt
