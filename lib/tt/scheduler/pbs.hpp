// tt/scheduler/pbs.hpp: PBS Professional and OpenPBS as a scheduler.
//
// What is asked and how answers are read is in pbs_commands.hpp, pbs_replies.hpp and pbs_job.hpp; this class runs the
// commands. Which programs they are is found out before the first of them runs (pbs_programs.hpp).
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tt/base/clock.hpp"
#include "tt/base/environment.hpp"
#include "tt/base/process.hpp"
#include "tt/scheduler/pbs_directives.hpp"
#include "tt/scheduler/pbs_replies.hpp"
#include "tt/scheduler/remembered_limits.hpp"
#include "tt/scheduler/scheduler.hpp"
#include "tt/site/profile.hpp"

namespace tt::scheduler {

// How long one command may take. A server that is stuck answers a qstat after 40 s, and a qsub not at all.
struct PbsPatience {
  Seconds ask{60};
  Seconds act{120};
};

class PbsScheduler final : public Scheduler {
 public:
  // `runner` and `clock` must outlive it.
  PbsScheduler(site::Profile profile, const std::filesystem::path& workspace, const Environment& environment,
               ProcessRunner& runner, Clock& clock, PbsPatience patience = {});
  std::string name() const override { return "pbs"; }
  SubmitAnswer submit(const SubmitRequest& request) override;
  std::vector<std::string> submit_argv(const SubmitRequest& request) const override;
  FindAnswer find(const Token& token) override;
  // One question for all tasks, and one more for those that ended.
  std::vector<TaskStatus> status(std::span<const TaskRef> tasks) override;
  std::vector<ActAnswer> cancel(std::span<const TaskRef> tasks, StopAs as) override;
  // PBS holds jobs and whole arrays, no single elements.
  std::vector<ActAnswer> hold(std::span<const TaskRef> tasks) override;
  std::vector<ActAnswer> release(std::span<const TaskRef> tasks) override;
  // Which PBS it is, and whether its server answers.
  void check_it_answers() override;
  std::vector<std::string> unsayable(const site::Profile& site) const override { return pbs::unsayable(site); }
  std::string cannot_keep_off(std::span<const std::string> nodes) const override { return pbs::cannot_keep_off(nodes); }
  std::vector<std::string> directives(const SubmitRequest& request, const site::Profile& site) const override;
  Limits limits() const override { return limits_.remembered(); }
  Limits ask_limits() override;
  std::optional<int> count_submitted() override;
  Seconds settle_time() const override { return profile_.settle_time; }

 private:
  // Records of all jobs asked about, elements included; keys with no answer at all are in `silent`.
  struct Reading {
    pbs::Listing listing;
    std::map<std::string, std::string, std::less<>> silent;  // key of a job → why nothing is known about it
  };
  enum class Deed { hold, release };
  // Throws Error where no PBS is to be found.
  const pbs::Programs& programs();
  ProcessResult run(const pbs::Words& words, Seconds limit, const std::filesystem::path& folder = {});
  void read_into(Reading& reading, const std::vector<std::string>& ids, pbs::History history);
  Reading look(std::vector<std::string> ids);
  // The job of each task, looked for by its token where the answer to its submission was lost.
  struct JobOf {
    std::string job;     // empty: there is none, or
    std::string silent;  // why that could not be asked
  };
  std::vector<JobOf> jobs_of(std::span<const TaskRef> tasks);
  std::optional<SubmitAnswer> vanished(const std::string& id);
  std::vector<ActAnswer> act(std::span<const TaskRef> tasks, Deed deed);

  TaskStatus told(const pbs::Job& task, const pbs::Job* array) const;

  site::Profile profile_;
  RememberedLimits limits_;
  Environment environment_;  // of the commands
  ProcessRunner& runner_;
  Clock& clock_;
  PbsPatience patience_;
  pbs::Programs programs_;
};

}  // namespace tt::scheduler
