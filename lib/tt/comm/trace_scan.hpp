// tt/comm/trace_scan.hpp: where the elements of a JSON array end, found without parsing them, many bytes at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace tt::comm {

// Walks the inside of one array; the text may come in pieces of any size. It only follows strings and brackets:
// whether what stands between them is JSON is for the parser to say.
class ArrayScan {
 public:
  struct Found {
    std::optional<std::size_t> element_end;  // just behind the last element (an object or array) that ends in the piece
    std::optional<std::size_t> array_end;    // of the bracket that closes the array; nothing behind it was looked at
  };
  Found walk(const char* piece, std::size_t size);

 private:
  void step(char c, std::size_t offset, Found& found);
  void walk_block(const char* block, std::size_t offset, Found& found);  // 64 bytes at once, where SSE2 is there

  int depth_ = 0;  // below the array
  bool in_string_ = false;
  bool escaped_ = false;  // the byte before was a backslash that escapes
};

}  // namespace tt::comm
