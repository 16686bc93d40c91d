#include "tt/scheduler/slurm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "tt/base/text.hpp"

namespace tt::scheduler {
namespace {

// The controller answers within MessageTimeout (10 s, tens on large sites). A full job table lets sbatch try again for
// 120 s before it gives up.
constexpr Seconds kSubmitLimit{180};
constexpr Seconds kAskLimit{60};

std::set<std::string> arrays_of(std::span<const TaskRef> tasks) {
  std::set<std::string> arrays;
  for (const TaskRef& task : tasks) {
    if (!task.job.empty()) arrays.insert(slurm::array_of(task.job));
  }
  return arrays;
}

// A controller that lost its last minutes gives numbers out again: by now the job may be somebody else's.
// Somebody may have given ours another name, or the site does: the comment is the same.
bool is_of(const slurm::Row& row, const Token& token) {
  const std::string ours = "tt-" + token.text;
  return row.name.empty() || row.name == ours || row.comment == ours;
}

std::vector<TaskStatus> all_unasked(std::span<const TaskRef> tasks, const CouldNotAsk& trouble) {
  return std::vector<TaskStatus>(tasks.size(), trouble);
}

}  // namespace

Environment slurm_environment(const Environment& ours) {
  Environment kept;
  for (const auto& [name, value] : ours.all()) {
    const bool of_slurm = name.starts_with("SLURM_") || name.starts_with("SLURMD_") || name.starts_with("SBATCH_") ||
                          name.starts_with("SQUEUE_") || name.starts_with("SACCT_") || name.starts_with("SALLOC_") ||
                          name.starts_with("SCANCEL_") || name.starts_with("SCONTROL_") || name.starts_with("SRUN_") ||
                          name.starts_with("SINFO_");
    if (!of_slurm || name == "SLURM_CONF" || name == "SLURM_CONF_SERVER") kept.set(name, value);
  }
  return kept;
}

SlurmScheduler::SlurmScheduler(site::Profile profile, const std::filesystem::path& workspace,
                               const Environment& environment, ProcessRunner& runner, Clock& clock)
    : profile_(std::move(profile)),
      limits_(workspace, profile_.name),
      environment_(slurm_environment(environment)),
      runner_(runner),
      clock_(clock) {
  environment_.set("SLURM_TIME_FORMAT", "%s");
  environment_.set("SLURM_BITSTR_LEN", "0");  // index lists are cut off otherwise
}

ProcessResult SlurmScheduler::run(const std::vector<std::string>& words, Seconds limit) {
  return runner_.run({words, environment_, {}}, limit);
}

SubmitAnswer SlurmScheduler::submit(const SubmitRequest& request) {
  // The job starts with what it is given and nothing else; sbatch itself needs to know the cluster.
  Environment environment = slurm_environment(request.environment);
  for (const char* name : {"SLURM_CONF", "SLURM_CONF_SERVER", "PATH"}) {
    if (const auto value = environment_.get(name)) environment.set(name, *value);
  }
  return slurm::read_submit(runner_.run({slurm::submit_words(request), environment, request.workdir}, kSubmitLimit));
}

std::vector<std::string> SlurmScheduler::submit_argv(const SubmitRequest& request) const {
  return slurm::submit_words(request);
}

std::vector<std::string> SlurmScheduler::directives(const SubmitRequest& request, const site::Profile& site) const {
  return slurm::directives(request, site);
}

FindAnswer SlurmScheduler::find(const Token& token) {
  FindAnswer now = slurm::read_find(run(slurm::find_words(token), kAskLimit));
  if (!std::holds_alternative<Absent>(now) || !has_accounting()) return now;
  return slurm::read_find_ended(run(slurm::find_ended_words(token), kAskLimit));
}

// Waiting tasks in one line each only where squeue cannot tell them together.
slurm::RowsAnswer SlurmScheduler::ask_queue(const std::vector<std::string>& arrays, std::optional<QueueReply> ahead) {
  const auto each = [&] { return slurm::read_queue_each(run(slurm::queue_words_each(arrays), kAskLimit)); };
  if (asks_each_) return each();
  const bool was_asked = ahead && ahead->arrays == arrays;
  last_ = was_asked ? std::move(*ahead) : QueueReply{arrays, run(slurm::queue_words(arrays), kAskLimit)};
  slurm::QueueAnswer answer = slurm::read_queue(last_->reply);
  if (std::holds_alternative<slurm::AskEach>(answer)) {
    asks_each_ = true;  // an old squeue stays one, and a list that is too long does too
    last_.reset();
    return each();
  }
  if (auto* trouble = std::get_if<CouldNotAsk>(&answer)) return std::move(*trouble);
  return std::get<slurm::Rows>(std::move(answer));
}

std::vector<TaskStatus> SlurmScheduler::status(std::span<const TaskRef> tasks) {
  last_.reset();
  std::optional<QueueReply> ahead = std::exchange(ahead_, std::nullopt);
  const std::set<std::string> arrays = arrays_of(tasks);
  if (arrays.empty()) return std::vector<TaskStatus>(tasks.size(), Gone{});
  const slurm::RowsAnswer queue = ask_queue({arrays.begin(), arrays.end()}, std::move(ahead));
  if (const auto* trouble = std::get_if<CouldNotAsk>(&queue)) return all_unasked(tasks, *trouble);

  std::vector<TaskStatus> answers(tasks.size(), Gone{});
  std::vector<TaskRef> unknown;
  const auto& rows = std::get<slurm::Rows>(queue);
  std::map<const slurm::Row*, Known> read;  // thousands of waiting tasks share a row
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (tasks[i].job.empty()) continue;
    const slurm::Row* row = rows.find(tasks[i].job, tasks[i].index);
    if (row != nullptr && !is_of(*row, tasks[i].token)) answers[i] = Gone{slurm::read_row(*row)};
    if (row == nullptr || !is_of(*row, tasks[i].token)) {
      if (!tasks[i].is_over) unknown.push_back(tasks[i]);
      continue;
    }
    const auto [known, is_new] = read.try_emplace(row);
    if (is_new) known->second = slurm::read_row(*row);
    answers[i] = known->second;
  }
  if (unknown.empty() || !has_accounting()) return answers;

  last_.reset();
  const std::set<std::string> older = arrays_of(unknown);
  const std::vector<std::string> asked_again(older.begin(), older.end());
  const slurm::RowsAnswer history = slurm::read_accounting(run(slurm::accounting_words(asked_again), kAskLimit));
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (!std::holds_alternative<Gone>(answers[i]) || tasks[i].job.empty() || tasks[i].is_over) continue;
    if (const auto* trouble = std::get_if<CouldNotAsk>(&history)) {
      answers[i] = *trouble;
      continue;
    }
    const auto& rows_of_history = std::get<slurm::Rows>(history);
    const slurm::Row* row = rows_of_history.find(tasks[i].job, tasks[i].index);
    // Tasks that ended before they began may stand under the array's id alone.
    if (row == nullptr) row = rows_of_history.find_whole(tasks[i].job);
    if (row == nullptr) continue;
    if (!is_of(*row, tasks[i].token)) {
      if (!std::get<Gone>(answers[i]).under_another_name) answers[i] = Gone{slurm::read_row(*row)};
      continue;
    }
    Known known = slurm::read_row(*row);
    // The controller forgot it: what accounting still calls open ended without a word of its end.
    answers[i] = known.ended ? TaskStatus{known} : TaskStatus{Gone{}};
  }
  return answers;
}

std::optional<Echo> SlurmScheduler::echo() const {
  if (!last_) return std::nullopt;
  const auto gist = slurm::gist_of_queue(last_->reply);
  return gist ? std::optional(Echo{last_->arrays, *gist}) : std::nullopt;
}

bool SlurmScheduler::says_the_same(const Echo& echo) {
  QueueReply now{echo.jobs, run(slurm::queue_words(echo.jobs), kAskLimit)};
  const bool is_the_same = slurm::gist_of_queue(now.reply) == echo.answer;
  ahead_ = is_the_same ? std::nullopt : std::optional(std::move(now));  // what was answered is not to grow old
  return is_the_same;
}

// One command for all tasks that have a job; `without_job` answers for submissions whose answer was lost.
std::vector<ActAnswer> SlurmScheduler::act(std::span<const TaskRef> tasks, const MakeWords& make_words,
                                           const WithoutJob& without_job) {
  std::vector<TaskRef> with_job;
  for (const TaskRef& task : tasks) {
    if (!task.job.empty()) with_job.push_back(task);
  }
  std::vector<ActAnswer> known;
  if (!with_job.empty()) {
    const std::vector<std::string> words = make_words(with_job);
    known = slurm::read_act(with_job, words.front(), run(words, kAskLimit));
  }
  std::vector<ActAnswer> answers;
  auto next = known.begin();
  for (const TaskRef& task : tasks) answers.push_back(task.job.empty() ? without_job(task) : *next++);
  return answers;
}

std::vector<ActAnswer> SlurmScheduler::cancel(std::span<const TaskRef> tasks, StopAs) {
  std::map<Token, ActAnswer> by_name;
  return act(tasks, slurm::cancel_words, [&](const TaskRef& task) {
    const auto [place, is_new] = by_name.try_emplace(task.token, Done{});
    if (is_new) {
      const std::vector<std::string> words = slurm::cancel_by_name_words(task.token);
      place->second = slurm::read_act(std::span(&task, 1), words.front(), run(words, kAskLimit)).front();
    }
    return place->second;
  });
}
std::vector<ActAnswer> SlurmScheduler::hold(std::span<const TaskRef> tasks) {
  return act(tasks, slurm::hold_words, [](const TaskRef&) { return CouldNot{"it is still being handed over"}; });
}
std::vector<ActAnswer> SlurmScheduler::release(std::span<const TaskRef> tasks) {
  return act(tasks, slurm::release_words, [](const TaskRef&) { return CouldNot{"it is still being handed over"}; });
}

Limits SlurmScheduler::ask_limits() {
  if (const auto asked = slurm::read_config(run(slurm::config_words(), kAskLimit))) {
    limits_.remember(*asked, clock_.now());
  }
  return limits();
}

std::optional<int> SlurmScheduler::count_submitted() { return slurm::read_count(run(slurm::count_words(), kAskLimit)); }

}  // namespace tt::scheduler
