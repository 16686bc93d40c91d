// kill -9 of `run` at random instants against a batch system: no run lost, none trained twice.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>
#include <thread>

#include "support/eventually.hpp"
#include "support/forked.hpp"
#include "support/scheduler_under_test.hpp"
#include "support/tools.hpp"

namespace {

using tt::test::eventually;
using tt::test::Sweep;
using tt::test::Workspace;

int wanted_kills() {
  const char* said = std::getenv("TT_TEST_KILLS");
  return said == nullptr ? 200 : std::atoi(said);
}

// "" when every run was trained once and finished.
std::string what_is_wrong(const Workspace& workspace, std::size_t runs) {
  const auto trainings = workspace.trainings();
  const auto states = workspace.states();
  if (trainings.size() != runs || states.size() != runs)
    return std::to_string(trainings.size()) + " trained of " + std::to_string(runs);
  for (const auto& [run, times] : trainings) {
    if (times != 1) return run + " was trained " + std::to_string(times) + " times";
  }
  for (const auto& [run, state] : states) {
    if (state != "finished") return run + " is " + state;
  }
  return "";
}

// One workspace whose `run` is killed `kills` times, then goes to its end.
std::string survive(int kills, std::mt19937& random) {
  const Workspace workspace(Sweep{"story", "  training.local_batch_size: [1, 2, 3]\n", "", "00:05:00"});
  for (int i = 0; i < kills; ++i) {
    const tt::ProcessIdentity run = workspace.start("tt-submit", {"run", "sweep.yaml"});
    // Expanding, the intent and sbatch take some tens of milliseconds; following and settling, seconds.
    const bool early = std::uniform_int_distribution<int>(0, 2)(random) > 0;
    const int most = early ? 250'000 : 2'500'000;
    std::this_thread::sleep_for(std::chrono::microseconds(std::uniform_int_distribution<int>(0, most)(random)));
    tt::send_signal(run.pid, SIGKILL);
    if (!eventually([&] { return !tt::is_alive(run); })) return "the killed run lives on";
  }
  const tt::ProcessResult next = workspace.submit({"run", "sweep.yaml"});
  const std::string wrong = what_is_wrong(workspace, 3);
  if (next.status == 0 && wrong.empty()) return "";
  return wrong + "; run ended with " + std::to_string(next.status) + "\n" + next.out + next.err;
}

TEST(Kill, AtHundredsOfRandomInstantsNoRunIsLostAndNoneIsTrainedTwice) {
  TT_CLUSTER_ONLY("this machine's own scheduler is killed at a quicker pace: see once_test.cpp");
  constexpr int processes = 4, kills_each = 4;
  const int rounds = (wanted_kills() + processes * kills_each - 1) / (processes * kills_each);
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  tt::test::scheduler_under_test();  // one cluster for all processes
  const std::vector<int> failures = tt::test::in_forked_processes(processes, [&](int process) {
    std::mt19937 random(seed + static_cast<unsigned>(process));
    for (int round = 0; round < rounds; ++round) {
      const std::string wrong = survive(kills_each, random);
      if (wrong.empty()) continue;
      std::cerr << "process " << process << ", round " << round << ": " << wrong << std::endl;
      return 1;
    }
    return 0;
  });
  EXPECT_EQ(failures, std::vector<int>(processes, 0));
  RecordProperty("kills", processes * kills_each * rounds);
}

}  // namespace
