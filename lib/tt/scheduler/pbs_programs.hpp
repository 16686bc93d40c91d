// tt/scheduler/pbs_programs.hpp: which PBS this is, and where its programs lie.
//
// A `qsub` in PATH proves nothing: Slurm ships look-alikes of qsub, qstat, qdel and the rest, and Torque's take other
// options of the same names (-f, -x, -P and -t mean something else there). What counts is the line `pbs_version = ...`
// of `qsub --version`; from then on every program is called by its absolute path.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tt/base/environment.hpp"
#include "tt/base/process.hpp"

namespace tt::scheduler::pbs {

struct Programs {
  std::filesystem::path folder;  // absolute; empty: not looked for yet, and the names are as a person would type them
  std::string version;           // "23.06.06", "2022.1.1.20220926110806"; empty: not asked yet
  std::string program(std::string_view name) const;  // "/opt/pbs/bin/qsub"
};

enum class Family { pbs, torque, slurm_wrapper, unknown };
struct Identity {
  Family family = Family::unknown;
  std::string version;
};

// Folders that hold a qsub, in the order of PATH, then $PBS_EXEC/bin as pbs.conf (its text) says.
std::vector<std::filesystem::path> candidate_folders(const Environment& environment, std::string_view pbs_conf);
// $PBS_CONF_FILE, else /etc/pbs.conf.
std::filesystem::path conf_file(const Environment& environment);

// `beginning`: the first bytes of the program, by which Slurm's Perl wrapper is recognised whether or not it runs.
Identity read_identity(std::string_view beginning, const ProcessResult& version_reply);

struct Candidate {
  std::filesystem::path folder;
  Identity identity;
};
// Why none of them is a PBS we speak to, and what to do. Empty list: no qsub anywhere.
std::string refusal(std::span<const Candidate> candidates);

// `-J 0-9%5`: OpenPBS from 22.05, PBS Professional from 2021.
bool knows_throttle(std::string_view version);

// The environment of the client programs: ours without what would change their meaning (PBS_DPREFIX makes qsub ignore
// every #PBS line) or belongs to a job we may be in; times in UTC.
Environment client_environment(const Environment& ours);

}  // namespace tt::scheduler::pbs
