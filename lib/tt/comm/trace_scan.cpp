#include "tt/comm/trace_scan.hpp"

#include <bit>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace tt::comm {

void ArrayScan::step(char c, std::size_t offset, Found& found) {
  if (in_string_) {
    if (escaped_)
      escaped_ = false;
    else if (c == '\\')
      escaped_ = true;
    else if (c == '"')
      in_string_ = false;
  } else if (c == '"') {
    in_string_ = true;
  } else if (c == '{' || c == '[') {
    ++depth_;
  } else if (c == '}' || c == ']') {
    if (depth_ == 0)
      found.array_end = offset;
    else if (--depth_ == 0)
      found.element_end = offset + 1;
  }
}

#ifdef __SSE2__

namespace {

constexpr std::size_t kBlock = 64;

// One bit per byte of a block.
struct Marks {
  std::uint64_t quotes = 0;
  std::uint64_t backslashes = 0;
  std::uint64_t opening = 0;
  std::uint64_t closing = 0;
};

std::uint64_t bits(__m128i equal, int shift) {
  return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(equal))) << static_cast<unsigned>(shift);
}

Marks marks_of(const char* block) {
  Marks marks;
  for (int part = 0; part < 4; ++part) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + std::ptrdiff_t{16} * part));
    // '[' and '{', ']' and '}' differ in one bit only.
    const __m128i folded = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    marks.quotes |= bits(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), 16 * part);
    marks.backslashes |= bits(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')), 16 * part);
    marks.opening |= bits(_mm_cmpeq_epi8(folded, _mm_set1_epi8('{')), 16 * part);
    marks.closing |= bits(_mm_cmpeq_epi8(folded, _mm_set1_epi8('}')), 16 * part);
  }
  return marks;
}

// std::popcount is a call into the compiler's library on processors of the plainest kind, for which Debian builds.
int count_of(std::uint64_t marks) {
  marks -= (marks >> 1U) & 0x5555555555555555U;
  marks = (marks & 0x3333333333333333U) + ((marks >> 2U) & 0x3333333333333333U);
  marks = (marks + (marks >> 4U)) & 0x0f0f0f0f0f0f0f0fU;
  return static_cast<int>((marks * 0x0101010101010101U) >> 56U);
}

// Bit k: whether an odd number of bits up to and with k is set, which is "inside a string" for quotes.
std::uint64_t running_parity(std::uint64_t marks) {
  for (const unsigned shift : {1U, 2U, 4U, 8U, 16U, 32U}) marks ^= marks << shift;
  return marks;
}

}  // namespace

void ArrayScan::walk_block(const char* block, std::size_t offset, Found& found) {
  const Marks marks = marks_of(block);
  if (marks.backslashes != 0 || escaped_) {  // rare in traces
    for (std::size_t k = 0; k < kBlock && !found.array_end; ++k) step(block[k], offset + k, found);
    return;
  }
  const std::uint64_t inside = running_parity(marks.quotes) ^ (in_string_ ? ~std::uint64_t{0} : 0);
  in_string_ = (inside >> 63U) != 0;
  const std::uint64_t opening = marks.opening & ~inside;
  const std::uint64_t closing = marks.closing & ~inside;
  const int closed = count_of(closing);
  if (depth_ > closed) {  // nothing can end here but parts of an element
    depth_ += count_of(opening) - closed;
    return;
  }
  for (std::uint64_t left = opening | closing; left != 0; left &= left - 1) {
    const std::uint64_t lowest = left & (~left + 1);
    if ((opening & lowest) != 0) {
      ++depth_;
    } else if (depth_ == 0) {
      found.array_end = offset + static_cast<std::size_t>(std::countr_zero(lowest));
      return;
    } else if (--depth_ == 0) {
      found.element_end = offset + static_cast<std::size_t>(std::countr_zero(lowest)) + 1;
    }
  }
}

ArrayScan::Found ArrayScan::walk(const char* piece, std::size_t size) {
  Found found;
  std::size_t offset = 0;
  for (; offset + kBlock <= size && !found.array_end; offset += kBlock) walk_block(piece + offset, offset, found);
  for (; offset < size && !found.array_end; ++offset) step(piece[offset], offset, found);
  return found;
}

#else

ArrayScan::Found ArrayScan::walk(const char* piece, std::size_t size) {
  Found found;
  for (std::size_t offset = 0; offset < size && !found.array_end; ++offset) step(piece[offset], offset, found);
  return found;
}

#endif

}  // namespace tt::comm
