#include "support/fake_pbs.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "tt/base/files.hpp"
#include "tt/base/text.hpp"

namespace tt::test {
namespace {

const std::string kPrograms = std::string(TT_SOURCE_DIR) + "/tests/fakes/pbs/bin";

bool holds(const std::string& file, const std::string& text) {
  try {
    return read_file_if_there(file).value_or("").find(text) != std::string::npos;
  } catch (const std::exception&) {  // gone meanwhile
    return false;
  }
}

}  // namespace

FakePbs::FakePbs() { set("kill_delay", 1.0); }

FakePbs::~FakePbs() {
  // The daemons first: they would start what waits. A job carries the folder in its environment.
  const std::string ours = folder_.path().string();
  for (const char* file : {"/cmdline", "/environ"}) {
    for (const std::string& name : list_folder("/proc")) {
      const int pid = std::atoi(name.c_str());
      if (pid > 0 && pid != getpid() && holds("/proc/" + name + file, ours)) send_signal(pid, SIGKILL);
    }
  }
}

void FakePbs::set(const std::string& name, const Value& value) {
  switches_.set(name, value);
  write_file(folder_ / "switches.json", to_json(switches_));
}

Environment FakePbs::environment() const {
  Environment environment = Environment::of_this_process();
  environment.set("PATH", kPrograms + ":" + environment.get("PATH").value_or("/usr/bin:/bin"));
  environment.set("TT_FAKE_PBS", folder_.path().string());
  environment.set("PBS_CONF_FILE", (folder_ / "pbs.conf").string());
  return environment;
}

std::vector<std::string> FakePbs::calls(const std::string& program) const {
  std::vector<std::string> found;
  for (const std::string& line : split_lines(read_file_if_there(folder_ / "calls").value_or(""))) {
    if (line.starts_with(program + " ")) found.push_back(line);
  }
  return found;
}

ProcessResult FakePbs::run(std::vector<std::string> words) const {
  words[0] = kPrograms + "/" + words[0];
  return SystemRunner().run({std::move(words), environment(), folder_.path()}, Seconds{60});
}

std::size_t FakePbs::jobs_called(const std::string& name) const {
  return split_lines(run({"qselect", "-x", "-N", name}).out).size();
}

}  // namespace tt::test
