#include <gtest/gtest.h>

#include <algorithm>

#include "tt/base/embedded.hpp"
#include "tt/config/document.hpp"
#include "tt/site/profile.hpp"

namespace tt::site {
namespace {

Profile read_text(const std::string& text) { return read_profile(std::make_shared<SourceText>("my.toml", text)); }

// "line: message (hint)" of every problem, in order of appearance in the report.
std::vector<std::string> problems_of(const std::string& text) {
  std::vector<std::string> found;
  try {
    read_text(text);
  } catch (const BadInput& bad) {
    for (const Problem& problem : bad.problems()) {
      found.push_back(std::to_string(problem.place.line) + ": " + problem.message +
                      (problem.hint.empty() ? "" : " (" + problem.hint + ")"));
    }
  }
  return found;
}

const std::string kSmallest = "name = 'x'\nscheduler = 'local'\n";
std::vector<std::string> problems_after_smallest(const std::string& text) { return problems_of(kSmallest + text); }
using List = std::vector<std::string>;

TEST(Profile, TheSmallestOneLeavesEverythingElseUnknown) {
  const Profile profile = read_text(kSmallest);
  EXPECT_EQ(profile.name, "x");
  EXPECT_EQ(profile.scheduler, "local");
  EXPECT_EQ(profile.origin, "my.toml");
  EXPECT_EQ(profile.max_nodes, std::nullopt);
  EXPECT_EQ(profile.gpu_memory_gib, std::nullopt);
  EXPECT_EQ(profile.default_walltime, Seconds{0});
  EXPECT_EQ(profile.rendezvous_host, "hostname");
  EXPECT_TRUE(profile.queues.empty());
}

TEST(Profile, ReadsEveryField) {
  const Profile profile = read_text(R"toml(
name = "big"
title = "The big one"
facts_as_of = "2026-08-01"
source = "its guide"
scheduler = "slurm"
accounting = "sacct"
cron = "scrontab"
maintenance = "Wednesdays"
internet = "http://proxy.example.org:3128"
[detect]
hosts = ["login*"]
environment = ["SYSTEMNAME=big*"]
[node]
gpus = 4
slots = 2
cpus = 64
gpu_kind = "NVIDIA A100"
gpu_memory_gib = 40
variants = ["hbm40g", "hbm80g"]
[limits]
max_nodes = 100
default_walltime = "00:30:00"
warn_before = "00:02:00"
kill_after = "00:00:20"
[[queue]]
name = "debug"
min_nodes = 1
max_nodes = 8
max_walltime = "00:30:00"
max_queued = 5
max_running = 2
[[queue]]
name = "preempt"
preemptible = true
[launch]
launcher = "srun"
launcher_words = ["--cpus-per-task=64"]
always = ["--exclusive"]
never = ["--mem"]
required = ["account"]
gpu_request = "--gpus-per-node={gpus}"
account = "a"
partition = "p"
qos = "q"
constraint = "gpu&hbm80g"
container = "image"
job_template = "own.sh.mustache"
[environment]
OMP_NUM_THREADS = 8
NOTE = "$(id)"
[environment.multinode]
NCCL_NET = "AWS Libfabric"
[setup]
job = ["module load pytorch"]
node = ["source a.sh\nsource b.sh"]
[rendezvous]
host = "suffix:i"
ports = [20000, 20100]
[caches]
local = "/tmp/cache"
shared = "/scratch/cache"
[filesystems]
home_quota_gib = 20.5
scratch_purge_days = 10
[hardware]
name = "a100"
link_gb_per_second = 300
nic_gb_per_second = 100.5
latency_us = 14
[hardware.busbw]
"all_gather.2" = 22.5
)toml");
  EXPECT_EQ(profile.title, "The big one");
  EXPECT_EQ(profile.facts_as_of, "2026-08-01");
  EXPECT_EQ(profile.source, "its guide");
  EXPECT_EQ(profile.accounting, "sacct");
  EXPECT_EQ(profile.cron, "scrontab");
  EXPECT_EQ(profile.maintenance, "Wednesdays");
  EXPECT_EQ(profile.internet, "http://proxy.example.org:3128");
  EXPECT_EQ(profile.detect_hosts, List{"login*"});
  EXPECT_EQ(profile.detect_environment, List{"SYSTEMNAME=big*"});
  EXPECT_EQ(profile.gpus_per_node, 4);
  EXPECT_EQ(profile.slots, 2);
  EXPECT_EQ(profile.cpus_per_node, 64);
  EXPECT_EQ(profile.gpu_kind, "NVIDIA A100");
  EXPECT_EQ(profile.gpu_memory_gib, 40.0);
  EXPECT_EQ(profile.variants, (List{"hbm40g", "hbm80g"}));
  EXPECT_EQ(profile.max_nodes, 100);
  EXPECT_EQ(profile.default_walltime, Seconds{1800});
  EXPECT_EQ(profile.warn_before, Seconds{120});
  EXPECT_EQ(profile.kill_after, Seconds{20});
  ASSERT_EQ(profile.queues.size(), 2u);
  EXPECT_EQ(profile.queues[0].name, "debug");
  EXPECT_EQ(profile.queues[0].min_nodes, 1);
  EXPECT_EQ(profile.queues[0].max_nodes, 8);
  EXPECT_EQ(profile.queues[0].max_walltime, Seconds{1800});
  EXPECT_EQ(profile.queues[0].max_queued, 5);
  EXPECT_EQ(profile.queues[0].max_running, 2);
  EXPECT_FALSE(profile.queues[0].preemptible);
  EXPECT_TRUE(profile.queues[1].preemptible);
  EXPECT_EQ(profile.queues[1].max_nodes, std::nullopt);
  EXPECT_EQ(profile.launcher, "srun");
  EXPECT_EQ(profile.launcher_words, List{"--cpus-per-task=64"});
  EXPECT_EQ(profile.always, List{"--exclusive"});
  EXPECT_EQ(profile.never, List{"--mem"});
  EXPECT_EQ(profile.required, List{"account"});
  EXPECT_EQ(profile.gpu_request, "--gpus-per-node={gpus}");
  EXPECT_EQ(profile.account + profile.partition + profile.qos, "apq");
  EXPECT_EQ(profile.constraint, "gpu&hbm80g");
  EXPECT_EQ(profile.container, "image");
  EXPECT_TRUE(profile.job_template.ends_with("/own.sh.mustache"));
  EXPECT_TRUE(profile.job_template.starts_with("/"));
  EXPECT_EQ(profile.environment, (Variables{{"OMP_NUM_THREADS", "8"}, {"NOTE", "$(id)"}}));
  EXPECT_EQ(profile.environment_multinode, (Variables{{"NCCL_NET", "AWS Libfabric"}}));
  EXPECT_EQ(profile.setup, List{"module load pytorch"});
  EXPECT_EQ(profile.node_setup, List{"source a.sh\nsource b.sh"});
  EXPECT_EQ(profile.rendezvous_host, "suffix:i");
  EXPECT_EQ(profile.rendezvous_ports, (std::pair{20000, 20100}));
  EXPECT_EQ(profile.local_cache, "/tmp/cache");
  EXPECT_EQ(profile.shared_cache, "/scratch/cache");
  EXPECT_EQ(profile.home_quota_gib, 20.5);
  EXPECT_EQ(profile.scratch_purge_days, 10);
  EXPECT_EQ(profile.hardware, "a100");
  EXPECT_EQ(profile.link_gb_per_second, 300.0);
  EXPECT_EQ(profile.nic_gb_per_second, 100.5);
  EXPECT_EQ(profile.latency_us, 14.0);
  EXPECT_EQ(profile.busbw_gb_per_second, (std::map<std::string, double>{{"all_gather.2", 22.5}}));
}

TEST(Profile, ReportsEveryProblemAtOnce) {
  EXPECT_EQ(problems_of("scheduler = 'slrum'\n[node]\ngpus = -1\ncpuz = 3\n[limits]\nkill_after = 'soon'\n"),
            (List{"1: 'scheduler' is 'slrum', and one of 'local', 'slurm', 'pbs' was wanted (did you mean 'slurm'?)",
                  "3: 'node.gpus' is -1, and a number from 0 up was wanted",
                  "6: 'limits.kill_after' is 'soon', and a time above 0 such as \"01:00:00\" was wanted",
                  "4: 'node.cpuz' is not a key of a site profile (did you mean 'node.cpus'?)",
                  "0: a site profile needs a 'name'"}));
}

TEST(Profile, NeedsANameAndAScheduler) {
  EXPECT_EQ(problems_of("title = 'x'\n"),
            (List{"0: a site profile needs a 'name'",
                  "0: a site profile needs a 'scheduler': one of 'local', 'slurm', 'pbs'"}));
}

TEST(Profile, ANameIsSafeAsAWordOfACommand) {
  EXPECT_EQ(problems_of("name = 'a b'\nscheduler = 'local'\n"),
            List{"1: 'name' is 'a b', and letters, digits, '-', '_' and '.' were wanted"});
}

TEST(Profile, NamesTheKindThatWasWanted) {
  EXPECT_EQ(problems_after_smallest("title = 3\n[node]\ngpus = 4.0\nvariants = 'a'\n[launch]\nalways = ['a', 1]\n"),
            (List{"3: 'title' wants a string, not an integer", "5: 'node.gpus' wants a whole number, not a float",
                  "6: 'node.variants' wants a list of strings, not a string",
                  "8: 'launch.always' wants a list of strings, not a list with an integer"}));
}

TEST(Profile, AnUnknownTableIsNamed) {
  EXPECT_EQ(problems_after_smallest("[zebra]\nx = 1\n"),
            List{"4: 'zebra.x' is not a key of a site profile (site/laptop.toml explains every key)"});
}

TEST(Profile, ATableIsNotAValue) {
  EXPECT_EQ(problems_after_smallest("node = 4\n"), List{"3: 'node' is a table of a site profile, not a value"});
}

TEST(Profile, RefusesControlCharactersThatCouldBecomeALine) {
  EXPECT_EQ(problems_after_smallest("[launch]\nalways = [\"--a\\n#SBATCH --b\"]\n[environment]\nA = \"x\\ny\"\n"),
            (List{"4: 'launch.always' has a control character: '--a\\x0a#SBATCH --b'",
                  "6: 'environment.A' has a control character: 'x\\x0ay'"}));
}

TEST(Profile, VariableNamesAreChecked) {
  EXPECT_EQ(problems_after_smallest("[environment]\n\"A;reboot\" = '1'\nB = true\n"),
            (List{"4: 'A;reboot' is no name of an environment variable",
                  "5: 'environment.B' wants a string, not a boolean"}));
}

TEST(Profile, AQueueNeedsANameAndSensibleSizes) {
  EXPECT_EQ(
      problems_after_smallest("[[queue]]\nmax_nodes = 2\n[[queue]]\nname = 'q'\nmin_nodes = 9\nmax_nodes = 8\n").size(),
      2u);
  EXPECT_EQ(problems_after_smallest("[[queue]]\nname = 'q'\nmin_nodes = 9\nmax_nodes = 8\n"),
            List{"5: queue 'q' wants at least 9 and at most 8 nodes"});
  EXPECT_EQ(problems_after_smallest("[[queue]]\nname = 'q'\nwalltime = '1'\n"),
            List{"5: 'queue.0.walltime' is not a key of a site profile (did you mean 'queue.0.max_walltime'?)"});
}

TEST(Profile, ChecksTheRulesOfOtherFields) {
  EXPECT_EQ(
      problems_after_smallest(
          "internet = 'maybe'\n[detect]\nenvironment = ['X']\n[rendezvous]\nhost = 'suffix:'\nports = [5]\n"
          "[hardware]\nlatency_us = 0\n[hardware.busbw]\nall_gather = 3\n"),
      (List{"8: 'rendezvous.ports' wants the first and the last port, such as [20000, 29999]",
            "10: 'hardware.latency_us' is 0, and a number above 0 was wanted",
            "12: 'all_gather' names no collective and number of nodes, such as \"all_gather.2\"",
            "3: 'internet' is 'maybe', and 'yes', 'no', 'nat' or the http:// address of a proxy was wanted",
            "7: 'rendezvous.host' is 'suffix:', and 'hostname', 'address', 'suffix:TEXT' or 'domain:NAME' was wanted",
            "5: 'X' is not of the form NAME=pattern"}));
}

TEST(Profile, TheLaptopIsWhatItSays) {
  const Profile laptop = load_profile("laptop");
  EXPECT_EQ(laptop.name, "laptop");
  EXPECT_EQ(laptop.scheduler, "local");
  EXPECT_EQ(laptop.gpus_per_node, 0);
  EXPECT_EQ(laptop.slots, 4);
  EXPECT_EQ(laptop.max_nodes, 1);
  EXPECT_EQ(laptop.default_walltime, Seconds{3600});
  EXPECT_EQ(laptop.warn_before, Seconds{30});
  EXPECT_EQ(laptop.kill_after, Seconds{5});
  EXPECT_EQ(laptop.launcher, "none");
  EXPECT_TRUE(laptop.environment.empty());
  EXPECT_TRUE(laptop.setup.empty());
  EXPECT_EQ(laptop.origin, "embedded");
}

// laptop.toml is the explanation of the schema: with its examples switched on it must still be read.
TEST(Profile, TheExamplesInTheLaptopFileAreValid) {
  std::string text;
  const std::string file(embedded::find(embedded::sites(), "laptop.toml").value());
  std::size_t switched_on = 0;
  for (std::size_t at = 0; at < file.size();) {
    const std::size_t end = std::min(file.find('\n', at), file.size());
    std::string line = file.substr(at, end - at);
    const bool is_example =
        line.starts_with("# ") && (line.find(" = ") != std::string::npos || line.starts_with("# [["));
    if (is_example) line.erase(0, 2), ++switched_on;
    text += line + "\n";
    at = end + 1;
  }
  EXPECT_GT(switched_on, 15u);
  const Profile profile = read_text(text);
  EXPECT_EQ(profile.queues.size(), 1u);
  EXPECT_EQ(profile.cpus_per_node, 64);
  EXPECT_EQ(profile.busbw_gb_per_second.size(), 2u);
}

TEST(Profile, EveryEmbeddedOneCanBeRead) {
  const std::vector<Profile> all = embedded_profiles();
  EXPECT_EQ(all.size(), embedded::sites().size());
  EXPECT_TRUE(std::any_of(all.begin(), all.end(), [](const Profile& one) { return one.name == "laptop"; }));
}

}  // namespace
}  // namespace tt::site
