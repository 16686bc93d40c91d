// Recordings cut anywhere, and with any byte changed: never a crash, never another total without a word.
//
// A changed byte can make another recording that is whole (9 calls where there were 8): what it then adds up to is
// compared with a plain reading of the same text, which shares nothing with the readers but the JSON parser for values.
#include <gtest/gtest.h>

#include <random>

#include "support/recordings.hpp"
#include "support/temp_folder.hpp"
#include "tt/base/error.hpp"
#include "tt/base/text.hpp"
#include "tt/base/value.hpp"

namespace tt::comm {
namespace {

using test::lines_of;

constexpr int kCuts = 60;
constexpr int kFlips = 60;

const std::vector<std::string> kFiles = {"gloo-tp2.rank0.json", "param-comms-fsdp2-tp2.rank0.json",
                                         "flight-recorder-tp2.rank0.json", "nccl-coll-constructed.rank0.log"};

// What reading it gives: lines, or nullopt and the sentence it was refused with.
std::optional<std::vector<std::string>> reading_of(const test::TempFolder& folder, const std::string& text,
                                                   std::string& sentence, std::vector<std::string>& notes) {
  try {
    std::vector<std::string> lines;
    for (const Recording& one : load_recording("trace", folder.write("trace", text))) {
      for (const std::string& line : lines_of(one)) lines.push_back(line);
      notes.insert(notes.end(), one.notes.begin(), one.notes.end());
    }
    return lines;
  } catch (const BadInput& bad) {
    sentence = bad.what();
    return std::nullopt;
  }
}

std::optional<Value> as_json(const std::string& text) {
  try {
    return parse_json(text, "trace");
  } catch (const Error&) {
    return std::nullopt;
  }
}

// Calls, elements in and out of a text's record_param_comms events, whatever else stands in it.
struct Sums {
  std::uint64_t calls = 0, in = 0, out = 0;
  bool operator==(const Sums&) const = default;
};

std::uint64_t bytes_of(const Value& args, const char* key) {
  return static_cast<std::uint64_t>(args.integer_or(key)) * element_bytes(args.text_or("dtype")).value_or(0);
}

Sums plain_sums(const Value& trace) {
  Sums sums;
  for (const Value& event : trace.at("traceEvents").as_list()) {
    if (event.text_or("name") != "record_param_comms") continue;
    const Value& args = event.at("args");
    ++sums.calls;
    sums.in += bytes_of(args, "In msg nelems");
    sums.out += bytes_of(args, "Out msg nelems");
  }
  return sums;
}

Sums sums_of(const std::vector<std::string>& lines) {
  Sums sums;
  for (const std::string& line : lines) {
    const auto words = split(line, ' ');
    const std::size_t last = words.size() - 1;
    sums.calls += static_cast<std::uint64_t>(to_integer(words[last - 3]).value_or(0));
    sums.in += static_cast<std::uint64_t>(to_integer(words[last - 2]).value_or(0));
    sums.out += static_cast<std::uint64_t>(to_integer(words[last - 1]).value_or(0));
  }
  return sums;
}

TEST(TraceFuzz, ACutIsAlwaysSaid) {
  std::mt19937 random(1);
  const test::TempFolder folder;
  for (const std::string& file : kFiles) {
    const std::string whole = test::read(test::recording(file));
    const bool is_log = file.ends_with(".log");
    for (int k = 0; k < kCuts; ++k) {
      const std::size_t size = std::uniform_int_distribution<std::size_t>(1, whole.size() - 2)(random);
      std::string cut = whole.substr(0, size);
      if (is_log && cut.back() == '\n') continue;  // a log is whole at every end of a line
      std::string sentence;
      std::vector<std::string> notes;
      const auto lines = reading_of(folder, cut, sentence, notes);
      if (!lines) continue;
      EXPECT_TRUE(is_log) << file << " cut at " << size;
      EXPECT_FALSE(notes.empty() || notes.back().find("the last line has no end") == std::string::npos)
          << file << " cut at " << size;
    }
    const std::string packed = test::gzip(whole);
    for (int k = 0; k < kCuts; ++k) {
      const std::size_t size = std::uniform_int_distribution<std::size_t>(2, packed.size() - 1)(random);
      std::string sentence;
      std::vector<std::string> notes;
      EXPECT_FALSE(reading_of(folder, packed.substr(0, size), sentence, notes)) << file << ".gz cut at " << size;
    }
  }
}

TEST(TraceFuzz, AChangedByteIsRefusedOrReadAsItStands) {
  std::mt19937 random(2);
  const test::TempFolder folder;
  for (const std::string& file : kFiles) {
    const std::string whole = test::read(test::recording(file));
    for (int k = 0; k < kFlips; ++k) {
      std::string text = whole;
      const std::size_t at = std::uniform_int_distribution<std::size_t>(0, text.size() - 1)(random);
      text[at] = static_cast<char>(text[at] ^ (1 << std::uniform_int_distribution<int>(0, 7)(random)));
      std::string sentence;
      std::vector<std::string> notes;
      const auto lines = reading_of(folder, text, sentence, notes);
      if (file.ends_with(".log")) continue;
      const auto json = as_json(text);
      EXPECT_TRUE(json || !lines) << file << " changed at " << at << " is no JSON, and was read";
      if (!lines || !json || !file.starts_with("param")) continue;
      // A name that is no longer record_param_comms, or another key: still what a plain reading finds.
      EXPECT_EQ(sums_of(*lines), plain_sums(*json)) << file << " changed at " << at;
    }
  }
}

TEST(TraceFuzz, AChangedByteInGzipIsRefused) {
  std::mt19937 random(3);
  const test::TempFolder folder;
  const std::string packed = test::gzip(test::read(test::recording("param-comms-fsdp2-tp2.rank0.json")));
  const auto untouched = lines_of(test::load(test::recording("param-comms-fsdp2-tp2.rank0.json")));
  for (int k = 0; k < kFlips; ++k) {
    std::string text = packed;
    const std::size_t at = std::uniform_int_distribution<std::size_t>(0, text.size() - 1)(random);
    text[at] = static_cast<char>(text[at] ^ (1 << std::uniform_int_distribution<int>(0, 7)(random)));
    std::string sentence;
    std::vector<std::string> notes;
    const auto lines = reading_of(folder, text, sentence, notes);
    // Read nevertheless: a byte of the header that says nothing of the data.
    EXPECT_EQ(lines.value_or(untouched), untouched) << "changed at " << at;
  }
}

// The recording again and again, longer than what is held at a time, with its events at every offset of a piece.
TEST(TraceFuzz, ALongTraceAddsUpWhereverItsPiecesEnd) {
  const std::string whole = test::read(test::recording("param-comms-fsdp2-tp2.rank0.json"));
  const std::size_t first = whole.find('[', whole.find("\"traceEvents\"")) + 1;
  const std::size_t last = whole.rfind(']');
  const std::string events = whole.substr(first, last - first);
  const auto once = test::load(test::recording("param-comms-fsdp2-tp2.rank0.json"));
  for (const std::size_t shift : {0, 1, 63, 64, 1000}) {
    std::string text = whole.substr(0, first) + std::string(shift, ' ');
    for (int k = 0; k < 20; ++k) text += (k == 0 ? "" : ",") + events;
    const auto read = test::load_text(text + whole.substr(last));
    ASSERT_EQ(read.rows.size(), once.rows.size());
    for (std::size_t k = 0; k < read.rows.size(); ++k) {
      EXPECT_EQ(read.rows[k].calls, 20 * once.rows[k].calls);
      EXPECT_EQ(read.rows[k].logical_bytes, 20 * *once.rows[k].logical_bytes);
    }
  }
}

}  // namespace
}  // namespace tt::comm
