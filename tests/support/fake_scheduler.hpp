// A scheduler the test drives: what it answers, when a submission surfaces, how its tasks stand and when they run.
//
// Copies are clients of the same scheduler, as two processes would be. Nothing happens by itself: a submission waits
// until run() executes its job script, or until a state is set for it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tt/base/process.hpp"
#include "tt/scheduler/scheduler.hpp"

namespace tt::test {

class FakeScheduler final : public scheduler::Scheduler {
 public:
  explicit FakeScheduler(std::string name = "fake") : name_(std::move(name)), cluster_(std::make_shared<Cluster>()) {}

  // What the next submissions meet, until another one of these is called.
  void accepts();                           // takes them and says so; how it begins
  void refuses(const std::string& reason);  // takes nothing and says so
  // Takes a submission if no more than so many tasks are waiting and running with it; else it refuses it for now,
  // whole: a part may go. As Slurm does at MaxSubmitJobs, without saying how many.
  void has_room_for(int tasks, const std::string& reason);
  void swallows(const std::string& why);  // takes them, gives no answer, and knows them only once they surface()
  void drops(const std::string& why);     // takes nothing and gives no answer

  // Every question is answered by "could not ask", until hears().
  void goes_deaf(const std::string& why) { cluster_->deaf = why; }
  void hears() { cluster_->deaf.clear(); }
  // Nothing can be handed over from here, until is_found().
  void is_missing(const std::string& why) { cluster_->missing = why; }
  void is_found() { cluster_->missing.clear(); }
  // Of what is asked for with this QOS, or of everything.
  void cannot_say(const std::string& sentence, const std::string& qos = "") { cluster_->unsayable[qos] = sentence; }
  void cannot_name_nodes(const std::string& why) { cluster_->cannot_name_nodes = why; }
  // Whenever it is handed a submission: time passes, somebody else is quicker.
  void on_submit(std::function<void()> what) { cluster_->on_submit = std::move(what); }
  void settles_after(Seconds time) { cluster_->settle_time = time; }
  void limits_are(const scheduler::Limits& limits) { cluster_->limits = limits; }

  // A submission that was swallowed is known from now on.
  void surface(const Token& token) { job(token).known = true; }
  // Executes job.sh of a submission for one of its tasks, surfacing it if need be, until it ends; the task is then over
  // with that status. As late as the test likes: that is what a controller does that was frozen meanwhile.
  ProcessResult run(const Token& token, int index = 0, Seconds limit = Seconds{60});
  // How a task stands from now on: what status() answers.
  void set(const Token& token, int index, const scheduler::TaskStatus& status) { job(token).tasks.at(index) = status; }
  void is_queued(const Token& token, int index = 0);
  void is_running(const Token& token, int index = 0);
  void has_ended(const Token& token, int index, const scheduler::TaskEnd& end);
  void forgets(const Token& token, int index = 0) { set(token, index, scheduler::Gone{}); }

  // What it was asked to do, in that order. Submissions that it did not take are among them.
  const std::vector<scheduler::SubmitRequest>& submitted() const { return cluster_->submitted; }
  const std::vector<std::pair<scheduler::TaskRef, scheduler::StopAs>>& cancelled() const { return cluster_->cancelled; }
  std::vector<Token> tokens() const;                         // of submitted()
  int times_asked() const { return cluster_->times_asked; }  // how tasks stand
  static JobId job_id(const Token& token) { return JobId{"fake-" + token.text}; }

  std::string name() const override { return name_; }
  scheduler::SubmitAnswer submit(const scheduler::SubmitRequest& request) override;
  std::vector<std::string> submit_argv(const scheduler::SubmitRequest& request) const override;
  scheduler::FindAnswer find(const Token& token) override;
  std::vector<scheduler::TaskStatus> status(std::span<const scheduler::TaskRef> tasks) override;
  std::optional<scheduler::Echo> echo() const override { return last_; }
  bool says_the_same(const scheduler::Echo& echo) override;
  std::vector<scheduler::ActAnswer> cancel(std::span<const scheduler::TaskRef> tasks, scheduler::StopAs as) override;
  std::vector<scheduler::ActAnswer> hold(std::span<const scheduler::TaskRef> tasks) override;
  std::vector<scheduler::ActAnswer> release(std::span<const scheduler::TaskRef> tasks) override;
  scheduler::Limits limits() const override { return cluster_->limits; }
  void check_it_answers() override;
  std::vector<std::string> unsayable(const site::Profile& site) const override;
  std::string cannot_keep_off(std::span<const std::string>) const override { return cluster_->cannot_name_nodes; }
  bool may_forget_ends() const override { return true; }
  Seconds settle_time() const override { return cluster_->settle_time; }

 private:
  enum class Mood { accepts, refuses, is_narrow, swallows, drops };
  struct Job {
    scheduler::SubmitRequest request;
    bool known = true;
    std::map<int, scheduler::TaskStatus> tasks;
  };
  struct Cluster {
    Mood mood = Mood::accepts;
    std::string word;  // that goes with the mood
    int room = 0;      // is_narrow: for so many tasks
    std::string deaf;  // why it cannot be asked
    std::string missing;
    std::map<std::string, std::string> unsayable;  // QOS, or empty for all → why
    std::string cannot_name_nodes;
    std::function<void()> on_submit;
    Seconds settle_time{60};
    scheduler::Limits limits;
    std::map<Token, Job> jobs;  // taken
    int times_asked = 0;
    std::vector<scheduler::SubmitRequest> submitted;
    std::vector<std::pair<scheduler::TaskRef, scheduler::StopAs>> cancelled;
  };
  void set_mood(Mood mood, const std::string& word);
  int tasks_there() const;       // that have not ended
  Job& job(const Token& token);  // throws when it was never taken
  // nullptr: not known, or not (yet) surfaced.
  scheduler::TaskStatus* known_task(const scheduler::TaskRef& task);
  std::vector<scheduler::ActAnswer> set_all(std::span<const scheduler::TaskRef> tasks, const scheduler::Known& state);
  scheduler::Echo echo_about(const std::vector<std::string>& jobs) const;
  std::string name_;
  std::shared_ptr<Cluster> cluster_;
  std::optional<scheduler::Echo> last_;  // of this client
};

}  // namespace tt::test
