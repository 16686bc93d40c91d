#include "tt/base/source_text.hpp"

#include <gtest/gtest.h>

namespace tt {
namespace {

TEST(SourceText, GivesLinesWithoutTheirEnds) {
  const SourceText source("a.toml", "one\ntwo\r\n\nfour");
  EXPECT_EQ(source.name(), "a.toml");
  EXPECT_EQ(source.line_count(), 4u);
  EXPECT_EQ(source.line(1), "one");
  EXPECT_EQ(source.line(2), "two");
  EXPECT_EQ(source.line(3), "");
  EXPECT_EQ(source.line(4), "four");
}

TEST(SourceText, HasNoLineZeroAndNoneBehindTheLast) {
  const SourceText source("a.toml", "one\n");
  EXPECT_EQ(source.line(0), "");
  EXPECT_EQ(source.line(2), "");
  EXPECT_EQ(source.line(99), "");
}

TEST(SourceText, FindsOffsetsOfByteColumns) {
  const SourceText source("a", "ab\ncde\r\nf");
  EXPECT_EQ(source.offset_of_byte_column(1, 1), 0u);
  EXPECT_EQ(source.offset_of_byte_column(2, 1), 3u);
  EXPECT_EQ(source.offset_of_byte_column(2, 3), 5u);
  EXPECT_EQ(source.offset_of_byte_column(3, 1), 8u);
}

TEST(SourceText, KeepsOffsetsInsideTheirLine) {
  const SourceText source("a", "ab\ncde\r\nf");
  EXPECT_EQ(source.offset_of_byte_column(2, 99), 6u);  // before the \r
  EXPECT_EQ(source.offset_of_byte_column(2, 0), 3u);
  EXPECT_EQ(source.offset_of_byte_column(0, 5), 0u);
  EXPECT_EQ(source.offset_of_byte_column(9, 1), 9u);
}

TEST(SourceText, CountsCodePointsWhereAParserDoes) {
  const SourceText source("a", "x\né=日x");  // é: 2 bytes, 日: 3 bytes
  EXPECT_EQ(source.offset_of_code_point_column(2, 1), 2u);
  EXPECT_EQ(source.offset_of_code_point_column(2, 2), 4u);
  EXPECT_EQ(source.offset_of_code_point_column(2, 3), 5u);
  EXPECT_EQ(source.offset_of_code_point_column(2, 4), 8u);
  EXPECT_EQ(source.offset_of_code_point_column(2, 99), 9u);
}

TEST(SourceText, CountsABadByteAsOneCodePoint) {
  const SourceText source("a", "\xff\xe9z");
  EXPECT_EQ(source.offset_of_code_point_column(1, 3), 2u);
}

TEST(SourceText, FindsThePositionOfAnOffset) {
  const SourceText source("a", "ab\ncde\n");
  const auto at = [&](std::size_t offset) {
    const auto [line, column] = source.position(offset);
    return std::make_pair(line, column);
  };
  EXPECT_EQ(at(0), std::make_pair(std::size_t{1}, std::size_t{1}));
  EXPECT_EQ(at(2), std::make_pair(std::size_t{1}, std::size_t{3}));
  EXPECT_EQ(at(3), std::make_pair(std::size_t{2}, std::size_t{1}));
  EXPECT_EQ(at(5), std::make_pair(std::size_t{2}, std::size_t{3}));
  EXPECT_EQ(at(7), std::make_pair(std::size_t{3}, std::size_t{1}));
  EXPECT_EQ(at(1000), std::make_pair(std::size_t{3}, std::size_t{1}));
}

TEST(SourceText, OfNothingHasOneEmptyLine) {
  const SourceText source("a", "");
  EXPECT_EQ(source.line_count(), 1u);
  EXPECT_EQ(source.position(0).line, 1u);
  EXPECT_EQ(source.position(0).column, 1u);
}

TEST(Place, IsMadeFromAnOffset) {
  const auto source = std::make_shared<const SourceText>("sweeps/lr.yaml", "a: 1\nb: 2\n");
  const Place place = place_at(source, 8, 3);
  EXPECT_EQ(place.file, "sweeps/lr.yaml");
  EXPECT_EQ(place.line, 2u);
  EXPECT_EQ(place.column, 4u);
  EXPECT_EQ(place.length, 3u);
  EXPECT_EQ(place.source, source);
}

TEST(Place, OfAWholeFileHasNoLine) {
  const Place place = whole_file("base/tiny.toml");
  EXPECT_EQ(place.file, "base/tiny.toml");
  EXPECT_EQ(place.line, 0u);
  EXPECT_EQ(place.source, nullptr);
}

}  // namespace
}  // namespace tt
