#include "support/scheduler_under_test.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "support/temp_folder.hpp"
#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/process.hpp"
#include "tt/base/text.hpp"

namespace tt::test {
namespace {

ProcessResult cluster_command(const std::string& name, std::vector<std::string> words) {
  Command command;
  command.argv = {std::string(TT_SOURCE_DIR) + "/tests/clusters/" + name};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  command.environment = Environment::of_this_process();
  return SystemRunner().run(command, Seconds{120});
}

// The profile that goes with it.
std::string site_of(const std::string& name) {
  return read_file(std::filesystem::path(TT_SOURCE_DIR) / "tests/clusters" / (name + ".toml"));
}

// Lives as long as the test program; the cluster also watches whether we do.
class Cluster {
 public:
  explicit Cluster(const std::string& name) : name_(name) {
    std::vector<std::string> words{"start", (folder_ / "c").string(), "--owner", std::to_string(getpid())};
    if (const char* more = std::getenv("TT_TEST_CLUSTER_OPTIONS")) {
      for (std::string& word : split(more, ' ')) words.push_back(std::move(word));
    }
    const ProcessResult started = cluster_command(name, words);
    if (!started.ok()) throw Error("the test cluster did not start: " + started.err);
    under_test_.name = name;
    under_test_.folder = folder_ / "c";
    for (const std::string& line : split_lines(started.out)) {
      const std::size_t equals = line.find('=');
      under_test_.environment[line.substr(0, equals)] = line.substr(equals + 1);
    }
    std::string site = site_of(name);
    if (std::find(words.begin(), words.end(), "--accounting") != words.end())
      site = replace_all(site, "\"none\"", "\"sacct\"");
    under_test_.site = folder_.write("site.toml", site).string();
  }
  ~Cluster() {
    if (getpid() == owner_) cluster_command(name_, {"stop", under_test_.folder.string()});
  }
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  const SchedulerUnderTest& under_test() const { return under_test_; }

 private:
  std::string name_;
  TempFolder folder_;
  SchedulerUnderTest under_test_;
  pid_t owner_ = getpid();  // a forked copy of the test ends without ending it
};

}  // namespace

const SchedulerUnderTest& scheduler_under_test() {
  static const char* const wanted = std::getenv("TT_TEST_SCHEDULER");
  static const SchedulerUnderTest local{"local", "laptop", {}, {}};
  if (wanted == nullptr || std::string_view(wanted) == "local") return local;
  static const Cluster cluster(wanted);
  return cluster.under_test();
}

void tell_cluster(const std::vector<std::string>& words) {
  const SchedulerUnderTest& scheduler = scheduler_under_test();
  std::vector<std::string> all{words.front(), scheduler.folder.string()};
  all.insert(all.end(), words.begin() + 1, words.end());
  const ProcessResult told = cluster_command(scheduler.name, all);
  if (!told.ok()) throw Error(join(words, " ") + ": " + told.err);
}

}  // namespace tt::test
