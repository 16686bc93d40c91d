// tt/flow/sweep_index.hpp: .tt/sweeps/<sweep>.json: what the last expand of a sweep made, in plan order.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tt/flow/workspace.hpp"
#include "tt/job/run.hpp"

namespace tt::flow {

struct IndexedRun {
  RunId id;
  std::string model;
  std::string name;
};

struct SweepIndex {
  std::string sweep;
  std::filesystem::path file;                     // the sweep file, absolute
  std::vector<std::filesystem::path> base_files;  // its bases, absolute
  std::string file_fingerprint;                   // of all of them at the last expand
  std::string expanded;                           // ISO 8601
  std::vector<IndexedRun> runs;                   // in plan order
  std::vector<IndexedRun> orphans;                // runs of earlier plans whose folders are still there
};

// nullopt when the sweep was never expanded here.
std::optional<SweepIndex> load_sweep_index(const Workspace& workspace, const std::string& sweep);
// Of a sweep file and its bases as they stand now.
std::string fingerprint_of_files(std::string_view sweep_text, const std::vector<std::string>& base_texts);
// The sweep file as a person would type it from this folder, quoted for a shell.
std::string file_as_typed(const std::filesystem::path& file, const std::filesystem::path& here);
void save_sweep_index(const Workspace& workspace, const SweepIndex& index);

}  // namespace tt::flow
