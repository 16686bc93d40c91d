// tt-sweep check --with-torchtitan, with a Python that answers as tt_preflight.py does; tests/real asks TorchTitan
// itself.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/tools.hpp"
#include "tt/base/text.hpp"

namespace tt {
namespace {

using test::read;

// It refuses tp 2, dies over tp 4, and takes the rest; a line in `calls` for every start of tt_preflight.py.
constexpr const char* kPython = R"sh(#!/bin/bash
here=${0%/*}
case $1 in
  *tt_versions.py)
    echo "# runtime:  Python 3.11.7"
    echo "# torchtitan: $(<"$here/version")"
    echo "# torch:    2.15.0"
    exit ;;
esac
echo asked >>"$here/calls"
while IFS= read -r line; do
  id=${line#*\"id\":\"}
  id=${id%%\"*}
  case $line in
    *'"limit"'*) ;;
    *'"learn"'*) echo "{\"id\":\"$id\",\"learnt\":{\"training.seq_len\":512,\"training.local_batch_size\":3,\"parallelism.tensor_parallel_degree\":1}}" ;;
    *'tensor_parallel_degree\" = 2'*) echo "{\"id\":\"$id\",\"verdict\":\"refused\",\"depth\":null,\"said\":\"AssertionError: no\"}" ;;
    *'tensor_parallel_degree\" = 4'*) echo "{\"id\":\"$id\",\"verdict\":\"unknown\",\"depth\":null,\"said\":\"no answer in 5 s\"}" ;;
    *) echo "{\"id\":\"$id\",\"verdict\":\"taken\",\"depth\":\"stepped\",\"said\":\"\"}" ;;
  esac
done <"$2"
)sh";

class Preflight : public ::testing::Test {
 protected:
  Preflight() {
    python_.write("python", kPython);
    std::filesystem::permissions(python_ / "python", std::filesystem::perms::owner_all);
    python_.write("version", "0.3.0");
    sweep("llama3_debugmodel", "[1, 2, 3]");
  }

  void sweep(const std::string& function, const std::string& degrees) {
    std::ofstream(workspace_ / "p.yaml")
        << "sweep: p\nbase: {module: llama3, config: " << function << "}\ntorchtitan: {version: 0.3.0}\n"
        << "matrix: {parallelism.tensor_parallel_degree: " << degrees << ", debug.seed: [1, 2]}\n"
        << "resources: {gpus: 1, walltime: \"00:05:00\"}\nrules: {warn: {world-size: \"asked here\"}}\n";
  }

  ProcessResult check(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{"check", "p.yaml", "--with-torchtitan", "--python", (python_ / "python").string()};
    words.insert(words.end(), more.begin(), more.end());
    return workspace_.tool("tt-sweep", words, {{"XDG_CACHE_HOME", (python_ / "cache").string()}});
  }

  std::size_t calls() const { return split(read(python_ / "calls"), '\n').size() - 1; }

  test::Workspace workspace_;
  test::TempFolder python_;
};

TEST_F(Preflight, PutsTorchTitansWordBesideOurs) {
  const ProcessResult told = check();
  EXPECT_EQ(told.status, 4) << told.err;
  EXPECT_EQ(
      told.out,
      "_tp1_seed1 and 1 more on 1 rank\n"
      "  tt:         would queue it\n"
      "  TorchTitan: takes it, one step made\n"
      "_tp2_seed1 and 1 more on 1 rank\n"
      "  tt:         would queue it\n"
      "  TorchTitan: refuses it: AssertionError: no\n"
      "_tp3_seed1 and 1 more on 1 rank\n"
      "  tt:         skips it, seq-len-divisible: training.seq_len 2048 is no multiple of tp 3; also "
      "tp-divides-heads: tp 3 does not divide the 16 key-value heads of llama3_debugmodel\n"
      "  TorchTitan: takes it, one step made\n"
      "\n3 shapes (torchtitan 0.3.0, torch 2.15.0): TorchTitan refuses 1 that would be queued; it takes 1 that a rule "
      "skips (rules: {warn: {NAME: why}} lets them run)\n"
      "p.yaml: 4 runs, 2 skipped by rule (TorchTitan 0.3.0, known by the sweep file)\n");
}

TEST_F(Preflight, IsContentWhenNothingThatWouldBeQueuedIsRefused) {
  sweep("llama3_debugmodel", "[1, 4]");
  const ProcessResult told = check({"--json"});
  EXPECT_EQ(told.status, 0) << told.err;
  const Value shapes = parse_json(told.out, "check").at("preflight").as_list().front().at("shapes");
  EXPECT_EQ(shapes.as_list()[0].text_or("torchtitan"), "taken");
  EXPECT_EQ(shapes.as_list()[1].text_or("torchtitan"), "unknown");
  EXPECT_EQ(shapes.as_list()[1].text_or("said"), "no answer in 5 s");
}

TEST_F(Preflight, AsksOnceAndRemembersWhatIsKnown) {
  check();
  EXPECT_EQ(calls(), 1U);
  EXPECT_NE(check().out.find("refuses it: AssertionError: no (known from before)"), std::string::npos);
  EXPECT_EQ(calls(), 1U);
  python_.write("version", "0.3.1");  // another TorchTitan is asked again
  EXPECT_EQ(check().out.find("known from before"), std::string::npos);
  EXPECT_EQ(calls(), 2U);
  sweep("llama3_debugmodel", "[4]");  // and what got no answer is asked again
  check();
  check();
  EXPECT_EQ(calls(), 4U);
}

TEST_F(Preflight, RemembersNothingOfAChangedCheckout) {
  python_.write("version", "commit 0a1b, modified");
  check();
  check();
  EXPECT_EQ(calls(), 2U);
}

TEST_F(Preflight, LearnsWhatAFunctionOfOnesOwnSets) {
  sweep("my_own", "[1]");
  const std::map<std::string, std::string> cache{{"XDG_CACHE_HOME", (python_ / "cache").string()}};
  const ProcessResult before = workspace_.tool("tt-sweep", {"explain", "p.yaml", "_tp1_seed1"}, cache);
  EXPECT_EQ(before.out.find("512"), std::string::npos);
  const ProcessResult told = check();
  EXPECT_EQ(told.status, 0) << told.err;
  EXPECT_NE(told.err.find("llama3/my_own sets 3 keys; plans of TorchTitan 0.3.0 know them from now on"),
            std::string::npos)
      << told.err;
  std::ofstream(workspace_ / "p.yaml", std::ios::app) << "where: training.seq_len == 512\n";
  const ProcessResult plan = workspace_.tool("tt-sweep", {"plan", "p.yaml", "--csv"}, cache);
  EXPECT_EQ(plan.status, 0) << plan.err;
  const ProcessResult unknown = workspace_.tool("tt-sweep", {"plan", "p.yaml", "--csv"});
  EXPECT_EQ(unknown.status, 2) << "without what was learnt nobody knows the sequence";
}

TEST_F(Preflight, WritesNothingIntoTheWorkspace) {
  const std::string before = test::snapshot(workspace_.path());
  check();
  EXPECT_EQ(test::snapshot(workspace_.path()), before);
}

TEST_F(Preflight, SaysWhatIsMissing) {
  const ProcessResult nowhere =
      workspace_.tool("tt-sweep", {"check", "p.yaml", "--with-torchtitan", "--python", "/nowhere/python"});
  EXPECT_EQ(nowhere.status, 1);
  EXPECT_NE(nowhere.err.find("cannot ask /nowhere/python which TorchTitan it has"), std::string::npos) << nowhere.err;
  python_.write("version", "");
  const ProcessResult without = check();
  EXPECT_EQ(without.status, 1);
  EXPECT_NE(
      without.err.find("has no torchtitan; activate the environment that has it, or name its Python with --python"),
      std::string::npos)
      << without.err;
}

TEST_F(Preflight, TellsWhyTorchTitanCannotBeImported) {
  python_.write("python",
                "#!/bin/bash\ncase $1 in *tt_versions.py) echo '# torchtitan: 0.3.0'; echo '# torch: 2.11.0';; "
                "*) echo '{\"fatal\":\"ImportError: cannot import name DataParallelMeshDims\"}';; esac\n");
  const ProcessResult told = check();
  EXPECT_EQ(told.status, 1);
  EXPECT_EQ(told.err.substr(told.err.find("tt-sweep: error")),
            "tt-sweep: error: TorchTitan (torchtitan 0.3.0, torch 2.11.0) cannot be imported by " +
                (python_ / "python").string() + ": ImportError: cannot import name DataParallelMeshDims\n");
}

}  // namespace
}  // namespace tt
