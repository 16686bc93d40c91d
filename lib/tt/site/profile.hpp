// tt/site/profile.hpp: a cluster profile: what must be known about a site to run there. Data only, nothing executes.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tt/base/clock.hpp"
#include "tt/base/environment.hpp"
#include "tt/base/error.hpp"
#include "tt/job/asked.hpp"
#include "tt/job/run.hpp"

namespace tt::site {

struct Queue {
  std::string name;
  std::optional<int> max_nodes;
  std::optional<int> min_nodes;
  std::optional<Seconds> max_walltime;
  std::optional<int> max_queued;   // per user
  std::optional<int> max_running;  // per user
  bool preemptible = false;
};

// What finished runs taught the time and memory model here (tt-comm calibrate writes it).
struct Calibration {
  std::string from;                                             // "12 runs, 2026-11-28": what it rests on; empty: none
  std::optional<double> efficiency_eager, efficiency_compiled;  // of the peak, 0 to 1
  std::optional<double> link_gb_per_second, nic_gb_per_second;  // of one GPU, reached
  std::optional<double> memory_slack;                           // reserved over active
};

inline constexpr std::string_view kEmbedded = "embedded";  // origin of a profile that comes with tt

struct Profile {
  std::string name;       // "laptop"
  std::string title;      // one line for people
  std::string scheduler;  // "local", "slurm", "pbs"
  bool has_batch_system() const { return scheduler != "local"; }
  std::string facts_as_of;  // date of the facts
  std::string source;
  // How it is recognised: patterns on the host name, NAME=pattern on the environment.
  std::vector<std::string> detect_hosts;
  std::vector<std::string> detect_environment;

  int gpus_per_node = 0;  // 0: found out on the machine (laptop)
  std::optional<int> cpus_per_node;
  std::optional<int> max_nodes;
  std::string gpu_kind;  // "NVIDIA H100"; empty: unknown
  std::optional<double> gpu_memory_gib;
  std::vector<std::string> variants;
  int slots = 0;  // laptop without GPUs: how many GPUs' worth of ranks run at once

  Seconds default_walltime{0};  // 0: the sweep must say
  Seconds warn_before{60};      // early signal before the wall-time limit
  Seconds kill_after{10};       // from the early signal of a cancel to the kill
  Seconds settle_time{60};      // how long a submission whose answer was lost may still surface at the scheduler
  Seconds ask_every{5};         // at the most often; `wait` asks more seldom while nothing changes

  std::string launcher;  // "none", "srun", "mpiexec-pals", "ibrun", "mpirun", "pbsdsh", "ssh"
  std::vector<std::string> launcher_words;
  std::vector<std::string> always;    // directives always added
  std::vector<std::string> never;     // options never emitted
  std::vector<std::string> required;  // what the user must say ("account")
  std::string gpu_request;            // template of the GPU request
  std::vector<Queue> queues;
  std::string account, partition, qos, constraint;

  Variables environment;                // of every training
  Variables environment_multinode;      // only for more than one node
  std::vector<std::string> setup;       // shell lines of the profile's author, run before the training (modules)
  std::vector<std::string> node_setup;  // the same, on every node
  std::string container;
  std::string rendezvous_host = "hostname";
  std::optional<std::pair<int, int>> rendezvous_ports;

  std::string internet;  // "yes", "no", "nat", or a proxy URL
  std::string local_cache, shared_cache;
  std::optional<double> home_quota_gib;
  std::optional<int> scratch_purge_days;
  std::string accounting;  // "sacct", "qstat-x", "none"
  std::string cron;        // "crontab", "scrontab", "systemd", "none"
  std::string maintenance;

  std::string hardware;  // name in the time model, or empty
  std::optional<double> link_gb_per_second, nic_gb_per_second, latency_us;
  std::map<std::string, double> busbw_gb_per_second;  // "all_gather.1" (nodes) → measured
  Calibration calibration;

  std::string job_template;  // file that replaces the embedded template; empty: embedded
  std::string origin;        // file it was read from, or kEmbedded
};

// Throws BadInput with all problems: unknown keys (did you mean), types, values.
Profile read_profile(const SourceRef& source);

// A file if it exists, else the name of an embedded profile. Throws Error naming those there are.
Profile load_profile(const std::string& name_or_file);
std::vector<Profile> embedded_profiles();
// The file a profile was read from, comments included: to look at, to copy and to edit.
std::string profile_text(const Profile& profile);

// The profile as it is for jobs that were asked to be so: what was asked wins.
Profile as_asked(Profile profile, const Asked& asked);

// What the profile says a user has to say and nobody said: "account". Pure.
std::vector<std::string> unsaid(const Profile& profile);

struct Choice {
  Profile profile;
  std::string why;  // "--site", "TT_SITE", "host name login03 matches login*", "no scheduler here"
};
// --site, else TT_SITE, else the profile that recognises this host, else laptop where no scheduler is found
// (sbatch or qsub in PATH). With a scheduler and no profile: Error naming `--site slurm`, `--site laptop`.
Choice choose(const std::optional<std::string>& flag, const Environment& environment, const std::string& host);

// What this machine has, for profiles that say "found out here": GPU indices, CPU count.
struct Machine {
  std::vector<int> gpus;
  int cpus = 1;
};
Machine look_at_machine(const Environment& environment);
// GPUs a node offers to planning: the profile's number, else the machine's GPUs, else the profile's slots.
int gpus_per_node(const Profile& profile, const Machine& machine);

}  // namespace tt::site
