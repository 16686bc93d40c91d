// tt/flow/inspect.hpp: looking at run folders: list, show, diff. Reads only.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tt/flow/surroundings.hpp"
#include "tt/job/run_folder.hpp"

namespace tt::flow {

// Run folders of a sweep in plan order as of its last expand. Throws Error when the sweep was not expanded here, or its
// file or base changed since.
std::vector<std::filesystem::path> list_run_folders(const Surroundings& around, const std::string& sweep_file);

// The names of all runs here, each once: for completion.
std::vector<std::string> names_of_runs(const Surroundings& around);

// A run by folder, name or pattern. Throws Error that lists the candidates when it is not exactly one.
RunFolder find_run(const Surroundings& around, const std::string& word);

// All runs a folder, name or pattern means.
std::vector<RunFolder> find_runs(const Surroundings& around, const std::string& word);

// One setting that two runs (or a base and a run) do not share. Empty: not set there.
struct Difference {
  std::string key;  // "training.seq_len", "env.NCCL_ALGO", "resources.gpus"
  std::string left;
  std::string right;
  bool set_by_tt = false;  // the dump folder
};
std::vector<Difference> differences(const RunFolder& left, const RunFolder& right);
// What a run's config sets differently than the base it was made from.
std::vector<Difference> differences_from_base(const RunFolder& run);

}  // namespace tt::flow
