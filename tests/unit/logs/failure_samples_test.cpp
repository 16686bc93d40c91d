// Every recorded or modelled failure of tests/transcripts/failures against its row in index.tsv.
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "support/temp_folder.hpp"
#include "tt/base/text.hpp"
#include "tt/logs/diagnose.hpp"

namespace tt::logs {
namespace {

const std::filesystem::path samples_folder = std::filesystem::path(TT_SOURCE_DIR) / "tests/transcripts/failures";

struct Sample {
  std::string file, cause, rank, line, retry;
};

std::vector<Sample> samples() {
  std::vector<Sample> rows;
  for (const auto& line : split_lines(test::read(samples_folder / "index.tsv"))) {
    const auto parts = split(line, '\t');
    if (parts.size() >= 5 && parts[0] != "file") rows.push_back({parts[0], parts[1], parts[2], parts[3], parts[4]});
  }
  return rows;
}

std::string rank_of(const Diagnosis& d) {
  if (d.all_ranks) return "*";
  return d.rank ? std::to_string(*d.rank) : "";
}

Diagnosis diagnose_sample(const std::string& file) {
  DiagnosisInput input;
  input.files.push_back({file, std::nullopt, samples_folder / file, LogKind::node, "", std::nullopt});
  return diagnose(input);
}

class FailureSample : public testing::TestWithParam<Sample> {};

TEST_P(FailureSample, IsNamedWithItsRankAndLine) {
  const Sample& sample = GetParam();
  const Diagnosis d = diagnose_sample(sample.file);
  if (sample.cause == "none") {
    EXPECT_EQ(d.verdict, DiagnosisVerdict::ok);
    EXPECT_EQ(d.cause, std::nullopt) << d.evidence;
    return;
  }
  EXPECT_EQ(d.verdict, DiagnosisVerdict::failed);
  EXPECT_EQ(d.cause.value_or("(none)"), sample.cause) << d.evidence;
  EXPECT_EQ(d.line ? std::to_string(*d.line) : "", sample.line) << d.evidence;
  EXPECT_EQ(rank_of(d), sample.rank);
  EXPECT_EQ(to_string(d.retry), sample.retry);
}

std::string test_name(const testing::TestParamInfo<Sample>& sample) {
  std::string name;
  for (const char c : sample.param.file.substr(0, sample.param.file.size() - 4)) {
    name += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Recorded, FailureSample, testing::ValuesIn(samples()), test_name);

// A log is often read while it is written, or was cut by a full disk: whatever is left, the finding points at a line of
// it.
TEST(FailureSamples, CanBeCutAnywhere) {
  for (const auto& sample : samples()) {
    const std::string text = test::read(samples_folder / sample.file);
    for (std::size_t part = 0; part < 7; ++part) {
      DiagnosisInput input;
      const std::string cut = text.substr(0, text.size() * part / 7);
      input.files.push_back({sample.file, cut, {}, LogKind::node, "", std::nullopt});
      const Diagnosis d = diagnose(input);
      const auto lines = split_lines(cut).size();
      EXPECT_LE(d.line.value_or(0), lines) << sample.file << " cut at part " << part;
      EXPECT_EQ(d.cause.has_value(), d.tier.has_value()) << sample.file;
    }
  }
}

TEST(FailureSamples, AreAllListedInTheIndex) {
  std::set<std::string> listed;
  for (const auto& sample : samples()) listed.insert(sample.file);
  std::set<std::string> present;
  for (const auto& entry : std::filesystem::directory_iterator(samples_folder)) {
    if (entry.path().extension() == ".txt") present.insert(entry.path().filename().string());
  }
  EXPECT_EQ(listed, present);
  EXPECT_GE(listed.size(), 60u);
}

}  // namespace
}  // namespace tt::logs
