// Bad input: an error with its place, exit code 2, and nothing changed on disk.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/tools.hpp"
#include "tt/base/files.hpp"

namespace {

using testing::HasSubstr;
using tt::test::Workspace;

struct BadCase {
  std::string name;
  std::string yaml;   // the sweep file
  std::string error;  // must be said
};

std::string sweep_with(const std::string& matrix, const std::string& more = "") {
  return "sweep: bad\nbase: base.toml\nmodel: story\ntorchtitan: {root: ., version: 0.2.2}\nmatrix:\n" + matrix +
         "resources: {gpus: 1}\n" + more;
}

class BadSweep : public testing::TestWithParam<BadCase> {};

TEST_P(BadSweep, IsRefusedWithItsPlaceAndChangesNothing) {
  const Workspace workspace;
  tt::write_new_file(workspace / "bad.yaml", GetParam().yaml);
  const std::string before = tt::test::snapshot(workspace.path());
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"check", "bad.yaml"}, {"plan", "bad.yaml"}, {"expand", "bad.yaml"}}) {
    const tt::ProcessResult result = workspace.sweep(words);
    EXPECT_EQ(result.status, 2) << words.front() << "\n" << result.out << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr(GetParam().error)) << words.front();
  }
  const tt::ProcessResult run = workspace.submit({"run", "bad.yaml"});
  EXPECT_EQ(run.status, 2) << run.out << run.err;
  EXPECT_EQ(tt::test::snapshot(workspace.path()), before);
  EXPECT_FALSE(tt::is_there(workspace / "executed")) << "something of the sweep was executed";
}

std::string long_scalar() { return "  optimizer.name: [\"" + std::string(1024 * 1024, 'x') + "\"]\n"; }

INSTANTIATE_TEST_SUITE_P(
    Yaml, BadSweep,
    testing::Values(
        BadCase{"DuplicateKey", sweep_with("  training.seq_len: [256]\n  training.seq_len: [512]\n"), "bad.yaml:7:3: "},
        BadCase{"AliasBomb", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "bad.yaml:1:4: "},
        BadCase{"LeadingZero", sweep_with("  training.seq_len: [010]\n"), "bad.yaml:6:22: "},
        BadCase{"Yes", sweep_with("  compile.enable: [yes, no]\n"), "bad.yaml:6:20: "},
        BadCase{"Tab", "sweep: bad\nmatrix:\n\ttraining.seq_len: [256]\n", "bad.yaml:3:1: "},
        BadCase{"NotUtf8",
                "sweep: b\xff"
                "d\n",
                "bad.yaml:1:9: "},
        BadCase{"HugeScalar", sweep_with(long_scalar()), "bad.yaml:6:20: "},
        BadCase{"EmptyAxis", sweep_with("  training.seq_len: []\n"), "bad.yaml:6:"},
        BadCase{"UnknownKeyOfTheLanguage", sweep_with("  training.seq_len: [256]\n", "matrxi: {}\n"),
                "did you mean 'matrix'?"},
        BadCase{"UnknownConfigKey", sweep_with("  training.seq_length: [256]\n"), "did you mean 'training.seq_len'?"},
        BadCase{"WrongType", sweep_with("  training.seq_len: [4.5]\n"), "bad.yaml:6:22: "},
        BadCase{"CollidingNames", sweep_with("  training.seq_len: [256, 512]\n", "name: \"same\"\n"), "same"},
        BadCase{"SlashInTheName", "sweep: ../../etc\nbase: base.toml\n", "bad.yaml:1:8: "},
        BadCase{"CommandInTheModel",
                "sweep: bad\nmodel: \"$(touch executed)\"\nbase: base.toml\nresources: {gpus: 1}\n", "bad.yaml:2:8: "},
        BadCase{"NewlineInTheModel", "sweep: bad\nmodel: \"a\\nb\"\nbase: base.toml\nresources: {gpus: 1}\n",
                "bad.yaml:2:8: "},
        BadCase{"SecretInTheEnvironment", sweep_with("  training.seq_len: [256]\n", "env: {HF_TOKEN: abc}\n"),
                "HF_TOKEN"},
        BadCase{"MissingBase",
                "sweep: bad\nbase: nowhere.toml\nmodel: story\ntorchtitan: {root: .}\nresources: {gpus: 1}\n",
                "nowhere.toml"},
        BadCase{"BaseIsAFolder", "sweep: bad\nbase: .\nmodel: story\ntorchtitan: {root: .}\nresources: {gpus: 1}\n",
                "bad.yaml:2:"}),
    [](const auto& one) { return one.param.name; });

TEST(BadInput, ABrokenBasePointsIntoTheToml) {
  const Workspace workspace;
  tt::write_new_file(workspace / "base.toml", "[training]\nsteps = = 3\n");
  const tt::ProcessResult result = workspace.sweep({"plan", "sweep.yaml"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("base.toml:2:9: "));
}

TEST(BadInput, AnUnreadableBaseSaysSo) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads every file";
  const Workspace workspace;
  ::chmod((workspace / "base.toml").c_str(), 0);
  const tt::ProcessResult result = workspace.sweep({"plan", "sweep.yaml"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("Permission denied"));
}

TEST(Check, SaysByWhatItKnowsTheRelease) {
  const Workspace workspace;
  tt::write_new_file(workspace / "s.yaml",
                     "sweep: s\nbase: base.toml\nmodel: story\ntorchtitan: {root: .}\nresources: {gpus: 1}\n");
  EXPECT_THAT(workspace.sweep({"check", "s.yaml"}).out,
              testing::MatchesRegex(
                  "s.yaml: 1 run, none skipped .TorchTitan of era 0[.]2[.]2, known by keys of .*base[.]toml.\n"));
}

TEST(BadInput, AllProblemsOfAFileAreShownAtOnce) {
  const Workspace workspace;
  tt::write_new_file(workspace / "bad.yaml",
                     sweep_with("  training.seq_len: [4.5]\n  optimizer.lrr: [1]\n  training.steps: []\n"));
  const tt::ProcessResult result = workspace.sweep({"check", "bad.yaml"});
  EXPECT_EQ(result.status, 2);
  for (const char* place : {"bad.yaml:6:", "bad.yaml:7:", "bad.yaml:8:"}) EXPECT_THAT(result.err, HasSubstr(place));
}

TEST(BadInput, ASweepWithNothingToRunSaysWhatTakesItsPoints) {
  const Workspace workspace;
  tt::write_new_file(workspace / "none.yaml",
                     sweep_with("  training.seq_len: [256, 512]\n", "where: key(\"training.seq_len\") > 512\n"));
  const std::string why =
      "tt-sweep: error: none.yaml:1:8: nothing to run: all 2 points of this sweep are cut or refused\n"
      "  1 | sweep: bad\n"
      "    |        ^^^\n"
      "  what takes them away is told below: conditions and rows with all they take, estimates and rules "
      "with what they take of the rest\n"
      "tt-sweep: error: none.yaml:8:8: this condition cuts all 2 points\n"
      "  8 | where: key(\"training.seq_len\") > 512\n"
      "    |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
      "  no point gets past it: mend it, or leave it out\n";
  const tt::ProcessResult check = workspace.sweep({"check", "none.yaml"});
  EXPECT_EQ(check.status, 2);
  EXPECT_EQ(check.out, "none.yaml: 0 runs, none skipped (TorchTitan 0.2.2, known by the sweep file)\n");
  EXPECT_EQ(check.err, why);
  const std::string before = tt::test::snapshot(workspace.path());
  const tt::ProcessResult expand = workspace.sweep({"expand", "none.yaml"});
  EXPECT_EQ(expand.status, 2);
  EXPECT_EQ(expand.out + expand.err, why);
  EXPECT_EQ(tt::test::snapshot(workspace.path()), before);
  const tt::ProcessResult plan = workspace.sweep({"plan", "none.yaml", "--json"});
  EXPECT_EQ(plan.status, 2);
  EXPECT_EQ(tt::parse_json(plan.out, "plan").integer_or("filtered"), 2);  // scripts read the record all the same
  EXPECT_EQ(plan.err, why);
}

TEST(BadInput, OddValuesReachTheConfigAsTextAndNothingIsExecuted) {
  const Workspace workspace(
      {"story", "  training.dataset: [\"$(touch executed)\", \"a'b\", 'c\"d', \"two words\"]\n", "", "00:05:00"});
  const tt::ProcessResult run = workspace.submit({"run", "sweep.yaml"});
  EXPECT_EQ(run.status, 0) << run.out << run.err;
  EXPECT_EQ(workspace.trainings().size(), 4U);
  EXPECT_FALSE(tt::is_there(workspace / "executed"));
}

}  // namespace
