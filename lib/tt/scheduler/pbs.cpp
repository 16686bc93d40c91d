#include "tt/scheduler/pbs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"

namespace tt::scheduler {
namespace {

using pbs::Listing;

// So many ids fit into one command line with room to spare.
constexpr std::size_t kMostIds = 500;

std::string beginning_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string bytes(4096, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, in.gcount())));
  return bytes;
}

template <class Item>
std::vector<std::vector<Item>> in_portions(const std::vector<Item>& all) {
  std::vector<std::vector<Item>> portions;
  for (std::size_t i = 0; i < all.size(); i += kMostIds) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(i);
    portions.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(std::min(kMostIds, all.size() - i)));
  }
  return portions;
}

const pbs::Job* find_job(const Listing& listing, std::string_view key) {
  const auto found = listing.jobs.find(key);
  return found == listing.jobs.end() ? nullptr : &found->second;
}

const pbs::Job* array_of(const Listing& listing, std::string_view job) {
  return pbs::is_array(job) ? find_job(listing, pbs::key_of(job)) : nullptr;
}

struct Standing {
  bool known = false;
  bool over = false;
  bool waits = false;
};
Standing standing(const Listing& listing, const std::string& job, int index) {
  const pbs::Job* task = find_job(listing, pbs::key_of_task(job, index));
  if (task == nullptr) return {};
  const Known known = pbs::read_task(*task, array_of(listing, job));
  return {true, known.ended.has_value(), known.state == RunState::queued || known.state == RunState::held};
}

// Indices of the elements of an array that a listing holds and that satisfy `is_it`.
template <class Is>
std::set<int> elements(const Listing& listing, const std::string& job, Is is_it) {
  const std::string key = pbs::key_of(job);
  const std::string stem = key.substr(0, key.size() - 1);  // "123["
  std::set<int> found;
  for (auto at = listing.jobs.lower_bound(stem); at != listing.jobs.end() && at->first.starts_with(stem); ++at) {
    const std::string digits = at->first.substr(stem.size(), at->first.size() - stem.size() - 1);
    const auto index = to_integer(digits);
    if (index && is_it(standing(listing, job, static_cast<int>(*index)))) found.insert(static_cast<int>(*index));
  }
  return found;
}

// Tasks (by their place in the question) by the job they belong to.
template <class Job>
std::map<std::string, std::vector<std::size_t>> by_job(const std::vector<Job>& jobs) {
  std::map<std::string, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (!jobs[i].job.empty()) groups[jobs[i].job].push_back(i);
  }
  return groups;
}

// Where not even the job could be asked for.
template <class Job>
void refuse_unasked(const std::vector<Job>& jobs, std::vector<ActAnswer>& answers) {
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (!jobs[i].silent.empty()) answers[i] = CouldNotAsk{jobs[i].silent};
  }
}

}  // namespace

PbsScheduler::PbsScheduler(site::Profile profile, const fs::path& workspace, const Environment& environment,
                           ProcessRunner& runner, Clock& clock, PbsPatience patience)
    : profile_(std::move(profile)),
      limits_(workspace, profile_.name),
      environment_(pbs::client_environment(environment)),
      runner_(runner),
      clock_(clock),
      patience_(patience) {}

const pbs::Programs& PbsScheduler::programs() {
  if (!programs_.folder.empty()) return programs_;
  const std::string conf = read_file_if_there(pbs::conf_file(environment_)).value_or("");
  std::vector<pbs::Candidate> others;
  for (const fs::path& folder : pbs::candidate_folders(environment_, conf)) {
    const fs::path qsub = folder / "qsub";
    const ProcessResult reply = run({qsub.string(), "--version"}, patience_.ask);
    const pbs::Identity identity = pbs::read_identity(beginning_of(qsub), reply);
    if (identity.family == pbs::Family::pbs) {
      programs_ = {folder, identity.version};
      return programs_;
    }
    others.push_back({folder, identity});
  }
  throw Error(pbs::refusal(others));
}

ProcessResult PbsScheduler::run(const pbs::Words& words, Seconds limit, const fs::path& folder) {
  Command command;
  command.argv = words;
  command.environment = environment_;
  command.folder = folder;
  // qsub takes the submission folder from here, links in the path included.
  if (folder.empty())
    command.environment.unset("PWD");
  else
    command.environment.set("PWD", folder.string());
  return runner_.run(command, limit);
}

std::vector<std::string> PbsScheduler::submit_argv(const SubmitRequest& request) const {
  return pbs::submit_command(programs_, request);
}

std::vector<std::string> PbsScheduler::directives(const SubmitRequest& request, const site::Profile& site) const {
  pbs::refuse_unknown_throttle(request, programs_.version);
  return pbs::directives(request, site);
}

void PbsScheduler::check_it_answers() {
  const ProcessResult reply = run(pbs::server_command(programs()), patience_.ask);
  if (const std::string why = pbs::unreachable(reply); !why.empty()) throw Error(why);
}

SubmitAnswer PbsScheduler::submit(const SubmitRequest& request) {
  pbs::Words words;
  try {
    words = pbs::submit_command(programs(), request);
  } catch (const Error& error) {
    return Refused{error.what()};  // nobody was called
  }
  SubmitAnswer answer = pbs::read_submit(run(words, patience_.act, request.submission));
  const auto* accepted = std::get_if<Accepted>(&answer);
  if (accepted == nullptr) return answer;
  return vanished(accepted->job.text).value_or(answer);
}

// An id that was told need not be a job: one that no queue takes is dropped at once, without a word. That is only
// certain where a history is kept; elsewhere a job that ended quickly looks the same.
std::optional<SubmitAnswer> PbsScheduler::vanished(const std::string& id) {
  const ProcessResult reply = run(pbs::look_up_command(programs(), id), patience_.ask);
  if (pbs::has_no_history(reply)) return std::nullopt;
  const auto answer = pbs::read_listing(reply, pbs::Format::delimited);
  const auto* listing = std::get_if<Listing>(&answer);
  if (listing == nullptr || !listing->unknown.contains(pbs::key_of(id))) return std::nullopt;
  return Refused{
      fmt::format("PBS took the job as {} and dropped it at once: no queue accepts it (its size or its walltime is "
                  "outside what the queues behind '-q' take, say)",
                  id)};
}

FindAnswer PbsScheduler::find(const Token& token) {
  try {
    ProcessResult reply = run(pbs::find_command(programs(), token, pbs::History::yes), patience_.ask);
    if (pbs::has_no_history(reply)) reply = run(pbs::find_command(programs(), token, pbs::History::no), patience_.ask);
    return pbs::read_find(reply);
  } catch (const Error& error) {
    return CouldNotAsk{error.what()};
  }
}

// Asks about some jobs and files what was told. JSON of one id; delimited text of several, and where JSON is none.
void PbsScheduler::read_into(Reading& reading, const std::vector<std::string>& ids, pbs::History history) {
  for (const std::vector<std::string>& portion : in_portions(ids)) {
    pbs::Format format = portion.size() == 1 ? pbs::Format::json : pbs::Format::delimited;
    auto answer =
        pbs::read_listing(run(pbs::status_command(programs(), portion, format, history), patience_.ask), format);
    if (std::holds_alternative<pbs::Unreadable>(answer)) {
      format = pbs::Format::delimited;
      answer = pbs::read_listing(run(pbs::status_command(programs(), portion, format, history), patience_.ask), format);
    }
    if (auto* listing = std::get_if<Listing>(&answer)) {
      for (auto& [key, job] : listing->jobs) reading.listing.jobs.insert_or_assign(key, std::move(job));
      reading.listing.finished.insert(listing->finished.begin(), listing->finished.end());
      reading.listing.unknown.insert(listing->unknown.begin(), listing->unknown.end());
      continue;
    }
    const auto* trouble = std::get_if<CouldNotAsk>(&answer);
    const std::string why = trouble != nullptr ? trouble->why : std::get<pbs::Unreadable>(answer).why;
    for (const std::string& id : portion) reading.silent[id] = why;
  }
}

PbsScheduler::Reading PbsScheduler::look(std::vector<std::string> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  Reading reading;
  if (ids.empty()) return reading;
  try {
    read_into(reading, ids, pbs::History::no);
    std::vector<std::string> ended;
    for (const std::string& id : ids) {
      if (reading.listing.finished.contains(id)) ended.push_back(id);
    }
    if (!ended.empty()) read_into(reading, ended, pbs::History::yes);
  } catch (const Error& error) {
    for (const std::string& id : ids) reading.silent[id] = error.what();
  }
  for (const std::string& id : ids) {
    const bool told = reading.listing.jobs.contains(id) || reading.listing.unknown.contains(id) ||
                      reading.listing.finished.contains(id);
    if (!told && !reading.silent.contains(id)) reading.silent[id] = "PBS said nothing about job " + id;
  }
  return reading;
}

std::vector<PbsScheduler::JobOf> PbsScheduler::jobs_of(std::span<const TaskRef> tasks) {
  std::vector<JobOf> jobs;
  std::map<Token, JobOf> found;
  for (const TaskRef& task : tasks) {
    if (!task.job.empty()) {
      jobs.push_back({task.job.text, ""});
      continue;
    }
    const auto [place, is_new] = found.try_emplace(task.token);
    if (is_new) {
      const FindAnswer answer = find(task.token);
      if (const auto* job = std::get_if<Found>(&answer)) place->second.job = job->job.text;
      if (const auto* trouble = std::get_if<CouldNotAsk>(&answer)) place->second.silent = trouble->why;
    }
    jobs.push_back(place->second);
  }
  return jobs;
}

// A job that PBS started again does not train a second time (the claim of the attempt says no). Where that is how the
// queue makes room for others, it was preempted.
TaskStatus PbsScheduler::told(const pbs::Job& task, const pbs::Job* array) const {
  Known known = pbs::read_task(task, array);
  const bool makes_room = std::any_of(profile_.queues.begin(), profile_.queues.end(), [&](const site::Queue& queue) {
    return queue.preemptible && queue.name == task.text("queue");
  });
  if (known.ended && known.ended->reason == EndReason::node_failed && makes_room && pbs::was_started_again(task))
    known.ended->reason = EndReason::preempted;
  return known;
}

std::vector<TaskStatus> PbsScheduler::status(std::span<const TaskRef> tasks) {
  const std::vector<JobOf> jobs = jobs_of(tasks);
  std::vector<std::string> keys;
  for (const auto& [job, silent] : jobs) {
    if (!job.empty()) keys.push_back(pbs::key_of(job));
  }
  const Reading reading = look(keys);
  std::vector<TaskStatus> answers;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto& [job, unasked] = jobs[i];
    const pbs::Job* task = find_job(reading.listing, pbs::key_of_task(job, tasks[i].index));
    const auto silent = reading.silent.find(pbs::key_of(job));
    if (!unasked.empty())
      answers.emplace_back(CouldNotAsk{unasked});
    else if (task != nullptr)
      answers.emplace_back(told(*task, array_of(reading.listing, job)));
    else if (silent != reading.silent.end())
      answers.emplace_back(CouldNotAsk{silent->second});
    else
      answers.emplace_back(Gone{});
  }
  return answers;
}

std::vector<ActAnswer> PbsScheduler::cancel(std::span<const TaskRef> tasks, StopAs) {
  const std::vector<JobOf> jobs = jobs_of(tasks);
  const auto groups = by_job(jobs);
  std::vector<std::string> keys;
  for (const auto& [job, members] : groups) keys.push_back(pbs::key_of(job));
  const Reading reading = look(keys);

  std::vector<ActAnswer> answers(tasks.size(), Done{});
  refuse_unasked(jobs, answers);
  std::vector<std::string> ids;
  std::map<std::string, std::vector<std::size_t>, std::less<>> told_by;  // id → the tasks it speaks for
  for (const auto& [job, members] : groups) {
    const std::string key = pbs::key_of(job);
    if (const auto silent = reading.silent.find(key); silent != reading.silent.end()) {
      for (const std::size_t i : members) answers[i] = CouldNotAsk{silent->second};
      continue;
    }
    std::vector<int> open;
    for (const std::size_t i : members) {
      const Standing stands = standing(reading.listing, job, tasks[i].index);
      if (stands.known && !stands.over) open.push_back(tasks[i].index);
    }
    if (open.empty()) continue;
    pbs::Words words{key};
    if (pbs::is_array(job)) {
      // Deleting a whole array wipes what is known of elements that had ended: only where none has.
      const auto all = elements(reading.listing, job, [](const Standing&) { return true; });
      if (open.size() < all.size()) words = pbs::element_ranges(key, open);
    }
    for (const std::string& word : words) {
      ids.push_back(word);
      for (const std::size_t i : members) told_by[word].push_back(i);
    }
  }
  for (const std::vector<std::string>& portion : in_portions(ids)) {
    const ProcessResult reply = run(pbs::cancel_command(programs(), portion), patience_.act);
    for (const auto& [id, answer] : pbs::read_act(reply, "qdel", portion)) {
      if (std::holds_alternative<Done>(answer)) continue;
      for (const std::size_t i : told_by[id]) answers[i] = answer;
    }
  }
  return answers;
}

std::vector<ActAnswer> PbsScheduler::act(std::span<const TaskRef> tasks, Deed deed) {
  const std::vector<JobOf> jobs = jobs_of(tasks);
  const auto groups = by_job(jobs);
  std::vector<std::string> keys;
  for (const auto& [job, members] : groups) keys.push_back(pbs::key_of(job));
  const Reading reading = look(keys);

  std::vector<ActAnswer> answers(tasks.size(), CouldNot{"PBS does not know its job"});
  refuse_unasked(jobs, answers);
  std::vector<std::string> ids;
  std::map<std::string, std::vector<std::size_t>, std::less<>> told_by;
  for (const auto& [job, members] : groups) {
    const std::string key = pbs::key_of(job);
    const auto silent = reading.silent.find(key);
    const auto waiting = elements(reading.listing, job, [](const Standing& one) { return one.waits; });
    std::vector<std::size_t> asked;
    for (const std::size_t i : members) {
      const Standing stands = standing(reading.listing, job, tasks[i].index);
      if (silent != reading.silent.end())
        answers[i] = CouldNotAsk{silent->second};
      else if (stands.known && stands.over)
        answers[i] = CouldNot{"it has ended"};
      else if (stands.known && !stands.waits)
        answers[i] = CouldNot{"it runs already, and PBS holds only what waits"};
      else if (stands.known)
        asked.push_back(i);
    }
    if (asked.empty()) continue;
    if (pbs::is_array(job) && asked.size() < waiting.size()) {
      for (const std::size_t i : asked) {
        answers[i] =
            CouldNot{fmt::format("PBS holds and releases an array as a whole: name all {} runs of job {} that "
                                 "wait",
                                 waiting.size(), job)};
      }
      continue;
    }
    ids.push_back(key);
    told_by[key] = asked;
    for (const std::size_t i : asked) answers[i] = Done{};
  }
  for (const std::vector<std::string>& portion : in_portions(ids)) {
    const bool hold = deed == Deed::hold;
    const ProcessResult reply =
        run(hold ? pbs::hold_command(programs(), portion) : pbs::release_command(programs(), portion), patience_.act);
    for (const auto& [id, answer] : pbs::read_act(reply, hold ? "qhold" : "qrls", portion)) {
      for (const std::size_t i : told_by[id]) answers[i] = answer;
    }
  }
  return answers;
}

std::vector<ActAnswer> PbsScheduler::hold(std::span<const TaskRef> tasks) { return act(tasks, Deed::hold); }
std::vector<ActAnswer> PbsScheduler::release(std::span<const TaskRef> tasks) { return act(tasks, Deed::release); }

Limits PbsScheduler::ask_limits() {
  try {
    Limits asked;
    asked.max_array_tasks = pbs::read_max_array_size(run(pbs::server_command(programs()), patience_.ask));
    if (asked.max_array_tasks) limits_.remember(asked, clock_.now());
  } catch (const Error&) {  // no PBS here: said by whatever has to speak to it
  }
  return limits();
}

std::optional<int> PbsScheduler::count_submitted() {
  try {
    return pbs::read_count(run(pbs::count_command(programs(), environment_), patience_.ask));
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace tt::scheduler
