// tt/job/run.hpp: one point of a sweep, and its record on disk (run.json, schema tt.run/1).
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tt/base/clock.hpp"
#include "tt/base/value.hpp"
#include "tt/job/ids.hpp"

namespace tt {

// One setting of a run, in the sweep's spelling: "training.seq_len" = 2048. The order is the sweep's.
struct Assignment {
  std::string key;
  Value value;
  friend bool operator==(const Assignment&, const Assignment&) = default;
};
using Overrides = std::vector<Assignment>;
using Variables = std::map<std::string, std::string>;

struct Resources {
  int nodes = 1;
  int gpus_per_node = 1;
  int gpus = 1;  // nodes * gpus_per_node; also the world size
  Seconds walltime{0};
  friend bool operator==(const Resources&, const Resources&) = default;
};

// How a run's overrides reach TorchTitan.
enum class Apply { config, flags, both };
std::string to_string(Apply apply);

struct Launch {
  std::filesystem::path script;  // run_train.sh, absolute; empty: ours, which the submission carries (a wheel has none)
  std::filesystem::path folder;  // working directory of the training, absolute
  std::filesystem::path config;  // config.toml of the run folder, absolute
  std::string module;            // MODULE and CONFIG of run_train.sh in the registry era; empty before it
  std::string function;
  Apply apply = Apply::config;
  std::string log_rank = "0";          // local rank(s) whose output shows the loss
  int loss_node = 0;                   // on this node of the job
  std::vector<std::string> arguments;  // --section.key=value words after the script
};

struct TorchTitanFacts {
  std::string version;  // as given or recognised; "unknown" when nobody can say
  std::string era;
  std::string source;  // by what it is known: "sweep", "keys of base/llama3_8b.toml", ...
};

// What was installed where the run was expanded; nullopt is "nobody can say". A compute node may have another driver:
// the header of log.txt says what trained.
struct Software {
  std::optional<std::string> commit;  // of the checkout
  std::optional<bool> modified;       // the checkout has changes nobody committed
  std::optional<std::string> torch;
  std::optional<std::string> nccl;
  std::optional<std::string> driver;
  friend bool operator==(const Software&, const Software&) = default;
};

struct Fingerprints {
  std::string settings;  // what is the same from night to night: matches runs
  std::string content;   // every byte that decides the run: for convergence
};

// A rule that refuses the run and was told only to warn.
struct WaivedRule {
  std::string rule;
  std::string refusal;  // what it says of this run
  std::string reason;   // why it only warns, as the sweep says
};

struct RunRecord {
  RunId id;
  std::string name;   // the run folder's name
  std::string model;  // the folder above it
  std::string sweep;
  std::filesystem::path sweep_file;  // absolute
  std::filesystem::path base_file;   // absolute
  std::string site;
  Overrides overrides;
  Variables environment;
  Resources resources;
  std::optional<int> repeat;
  std::string repeat_group;
  Fingerprints fingerprint;
  TorchTitanFacts torchtitan;
  Software software;
  Launch launch;
  std::vector<WaivedRule> waived;
  std::string tool_version;
};

Value to_value(const RunRecord& record);  // the JSON of run.json
// Throws Error naming `what` when it is no tt.run/1 record.
RunRecord read_run_record(const std::string& json, const std::string& what);

}  // namespace tt
