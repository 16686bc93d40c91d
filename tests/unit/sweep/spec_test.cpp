#include "tt/sweep/spec.hpp"

#include <gtest/gtest.h>

#include "support/sweep_support.hpp"
#include "support/temp_folder.hpp"

namespace tt::sweep {
namespace {

using test::problems_of;
using test::source;

const std::string head = "sweep: s\nbase: base.toml\n";

Spec spec_of(const std::string& text) { return read_spec(source(text)); }
std::string spec_trouble(const std::string& text) {
  return problems_of([&] { spec_of(head + text); });
}

TEST(SweepFile, IsReadWhole) {
  const Spec spec = spec_of(
      "sweep: llama3_8b_parallelism\n"
      "base: base/llama3_8b.toml\n"
      "model: llama3_8b\n"
      "torchtitan: {root: \"${TORCHTITAN_ROOT}\", version: 0.2.2, script: train.sh, apply: both}\n"
      "fixed: {training.steps: 50}\n"
      "env: {NCCL_ALGO: Ring}\n"
      "matrix:\n"
      "  tp: [1, 2]\n"
      "  training.local_batch_size: [1, 2, 4]\n"
      "zip:\n"
      "  - {training.seq_len: [2048, 8192], activation_checkpoint.mode: [none, full]}\n"
      "exclude: [{tp: 2, training.local_batch_size: 4}]\n"
      "include: [{tp: 16}]\n"
      "alias: {tp: parallelism.tensor_parallel_degree}\n"
      "repeat: {debug.seed: [1, 2, 3]}\n"
      "resources: {gpus: 64, walltime: \"00:30:00\"}\n"
      "name: \"_tp{tp}\"\n");
  EXPECT_EQ(spec.name.text, "llama3_8b_parallelism");
  EXPECT_EQ(spec.bases.at(0).file->text, "base/llama3_8b.toml");
  EXPECT_EQ(spec.model.text, "llama3_8b");
  EXPECT_EQ(spec.torchtitan.roots.at(0).text, "${TORCHTITAN_ROOT}");
  EXPECT_EQ(spec.torchtitan.version->text, "0.2.2");
  EXPECT_EQ(spec.torchtitan.script.text, "train.sh");
  EXPECT_EQ(spec.torchtitan.apply, Apply::both);
  ASSERT_EQ(spec.fixed.size(), 1u);
  EXPECT_EQ(spec.fixed[0].key, "training.steps");
  ASSERT_EQ(spec.groups.size(), 3u);
  EXPECT_EQ(spec.groups[0].axes[0].key, "parallelism.tensor_parallel_degree");
  EXPECT_EQ(spec.groups[0].axes[0].spelled, "tp");
  EXPECT_EQ(spec.groups[2].axes[1].key, "activation_checkpoint.mode");
  EXPECT_EQ(spec.groups[2].axes[1].values[1].value, Value("full"));
  EXPECT_EQ(spec.include[0].cells[0].key, "parallelism.tensor_parallel_degree");
  EXPECT_EQ(spec.exclude[0].cells[1].value.value, Value(4));
  ASSERT_EQ(spec.repeat.size(), 1u);
  EXPECT_EQ(spec.repeat[0].size(), 3u);
  EXPECT_EQ(spec.resources[1].value.value, Value("00:30:00"));
  EXPECT_EQ(spec.name_template->text, "_tp{tp}");
}

TEST(SweepFile, NamesTheModelAfterTheBase) {
  EXPECT_EQ(spec_of("sweep: s\nbase: base/llama3_8b.toml\n").model.text, "llama3_8b");
  EXPECT_EQ(spec_of("sweep: s\nbase: {module: llama3, config: llama3_70b}\n").model.text, "llama3_70b");
}

TEST(SweepFile, ReadsABaseOfTheRegistry) {
  const Spec spec = spec_of("sweep: s\nbase: {module: llama3, config: llama3_8b}\n");
  EXPECT_TRUE(spec.bases.at(0).is_registry());
  EXPECT_EQ(spec.bases.at(0).module->text, "llama3");
  EXPECT_EQ(spec.bases.at(0).config->text, "llama3_8b");
}

TEST(SweepFile, TakesAVersionAsItIsSpelled) {
  EXPECT_EQ(spec_of(head + "torchtitan: {version: 0.10}\n").torchtitan.version->text, "0.10");
}

TEST(SweepFile, TakesEnvironmentVariablesAsTheyAreSpelled) {
  const Spec spec = spec_of(head + "env: {A: 1, B: 0.10, C: true, D: \"\", E: 1e-4}\n");
  std::string all;
  for (const Setting& setting : spec.env) all += setting.key + "=" + setting.value.value.as_string() + ";";
  EXPECT_EQ(all, "env.A=1;env.B=0.10;env.C=true;env.D=;env.E=1e-4;");
}

TEST(SweepFile, MovesFixedVariablesAndResourcesToWhereTheyBelong) {
  const Spec spec = spec_of(head + "fixed: {env.A: x, resources.gpus: 4, training.steps: 1}\n");
  ASSERT_EQ(spec.fixed.size(), 1u);
  EXPECT_EQ(spec.env[0].key, "env.A");
  EXPECT_EQ(spec.resources[0].value.value, Value(4));
}

TEST(SweepFile, ReadsWalltimesInAllTheirForms) {
  EXPECT_EQ(spec_of(head + "resources: {walltime: 90}\n").resources[0].value.value, Value("01:30:00"));
  EXPECT_EQ(spec_of(head + "resources: {walltime: 00:30:00}\n").resources[0].value.value, Value("00:30:00"));
  EXPECT_EQ(spec_of(head + "resources: {walltime: 1-12:00:00}\n").resources[0].value.value, Value("1-12:00:00"));
}

TEST(SweepFile, SaysThatItIsEmpty) {
  EXPECT_EQ(problems_of([] { spec_of(""); }),
            "tt: error: sweep.yaml: this sweep file is empty\n"
            "  'tt-sweep init BASE' writes a small one to begin with\n");
}

TEST(SweepFile, MustBeAMap) {
  EXPECT_EQ(problems_of([] { spec_of("- a\n"); }),
            "tt: error: sweep.yaml:1:1: a sweep file is a map of keys, not a list\n"
            "  1 | - a\n"
            "    | ^\n"
            "  'tt-sweep init BASE' writes a small one to begin with\n");
}

TEST(SweepFile, NeedsANameAndABase) {
  EXPECT_EQ(problems_of([] { spec_of("model: m\n"); }),
            "tt: error: sweep.yaml: this sweep file has no 'base'\n"
            "  write base: PATH.toml, or base: {module: llama3, config: llama3_8b} for TorchTitan 0.3\n"
            "tt: error: sweep.yaml: this sweep file has no name\n"
            "  write sweep: NAME\n");
}

TEST(SweepFile, SuggestsTheKeyThatWasMeant) {
  EXPECT_EQ(spec_trouble("matrx: {a.b: [1]}\n"),
            "tt: error: sweep.yaml:3:1: 'matrx' is not a key of a sweep file\n"
            "  3 | matrx: {a.b: [1]}\n"
            "    | ^^^^^\n"
            "  did you mean 'matrix'?\n");
}

TEST(SweepFile, RefusesNamesThatAreNoFolders) {
  EXPECT_EQ(problems_of([] { spec_of("sweep: ../x\nbase: b.toml\nmodel: a/b\n"); }),
            "tt: error: sweep.yaml:1:8: '../x' cannot be the sweep name: it must begin with a letter or a digit\n"
            "  1 | sweep: ../x\n"
            "    |        ^^^^\n"
            "tt: error: sweep.yaml:3:8: 'a/b' cannot be the model name: only letters, digits and . _ + - are allowed\n"
            "  3 | model: a/b\n"
            "    |        ^^^\n"
            "  it names a folder: write model: NAME\n");
  EXPECT_NE(spec_trouble("model: a..b\n").find("it must not contain '..'"), std::string::npos);
  EXPECT_NE(spec_trouble("model: " + std::string(121, 'x') + "\n").find("it has 121 bytes, at most 120 are allowed"),
            std::string::npos);
}

TEST(SweepFile, RefusesAnAxisWithoutValues) {
  EXPECT_EQ(spec_trouble("matrix: {training.seq_len: []}\n"),
            "tt: error: sweep.yaml:3:28: this list of values is empty\n"
            "  3 | matrix: {training.seq_len: []}\n"
            "    |                            ^\n"
            "  a sweep over nothing has no runs\n");
}

TEST(SweepFile, RefusesAnAxisThatIsOneValue) {
  EXPECT_EQ(spec_trouble("matrix: {training.seq_len: 2048}\n"),
            "tt: error: sweep.yaml:3:28: an axis is a list of values, not an integer\n"
            "  3 | matrix: {training.seq_len: 2048}\n"
            "    |                            ^^^^\n"
            "  write [2048], or put the key under 'fixed:'\n");
}

TEST(SweepFile, RefusesTheSameValueTwiceInAnAxis) {
  EXPECT_EQ(spec_trouble("matrix: {training.seq_len: [8, 16, 8.0]}\n"),
            "tt: error: sweep.yaml:3:36: 'training.seq_len' has the value 8.0 twice\n"
            "  3 | matrix: {training.seq_len: [8, 16, 8.0]}\n"
            "    |                                    ^^^\n"
            "  it first stands in line 3, column 29\n");
}

TEST(SweepFile, TellsANumberFromItsText) {
  EXPECT_NO_THROW(spec_of(head + "matrix: {training.seq_len: [8, \"8\"]}\n"));
}

TEST(SweepFile, RefusesZippedListsOfUnequalLength) {
  EXPECT_EQ(spec_trouble("zip:\n  - {training.seq_len: [1, 2], training.steps: [1, 2, 3]}\n"),
            "tt: error: sweep.yaml:4:32: 'training.steps' has 3 values, 'training.seq_len' has 2 values\n"
            "  4 |   - {training.seq_len: [1, 2], training.steps: [1, 2, 3]}\n"
            "    |                                ^^^^^^^^^^^^^^\n"
            "  keys of one zip entry move together: give them lists of equal length\n");
}

TEST(SweepFile, RefusesTwoEqualEntriesOfAZip) {
  EXPECT_EQ(spec_trouble("zip: [{training.seq_len: [1, 2, 1], training.steps: [5, 5, 5]}]\n"),
            "tt: error: sweep.yaml:3:33: entries 1 and 3 of these lists say the same\n"
            "  3 | zip: [{training.seq_len: [1, 2, 1], training.steps: [5, 5, 5]}]\n"
            "    |                                 ^\n");
}

TEST(SweepFile, RefusesAKeyThatIsSetInTwoPlaces) {
  EXPECT_EQ(spec_trouble(
                "alias: {bs: training.local_batch_size}\nfixed: {training.local_batch_size: 1}\nmatrix: {bs: [1]}\n"),
            "tt: error: sweep.yaml:5:10: 'bs' is set in 'fixed' and in 'matrix'\n"
            "  5 | matrix: {bs: [1]}\n"
            "    |          ^^\n"
            "  it first stands in line 4, column 9\n");
  EXPECT_NE(spec_trouble("matrix: {env.A: [x]}\nenv: {A: z}\n").find("'env.A' is set in 'env' and in 'matrix'"),
            std::string::npos);
}

TEST(SweepFile, RefusesGpusAndNodesTogether) {
  EXPECT_EQ(spec_trouble("resources: {gpus: 8}\nmatrix: {resources.nodes: [1, 2]}\n"),
            "tt: error: sweep.yaml:4:10: 'gpus' and 'nodes' are both given\n"
            "  4 | matrix: {resources.nodes: [1, 2]}\n"
            "    |          ^^^^^^^^^^^^^^^\n"
            "  give one: the other follows from the site's GPUs per node\n");
}

TEST(SweepFile, RefusesAnAliasOfNothing) {
  EXPECT_EQ(spec_trouble("alias: {tp: tensor_parallel_degree}\n"),
            "tt: error: sweep.yaml:3:13: the alias 'tp' stands for 'tensor_parallel_degree', which is not a key\n"
            "  3 | alias: {tp: tensor_parallel_degree}\n"
            "    |             ^^^^^^^^^^^^^^^^^^^^^^\n"
            "  an alias stands for a whole key: section.name\n");
}

TEST(SweepFile, RefusesAShortNameNobodyGave) {
  EXPECT_EQ(spec_trouble("alias: {seq: training.seq_len}\nmatrix: {sqe: [1]}\n"),
            "tt: error: sweep.yaml:4:10: 'sqe' is neither a key (section.name) nor an alias\n"
            "  4 | matrix: {sqe: [1]}\n"
            "    |          ^^^\n"
            "  did you mean the alias 'seq'?\n");
  EXPECT_NE(spec_trouble("matrix: {tensor: [1]}\n").find("short names are given under 'alias:'"), std::string::npos);
}

TEST(SweepFile, RefusesSecretsInTheEnvironment) {
  EXPECT_EQ(
      spec_trouble("env: {HF_TOKEN: abc}\n"),
      "tt: error: sweep.yaml:3:7: 'HF_TOKEN' looks like a secret, and what a sweep file says is written into files\n"
      "  3 | env: {HF_TOKEN: abc}\n"
      "    |       ^^^^^^^^\n"
      "  leave it out: jobs read the libraries' own token files, or the file the site profile names\n");
  for (const std::string name : {"WANDB_API_KEY", "MY_SECRET", "DB_PASSWORD", "AWS_SECRET_ACCESS_KEY", "token"}) {
    EXPECT_THROW(spec_of(head + "env: {" + name + ": abc}\n"), BadInput) << name;
  }
  EXPECT_NO_THROW(spec_of(head + "env: {TOKENIZERS_PARALLELISM: \"false\", NCCL_DEBUG: INFO}\n"));
}

TEST(SweepFile, RefusesBadEnvironments) {
  for (const std::string entry : {"\"A B\": x", "1A: x", "A-B: x", "\"A;rm\": x", "A: \"a\\nb\"", "A: \"\\x07\"",
                                  "A: [1]", "A: null", "NGPU: 4", "TT_TOKEN2: x"}) {
    EXPECT_THROW(spec_of(head + "env: {" + entry + "}\n"), BadInput) << entry;
  }
}

TEST(SweepFile, RefusesResourcesThatAreNone) {
  EXPECT_EQ(spec_trouble("resources: {gpu: 8}\n"),
            "tt: error: sweep.yaml:3:13: 'resources.gpu' is not a resource\n"
            "  3 | resources: {gpu: 8}\n"
            "    |             ^^^\n"
            "  did you mean 'resources.gpus'?\n");
  EXPECT_EQ(spec_trouble("resources: {gpus: 0}\n"),
            "tt: error: sweep.yaml:3:19: 'resources.gpus' is a whole number from 1 to 1,000,000\n"
            "  3 | resources: {gpus: 0}\n"
            "    |                   ^\n");
  EXPECT_EQ(spec_trouble("resources: {walltime: soon}\n"),
            "tt: error: sweep.yaml:3:23: this is not a wall time\n"
            "  3 | resources: {walltime: soon}\n"
            "    |                       ^^^^\n"
            "  write \"HH:MM:SS\", \"D-HH:MM:SS\" or a number of minutes\n");
}

TEST(SweepFile, RefusesABaseThatIsSetAndVaries) {
  EXPECT_EQ(spec_trouble("matrix: {base: [a.toml, b.toml]}\n"),
            "tt: error: sweep.yaml:2:1: 'base' is set here and is an axis\n"
            "  2 | base: base.toml\n"
            "    | ^^^^\n"
            "  keep one of them\n");
}

TEST(SweepFile, ReportsAllProblemsTogether) {
  const std::string text = spec_trouble("wher: 1\nmatrix: {a: [1], b.c: []}\nenv: {X_TOKEN: y}\n");
  for (const std::string place : {":3:1:", ":4:10:", ":4:23:", ":5:7:", ":5:16:"}) {
    EXPECT_NE(text.find("sweep.yaml" + place), std::string::npos) << place << text;
  }
}

TEST(SweepFile, SaysThatAFileIsMissingOrAFolder) {
  const test::TempFolder folder;
  const std::string missing = (folder / "none.yaml").string();
  EXPECT_EQ(problems_of([&] { load_spec(missing); }),
            "tt: error: " + missing + ": there is no such sweep file\n  'tt-sweep init BASE' writes one\n");
  EXPECT_EQ(problems_of([&] { load_spec(folder.path().string()); }),
            "tt: error: " + folder.path().string() + ": this is a folder, not a sweep file\n");
}

TEST(SweepPaths, AreRelativeToTheSweepFile) {
  EXPECT_EQ(resolve_path({"base/a.toml", {}}, "/sweeps", {}), "/sweeps/base/a.toml");
  EXPECT_EQ(resolve_path({"../a.toml", {}}, "/sweeps/x", {}), "/sweeps/a.toml");
  Environment environment;
  environment.set("ROOT", "/opt/titan");
  EXPECT_EQ(resolve_path({"${ROOT}/a.toml", {}}, "/sweeps", environment), "/opt/titan/a.toml");
}

TEST(SweepPaths, NameTheVariableThatIsNotSet) {
  const Spec spec = spec_of("sweep: s\nbase: ${NOWHERE}/b.toml\nmodel: m\n");
  EXPECT_EQ(problems_of([&] { resolve_path(*spec.bases.at(0).file, "/", {}); }),
            "tt: error: sweep.yaml:2:7: the environment variable NOWHERE is not set\n"
            "  2 | base: ${NOWHERE}/b.toml\n"
            "    |       ^^^^^^^^^^^^^^^^^\n"
            "  export NOWHERE=..., or write the path instead of ${NOWHERE}\n");
}

TEST(SweepRange, CountsInExactDecimals) {
  const auto values = [](const std::string& range) {
    std::string text;
    const Spec spec = spec_of(head + "matrix: {a.b: " + range + "}\n");
    for (const WrittenValue& value : spec.groups[0].axes[0].values) {
      text += (text.empty() ? "" : " ") + plain_text(value.value);
    }
    return text;
  };
  EXPECT_EQ(values("{from: 1, to: 4, step: 1}"), "1 2 3 4");
  EXPECT_EQ(values("{from: 0.1, to: 0.5, step: 0.1}"), "0.1 0.2 0.3 0.4 0.5");
  EXPECT_EQ(values("{from: 8, to: 2, step: -2}"), "8 6 4 2");
  EXPECT_EQ(values("{from: 1, to: 64, times: 2}"), "1 2 4 8 16 32 64");
  EXPECT_EQ(values("{from: 1e-4, to: 1e-1, times: 10}"), "0.0001 0.001 0.01 0.1");
  EXPECT_EQ(values("{from: 64, to: 8, times: 0.5}"), "64 32 16 8");
  EXPECT_EQ(values("{from: 1, to: 2, step: 0.5}"), "1.0 1.5 2.0");
  EXPECT_EQ(values("{from: 0, to: 200, step: 100}"), "0 100 200");
  EXPECT_EQ(values("{from: 3, to: 3, step: 1}"), "3");
}

TEST(SweepRange, MustHitItsEnd) {
  EXPECT_EQ(spec_trouble("matrix: {a.b: {from: 1, to: 10, step: 4}}\n"),
            "tt: error: sweep.yaml:3:29: this range does not reach 10: the last value before it is 9\n"
            "  3 | matrix: {a.b: {from: 1, to: 10, step: 4}}\n"
            "    |                             ^^\n"
            "  'to' is part of a range and must be hit exactly\n");
  EXPECT_NE(spec_trouble("matrix: {a.b: {from: 1, to: 100, times: 2}}\n").find("the last value before it is 64"),
            std::string::npos);
}

TEST(SweepRange, MustArrive) {
  EXPECT_EQ(spec_trouble("matrix: {a.b: {from: 1, to: 10, step: 0}}\n"),
            "tt: error: sweep.yaml:3:39: with this step the range never arrives\n"
            "  3 | matrix: {a.b: {from: 1, to: 10, step: 0}}\n"
            "    |                                       ^\n"
            "  the step must be above zero\n");
  for (const std::string range :
       {"{from: 10, to: 1, step: 1}", "{from: 1, to: 8, times: 1}", "{from: 1, to: 8, times: 0.5}",
        "{from: 0, to: 8, times: 2}", "{from: -1, to: 8, times: 2}", "{from: 1, to: 8}",
        "{from: 1, to: 8, step: 1, times: 2}", "{from: a, to: 8, step: 1}", "{from: 1, to: 8, step: 1, by: 2}",
        "{from: 0, to: 1e9, step: 1}"}) {
    EXPECT_THROW(spec_of(head + "matrix: {a.b: " + range + "}\n"), BadInput) << range;
  }
}

}  // namespace
}  // namespace tt::sweep
