#include "support/recordings.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "support/error_text.hpp"
#include "support/temp_folder.hpp"

namespace tt::test {
namespace {

std::string or_dash(const std::optional<std::uint64_t>& number) { return number ? std::to_string(*number) : "-"; }

}  // namespace

std::filesystem::path recording(const std::string& name) {
  return std::filesystem::path(TT_SOURCE_DIR) / "tests/transcripts/traces" / name;
}

std::vector<std::string> lines_of(const comm::Recording& recording) {
  std::vector<std::string> lines;
  for (const comm::TraceRow& row : recording.rows) {
    const std::string ranks = row.ranks ? fmt::format("[{}]", fmt::join(*row.ranks, ",")) : "-";
    lines.push_back(fmt::format("{} {} {} {} {} {} {} {}", row.group_desc.empty() ? "-" : row.group_desc, ranks,
                                row.profiling_name.empty() ? row.op : row.profiling_name, row.dtype, row.calls,
                                row.in_bytes, row.out_bytes, or_dash(row.logical_bytes)));
  }
  return lines;
}

comm::Recording load(const std::filesystem::path& path, const std::string& name) {
  auto recordings = comm::load_recording(name, path);
  EXPECT_EQ(recordings.size(), 1U);
  return recordings.empty() ? comm::Recording() : recordings.front();
}

comm::Recording load_text(const std::string& text) {
  const TempFolder folder;
  return load(folder.write("trace", text));
}

std::string refusal_of(const std::string& text) {
  const TempFolder folder;
  const std::filesystem::path path = folder.write("trace", text);
  return error_text([&] { comm::load_recording("trace", path); });
}

std::string gzip(const std::string& text) {
  z_stream pack{};
  EXPECT_EQ(deflateInit2(&pack, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&pack, text.size()) + 64, '\0');
  std::string input = text;
  pack.next_in = reinterpret_cast<Bytef*>(input.data());
  pack.avail_in = static_cast<uInt>(input.size());
  pack.next_out = reinterpret_cast<Bytef*>(packed.data());
  pack.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&pack, Z_FINISH), Z_STREAM_END);
  packed.resize(pack.total_out);
  deflateEnd(&pack);
  return packed;
}

}  // namespace tt::test
