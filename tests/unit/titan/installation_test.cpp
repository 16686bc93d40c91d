#include "tt/titan/installation.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "support/temp_folder.hpp"
#include "tt/base/text.hpp"
#include "tt/titan/python_keys.hpp"
#include "tt/titan/schema.hpp"

namespace tt::titan {
namespace {

using test::TempFolder;

constexpr const char* excerpt = R"(# Copyright (c) Meta Platforms, Inc. and affiliates.
import os
from dataclasses import asdict, dataclass, field


@dataclass
class Training:
    steps: int = 10000
    """How many train steps to run"""

    global_batch_size: int = -1
    """
    Global batch size (defaults to `training.local_batch_size * data-parallel degree`)

    Options:
    note: this line is text and no field
    """

    dtype: Literal["bfloat16", "float32"] = "float32"

    def __post_init__(self):
        rows: int = 3


@dataclass
class Inner:
    fqns: list[str] | str = field(default_factory=list)


@dataclass
class Quantize:
    linear: Inner = field(default_factory=Inner)


@dataclass
class JobConfig:
    """
    Default container for training configuration.
    """

    training: Training = field(default_factory=Training)
    quantize: Quantize = field(
        default_factory=Quantize
    )
    name: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def helper(x: int):
    y: int = x
)";

TEST(PythonKeys, AreTheFieldsOfTheClassesBelowTheRoot) {
  EXPECT_EQ(keys_below(class_fields(excerpt), "JobConfig"),
            (std::set<std::string>{"training.steps", "training.global_batch_size", "training.dtype",
                                   "quantize.linear.fqns", "name"}));
}

TEST(PythonKeys, EndInAClassThatHoldsItself) {
  EXPECT_EQ(keys_below(class_fields("class A:\n    a: A = None\n    b: int = 1\n"), "A"),
            (std::set<std::string>{"a", "b"}));
}

TEST(PythonKeys, AreTheOptionsOfAnArgumentParser) {
  EXPECT_EQ(argparse_keys("self.parser.add_argument(\n    \"--training.steps\",\n    type=int)\n"
                          "help=\"use --training.compile\"\n\"--plain\" \"--bad.key{}\" \"--metrics.log_freq\""),
            (std::set<std::string>{"training.steps", "metrics.log_freq"}));
}

// An era's keys as the dataclasses of its job_config.py would say them.
std::string job_config(const std::set<std::string>& keys) {
  std::map<std::string, std::set<std::string>> classes;  // path of a class → its fields
  for (const std::string& key : keys) {
    std::string path;
    for (const std::string& part : split(key, '.')) {
      classes[path].insert(part);
      path += (path.empty() ? "" : ".") + part;
    }
  }
  const auto name_of = [](const std::string& path) {
    return path.empty() ? std::string("JobConfig") : "C_" + replace_all(path, ".", "_");
  };
  std::string text;
  for (const auto& [path, fields] : classes) {
    text += fmt::format("@dataclass\nclass {}:\n", name_of(path));
    for (const std::string& field : fields) {
      const std::string below = path.empty() ? field : path + "." + field;
      text += classes.contains(below)
                  ? fmt::format("    {0}: {1} = field(default_factory={1})\n", field, name_of(below))
                  : fmt::format("    {}: int = 1\n", field);
    }
    text += "\n";
  }
  return text;
}

std::set<std::string> keys_of(Era era) {
  std::set<std::string> all;
  for (const KeyInfo& key : keys(era)) all.insert(key.key);
  return all;
}

TEST(Installation, IsRecognisedByTheKeysOfItsConfigClasses) {
  for (const Era era : {Era::v0_2_0, Era::v0_2_1, Era::v0_2_2}) {
    const TempFolder folder;
    folder.write("torchtitan/config/job_config.py", job_config(keys_of(era)));
    folder.write("assets/version.txt", "0.9.9\n");  // not to be trusted
    const auto found = recognise_installation(folder.path());
    ASSERT_TRUE(found);
    EXPECT_EQ(found->era, era);
    EXPECT_EQ(found->version, to_string(era));
    EXPECT_TRUE(found->is_exact);
    EXPECT_EQ(found->source,
              fmt::format("the checkout's torchtitan/config/job_config.py (its {} keys)", keys(era).size()));
  }
}

TEST(Installation, OfTheFirstTypedReleaseHasItsClassesInConfigManager) {
  const TempFolder folder;
  folder.write("torchtitan/config_manager.py", job_config(keys_of(Era::v0_1_0)));
  const auto found = recognise_installation(folder.path());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->era, Era::v0_1_0);
  EXPECT_EQ(found->source, "the checkout's torchtitan/config_manager.py (its 102 keys)");
}

TEST(Installation, OfEarly2025IsRecognisedByTheOptionsOfItsParser) {
  for (const Era era : {Era::early_2025, Era::march_2025}) {
    std::string python = "class JobConfig:\n    def __init__(self):\n";
    for (const std::string& key : keys_of(era))
      python += fmt::format("        self.parser.add_argument(\"--{}\")\n", key);
    const TempFolder folder;
    folder.write("torchtitan/config_manager.py", python);
    const auto found = recognise_installation(folder.path());
    ASSERT_TRUE(found);
    EXPECT_EQ(found->era, era);
    EXPECT_TRUE(found->is_exact);
  }
}

TEST(Installation, BetweenTwoReleasesIsNearOne) {
  std::set<std::string> own = keys_of(Era::v0_2_1);
  own.erase("debug.seed");
  own.insert("training.seed");
  const TempFolder folder;
  folder.write("torchtitan/config/job_config.py", job_config(own));
  const auto found = recognise_installation(folder.path());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->era, Era::v0_2_1);
  EXPECT_EQ(found->version, "near 0.2.1");
  EXPECT_FALSE(found->is_exact);
  EXPECT_EQ(found->source, "the checkout's torchtitan/config/job_config.py (its keys differ from those of 0.2.1 in 2)");
}

// The classes of 0.3.0's configs.py, with one field taken away and one added.
std::string registry(const std::string& without = "", const std::string& with = "") {
  const std::map<std::string, std::string> classes{{"training", "TrainingConfig"},
                                                   {"parallelism", "ParallelismConfig"},
                                                   {"compile", "CompileConfig"},
                                                   {"comm", "CommConfig"},
                                                   {"debug", "DebugConfig"}};
  std::string text;
  for (const auto& [section, name] : classes) {
    text += fmt::format("@dataclass(kw_only=True, slots=True)\nclass {}:\n", name);
    std::set<std::string> own = keys_of(Era::v0_3_0);
    own.erase(without);
    own.insert(with);
    for (const std::string& key : own)
      if (key.starts_with(section + ".")) text += fmt::format("    {}: int = 1\n", key.substr(section.size() + 1));
  }
  return text;
}

struct RegistryCase {
  std::string python;
  std::optional<Era> era;
  std::string version;
  std::string source;
};

TEST(Installation, OfTheRegistryEraIsTheReleaseOrSaysOnWhichSideItLies) {
  const std::string file = "the checkout's torchtitan/config/configs.py";
  const RegistryCase cases[] = {
      {registry(), Era::v0_3_0, "0.3.0", file + " (its keys)"},
      {registry("training.local_batch_size", "training.num_tokens_per_train_step"), std::nullopt, "newer than 0.3.0",
       file + " (it has training.num_tokens_per_train_step)"},
      {registry("training.disable_cuda_graphs"), std::nullopt, "between 0.2.2 and 0.3.0", file + " (its keys)"},
  };
  for (const RegistryCase& one : cases) {
    const TempFolder folder;
    folder.write("torchtitan/config/configs.py", one.python);
    folder.write("assets/version.txt", "0.2.2\n");
    const auto found = recognise_installation(folder.path());
    ASSERT_TRUE(found);
    EXPECT_EQ(found->era, one.era);
    EXPECT_EQ(found->version, one.version);
    EXPECT_EQ(found->source, one.source);
  }
}

TEST(Installation, IsNotGuessed) {
  const TempFolder folder;
  EXPECT_FALSE(recognise_installation(folder.path()));
  EXPECT_FALSE(recognise_installation(folder / "nothing"));
  folder.write("run_train.sh", "torchrun");
  folder.write("assets/version.txt", "0.2.2\n");
  EXPECT_FALSE(recognise_installation(folder.path()));
  folder.write("torchtitan/config/job_config.py", "class JobConfig:\n    mine: int = 1\n    other: int = 2\n");
  EXPECT_FALSE(recognise_installation(folder.path()));
  folder.write("torchtitan/config/configs.py", "class Other:\n    steps: int = 1\n");
  EXPECT_FALSE(recognise_installation(folder.path()));
}

TEST(Wheel, IsRecognisedByItsDistInfo) {
  const TempFolder folder;
  folder.write("torchtitan-0.3.0.dist-info/METADATA", "Name: torchtitan\nVersion: 0.3.0\n");
  const auto found = recognise_wheel(folder.path());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->era, Era::v0_3_0);
  EXPECT_EQ(found->version, "0.3.0");
  EXPECT_EQ(found->source, "the wheel's torchtitan-0.3.0.dist-info");
  EXPECT_TRUE(found->is_exact);
}

TEST(Wheel, IsFoundInAVirtualEnvironment) {
  const TempFolder folder;
  folder.write("lib/python3.11/site-packages/torchtitan-0.2.1+cu128.dist-info/METADATA", "");
  const auto found = recognise_wheel(folder.path());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->era, Era::v0_2_1);
  EXPECT_EQ(found->version, "0.2.1+cu128");
}

TEST(Wheel, OfANumberNobodyKnowsIsJudgedByItsFiles) {
  const TempFolder folder;
  folder.write("torchtitan-0.3.0.dev20260301.dist-info/METADATA", "");
  auto found = recognise_wheel(folder.path());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->era, std::nullopt);
  EXPECT_EQ(found->version, "0.3.0.dev20260301");
  folder.write("torchtitan/config/configs.py", registry());
  found = recognise_wheel(folder.path());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->era, Era::v0_3_0);
  EXPECT_EQ(found->version, "0.3.0.dev20260301");
  EXPECT_EQ(found->source, "the wheel's torchtitan/config/configs.py (its keys)");
  EXPECT_FALSE(found->is_exact);
}

TEST(Wheel, ThatIsEditableLeadsToItsCheckout) {
  const TempFolder checkout, packages;
  checkout.write("torchtitan/config/job_config.py", job_config(keys_of(Era::v0_2_0)));
  packages.write(
      "torchtitan-0.2.2.dist-info/direct_url.json",
      fmt::format("{{\"dir_info\": {{\"editable\": true}}, \"url\": \"file://{}\"}}", checkout.path().string()));
  const auto found = recognise_wheel(packages.path());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->era, Era::v0_2_0);
}

TEST(Wheel, IsNotGuessed) {
  const TempFolder folder;
  EXPECT_FALSE(recognise_wheel(folder.path()));
  EXPECT_FALSE(recognise_wheel(folder / "nothing"));
  folder.write("torchtitan_extras-0.3.0.dist-info/METADATA", "");
  folder.write("torchtitan-.dist-info/METADATA", "");
  EXPECT_FALSE(recognise_wheel(folder.path()));
}

}  // namespace
}  // namespace tt::titan
