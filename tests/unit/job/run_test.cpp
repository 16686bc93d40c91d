#include "tt/job/run.hpp"

#include <gtest/gtest.h>

#include "support/error_text.hpp"

namespace tt {
namespace {

using test::error_text;

// The same run twice: as the record holds it, and as scripts outside see it.
RunRecord full_record() {
  RunRecord record;
  record.id = {"r0123456789abcdef"};
  record.name = "lr=0.001-seed=1";
  record.model = "llama3_debugmodel";
  record.sweep = "lr";
  record.sweep_file = "/home/ada/sweeps/lr.yaml";
  record.base_file = "/home/ada/sweeps/base.toml";
  record.site = "alps";
  record.overrides = {{"training.seq_len", 2048},
                      {"optimizer.lr", 0.001},
                      {"compile.enable", true},
                      {"activation_checkpoint.mode", "none"},
                      {"compile.components", Value::List{"model", "loss"}}};
  record.environment = {{"NCCL_DEBUG", "WARN"}, {"EMPTY", ""}};
  record.resources = {2, 4, 8, Seconds(5400)};
  record.repeat = 3;
  record.repeat_group = "g1";
  record.fingerprint = {"aaaa", "bbbb"};
  record.torchtitan = {"0.2.2", "0.2", "keys of base.toml"};
  record.software = {"0a1b2c", true, "2.15.0", std::nullopt, "550.54.15"};
  record.launch.script = "/opt/torchtitan/run_train.sh";
  record.launch.folder = "/opt/torchtitan";
  record.launch.config = "/home/ada/logs/m/r/config.toml";
  record.launch.apply = Apply::both;
  record.launch.log_rank = "0,1";
  record.launch.arguments = {"--training.seq_len=2048", "two words", ""};
  record.tool_version = "0.1.0";
  return record;
}

const char* const kFullJson = R"({
  "schema": "tt.run/1",
  "id": "r0123456789abcdef",
  "name": "lr=0.001-seed=1",
  "model": "llama3_debugmodel",
  "sweep": "lr",
  "sweep_file": "/home/ada/sweeps/lr.yaml",
  "base_file": "/home/ada/sweeps/base.toml",
  "site": "alps",
  "overrides": {
    "training.seq_len": 2048,
    "optimizer.lr": 0.001,
    "compile.enable": true,
    "activation_checkpoint.mode": "none",
    "compile.components": ["model", "loss"]
  },
  "environment": {"EMPTY": "", "NCCL_DEBUG": "WARN"},
  "resources": {"nodes": 2, "gpus_per_node": 4, "gpus": 8, "walltime_seconds": 5400},
  "repeat": 3,
  "repeat_group": "g1",
  "fingerprint": {"settings": "aaaa", "content": "bbbb"},
  "torchtitan": {"version": "0.2.2", "era": "0.2", "source": "keys of base.toml"},
  "software": {"commit": "0a1b2c", "modified": true, "torch": "2.15.0", "nccl": null, "driver": "550.54.15"},
  "launch": {
    "script": "/opt/torchtitan/run_train.sh",
    "folder": "/opt/torchtitan",
    "apply": "both",
    "config": "/home/ada/logs/m/r/config.toml",
    "log_rank": "0,1",
    "loss_node": 0,
    "arguments": ["--training.seq_len=2048", "two words", ""]
  },
  "tool_version": "0.1.0"
})";

TEST(RunRecord, IsWrittenAsPromised) {
  EXPECT_EQ(to_pretty_json(to_value(full_record())), to_pretty_json(parse_json(kFullJson, "expected")));
}

TEST(RunRecord, IsReadAsPromised) {
  const RunRecord record = read_run_record(kFullJson, "run.json"), expected = full_record();
  EXPECT_EQ(record.id, expected.id);
  EXPECT_EQ(record.name, expected.name);
  EXPECT_EQ(record.model, expected.model);
  EXPECT_EQ(record.sweep, expected.sweep);
  EXPECT_EQ(record.sweep_file, expected.sweep_file);
  EXPECT_EQ(record.base_file, expected.base_file);
  EXPECT_EQ(record.site, expected.site);
  EXPECT_EQ(record.overrides, expected.overrides);
  EXPECT_EQ(record.environment, expected.environment);
  EXPECT_EQ(record.resources, expected.resources);
  EXPECT_EQ(record.repeat, expected.repeat);
  EXPECT_EQ(record.repeat_group, expected.repeat_group);
  EXPECT_EQ(record.fingerprint.settings, expected.fingerprint.settings);
  EXPECT_EQ(record.fingerprint.content, expected.fingerprint.content);
  EXPECT_EQ(record.torchtitan.version, expected.torchtitan.version);
  EXPECT_EQ(record.torchtitan.era, expected.torchtitan.era);
  EXPECT_EQ(record.torchtitan.source, expected.torchtitan.source);
  EXPECT_EQ(record.software, expected.software);
  EXPECT_EQ(record.launch.script, expected.launch.script);
  EXPECT_EQ(record.launch.folder, expected.launch.folder);
  EXPECT_EQ(record.launch.config, expected.launch.config);
  EXPECT_EQ(record.launch.apply, expected.launch.apply);
  EXPECT_EQ(record.launch.log_rank, expected.launch.log_rank);
  EXPECT_EQ(record.launch.arguments, expected.launch.arguments);
  EXPECT_EQ(record.tool_version, expected.tool_version);
}

TEST(RunRecord, SurvivesBothKindsOfJson) {
  const Value value = to_value(full_record());
  EXPECT_EQ(to_value(read_run_record(to_json(value), "run.json")), value);
  EXPECT_EQ(to_value(read_run_record(to_pretty_json(value), "run.json")), value);
}

// TorchTitan refuses 4.0 for an integer key, and 1 is no learning rate.
TEST(RunRecord, KeepsIntegersAndFloatsApart) {
  RunRecord record = full_record();
  record.overrides = {{"a.int", 4}, {"a.float", 4.0}, {"a.small", 1e-8}, {"a.large", 9007199254740993}};
  const RunRecord read = read_run_record(to_json(to_value(record)), "run.json");
  EXPECT_EQ(read.overrides, record.overrides);
}

TEST(RunRecord, KeepsTheOrderOfTheSweep) {
  RunRecord record = full_record();
  record.overrides = {{"z.z", 1}, {"a.a", 2}, {"m.m", 3}};
  EXPECT_EQ(read_run_record(to_json(to_value(record)), "run.json").overrides, record.overrides);
}

TEST(RunRecord, HasNoRepeatWhenItIsNoRepeat) {
  RunRecord record = full_record();
  record.repeat = std::nullopt;
  const Value value = to_value(record);
  ASSERT_NE(value.find("repeat"), nullptr);
  EXPECT_TRUE(value.at("repeat").is_null());
  EXPECT_EQ(read_run_record(to_json(value), "run.json").repeat, std::nullopt);
}

TEST(RunRecord, KeepsTheFirstRepeatFromBeingNone) {
  RunRecord record = full_record();
  record.repeat = 0;
  EXPECT_EQ(read_run_record(to_json(to_value(record)), "run.json").repeat, 0);
}

TEST(RunRecord, TellsHowEveryWordIsApplied) {
  for (const auto& [apply, word] :
       {std::pair(Apply::config, "config"), {Apply::flags, "flags"}, {Apply::both, "both"}}) {
    RunRecord record = full_record();
    record.launch.apply = apply;
    const Value value = to_value(record);
    EXPECT_EQ(value.at("launch").text_or("apply"), word);
    EXPECT_EQ(read_run_record(to_json(value), "run.json").launch.apply, apply);
  }
}

TEST(RunRecord, IgnoresKeysOfLaterVersionsOfTheSameSchema) {
  Value value = to_value(full_record());
  value.set("added_later", Value::object().set("x", 1));
  EXPECT_EQ(to_value(read_run_record(to_json(value), "run.json")), to_value(full_record()));
}

TEST(RunRecord, RefusesOtherSchemas) {
  EXPECT_EQ(error_text([] { read_run_record(R"({"schema":"tt.run/2"})", "logs/m/r/run.json"); }),
            "logs/m/r/run.json: expected a tt.run/1 record, found schema 'tt.run/2'");
  EXPECT_EQ(error_text([] { read_run_record("{}", "run.json"); }),
            "run.json: expected a tt.run/1 record, found schema ''");
  EXPECT_EQ(error_text([] { read_run_record("[1, 2]", "run.json"); }),
            "run.json: expected a tt.run/1 record, found schema ''");
}

TEST(RunRecord, RefusesATornFile) {
  const std::string whole = kFullJson;
  for (const std::size_t length : {std::size_t{0}, std::size_t{1}, whole.size() / 2, whole.size() - 1}) {
    const std::string said = error_text([&] { read_run_record(whole.substr(0, length), "logs/m/r/run.json"); });
    EXPECT_NE(said.find("logs/m/r/run.json"), std::string::npos) << length << ": " << said;
  }
}

}  // namespace
}  // namespace tt
