#include "tt/base/source_text.hpp"

#include <algorithm>
#include <utility>

#include "tt/base/utf8.hpp"

namespace tt {

SourceText::SourceText(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {
  starts_.push_back(0);
  for (auto at = text_.find('\n'); at != std::string::npos; at = text_.find('\n', at + 1)) starts_.push_back(at + 1);
}

std::string_view SourceText::line(std::size_t number) const {
  if (number == 0 || number > starts_.size()) return {};
  const std::size_t begin = starts_[number - 1];
  const std::size_t end = number < starts_.size() ? starts_[number] - 1 : text_.size();
  std::string_view found = std::string_view(text_).substr(begin, end - begin);
  if (found.ends_with('\r')) found.remove_suffix(1);
  return found;
}

std::size_t SourceText::offset_of_byte_column(std::size_t number, std::size_t column) const {
  if (number == 0) return 0;
  if (number > starts_.size()) return text_.size();
  const std::size_t before = column == 0 ? 0 : column - 1;
  return starts_[number - 1] + std::min(before, line(number).size());
}

std::size_t SourceText::offset_of_code_point_column(std::size_t number, std::size_t column) const {
  const std::string_view text = line(number);
  std::size_t bytes = 0;
  for (std::size_t seen = 1; seen < column && bytes < text.size(); ++seen) bytes += utf8_step(text, bytes).bytes;
  return offset_of_byte_column(number, bytes + 1);
}

SourceText::Position SourceText::position(std::size_t offset) const {
  const std::size_t inside = std::min(offset, text_.size());
  const auto next = std::upper_bound(starts_.begin(), starts_.end(), inside);
  return {static_cast<std::size_t>(next - starts_.begin()), inside - *(next - 1) + 1};
}

Place place_at(const SourceRef& source, std::size_t offset, std::size_t length) {
  const auto [line, column] = source->position(offset);
  return {source->name(), line, column, length, source};
}

Place whole_file(const std::string& file) { return {file, 0, 0, 1, nullptr}; }

}  // namespace tt
