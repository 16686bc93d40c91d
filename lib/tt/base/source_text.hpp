// tt/base/source_text.hpp: an input file kept as text, so that a message can point into it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tt {

// A named text and where its lines begin. Lines and columns are 1-based; columns count bytes as stored.
class SourceText {
 public:
  SourceText(std::string name, std::string text);

  const std::string& name() const { return name_; }
  const std::string& text() const { return text_; }
  // Text of a line without its end; empty when there is no such line.
  std::string_view line(std::size_t number) const;
  std::size_t line_count() const { return starts_.size(); }
  // Byte offset of (line, column) where column counts bytes / Unicode code points.
  std::size_t offset_of_byte_column(std::size_t line, std::size_t column) const;
  std::size_t offset_of_code_point_column(std::size_t line, std::size_t column) const;
  // Line and byte column of an offset.
  struct Position {
    std::size_t line = 0;
    std::size_t column = 0;
  };
  Position position(std::size_t offset) const;

 private:
  std::string name_;
  std::string text_;
  std::vector<std::size_t> starts_;
};

using SourceRef = std::shared_ptr<const SourceText>;

// A place in an input: file, line, byte column, and how many bytes to underline.
// line 0 = the file as a whole; no source = only the name is known.
struct Place {
  std::string file;
  std::size_t line = 0;
  std::size_t column = 0;
  std::size_t length = 1;
  SourceRef source;
};

Place place_at(const SourceRef& source, std::size_t offset, std::size_t length = 1);
Place whole_file(const std::string& file);

}  // namespace tt
