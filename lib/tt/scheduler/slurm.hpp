// tt/scheduler/slurm.hpp: Slurm as a scheduler: runs the commands of slurm_calls.hpp.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "tt/base/environment.hpp"
#include "tt/base/process.hpp"
#include "tt/scheduler/remembered_limits.hpp"
#include "tt/scheduler/scheduler.hpp"
#include "tt/scheduler/slurm_calls.hpp"
#include "tt/site/profile.hpp"

namespace tt::scheduler {

class SlurmScheduler final : public Scheduler {
 public:
  // `environment`: where the programs are found and which cluster they speak to (SLURM_CONF); the variables of a job we
  // may be inside of are dropped. `runner` and `clock` must outlive it.
  SlurmScheduler(site::Profile profile, const std::filesystem::path& workspace, const Environment& environment,
                 ProcessRunner& runner, Clock& clock);
  std::string name() const override { return "slurm"; }
  SubmitAnswer submit(const SubmitRequest& request) override;
  std::vector<std::string> submit_argv(const SubmitRequest& request) const override;
  std::vector<std::string> directives(const SubmitRequest& request, const site::Profile& site) const override;
  std::vector<std::string> unsayable(const site::Profile& site) const override { return slurm::unsayable(site); }
  std::string cannot_keep_off(std::span<const std::string> nodes) const override {
    return slurm::cannot_keep_off(nodes, profile_);
  }
  FindAnswer find(const Token& token) override;
  std::vector<TaskStatus> status(std::span<const TaskRef> tasks) override;
  std::optional<Echo> echo() const override;
  bool says_the_same(const Echo& echo) override;
  std::vector<ActAnswer> cancel(std::span<const TaskRef> tasks, StopAs as) override;
  std::vector<ActAnswer> hold(std::span<const TaskRef> tasks) override;
  std::vector<ActAnswer> release(std::span<const TaskRef> tasks) override;
  Limits limits() const override { return limits_.remembered(); }
  Limits ask_limits() override;
  std::optional<int> count_submitted() override;
  bool may_forget_ends() const override { return true; }  // it saves its state every few seconds
  Seconds settle_time() const override { return profile_.settle_time; }

 private:
  ProcessResult run(const std::vector<std::string>& words, Seconds limit);
  struct QueueReply {
    std::vector<std::string> arrays;  // asked about, sorted
    ProcessResult reply;
  };
  slurm::RowsAnswer ask_queue(const std::vector<std::string>& arrays, std::optional<QueueReply> ahead);
  using MakeWords = std::function<std::vector<std::string>(std::span<const TaskRef>)>;
  using WithoutJob = std::function<ActAnswer(const TaskRef&)>;
  std::vector<ActAnswer> act(std::span<const TaskRef> tasks, const MakeWords& make_words,
                             const WithoutJob& without_job);
  bool has_accounting() const { return profile_.accounting == "sacct"; }
  site::Profile profile_;
  RememberedLimits limits_;
  Environment environment_;
  ProcessRunner& runner_;
  Clock& clock_;
  bool asks_each_ = false;           // this squeue cannot tell of waiting tasks together
  std::optional<QueueReply> ahead_;  // came before status() asked for it
  std::optional<QueueReply> last_;   // all that the last status() rests on
};

// What Slurm's programs read, and nothing of a job that we may be inside of: SLURM_CONF stays, SLURM_JOB_ID,
// SBATCH_PARTITION, SQUEUE_FORMAT and the like go.
Environment slurm_environment(const Environment& ours);

}  // namespace tt::scheduler
