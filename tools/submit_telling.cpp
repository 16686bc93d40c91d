#include "submit_telling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tt/base/log.hpp"
#include "tt/base/text.hpp"

namespace tt::tool {

void tell_skipped(const flow::LoadedSweep& sweep) {
  const std::int64_t skipped = sweep.plan.totals.skipped;
  if (skipped == 0 || sweep.plan.totals.runs == 0) return;
  log::note(fmt::format("{} cannot run and {} skipped; `tt-sweep plan {}` says why", plural(skipped, "point"),
                        skipped == 1 ? "is" : "are", sweep.shown));
}

namespace {

void tell_what_was_done_already(const flow::RunReport& report) {
  if (report.finished_already == 0) return;
  if (report.handed_over > 0 || report.open_already > 0 || !report.not_tried.empty() || !report.waiting.empty()) {
    log::note(fmt::format("{} finished already", plural(report.finished_already, "run")));
  } else {
    log::note(fmt::format(
        "nothing to do: {} finished already",
        report.finished_already == 1 ? "the run is" : fmt::format("all {} runs are", report.finished_already)));
  }
}

std::vector<std::string> names_of_queues(const site::Profile& site) {
  std::vector<std::string> names;
  for (const site::Queue& queue : site.queues) names.push_back(queue.name);
  return names;
}

bool is_job(const flow::HandedOver& submission) { return submission.refused.empty() && submission.no_answer.empty(); }

}  // namespace

std::string waiting_text(std::int64_t runs, const std::string& why) {
  return fmt::format("{} {}: {}", plural(runs, "run"), runs == 1 ? "waits" : "wait", why);
}

void tell_held_back(std::int64_t runs, const std::string& why) {
  if (runs == 0) return;
  log::note(waiting_text(runs, why) + "; handed over as it may, while this command or `tt-submit wait` follows");
}

void tell_submissions(const std::vector<flow::HandedOver>& submissions) {
  for (const flow::HandedOver& submission : submissions) {
    const std::string runs = plural(static_cast<std::int64_t>(submission.runs), "run");
    if (!submission.refused.empty()) {
      log::warning(fmt::format("submission {} of {} was refused: {}; nothing of it started: mend that, and repeat",
                               submission.token.text, runs, submission.refused));
    } else if (!submission.no_answer.empty()) {
      log::warning(fmt::format("submission {} of {}: {}; `tt-submit wait` settles it", submission.token.text, runs,
                               submission.no_answer));
    } else {
      log::note(fmt::format("submitted {} as job {}", runs, submission.job.text));
    }
  }
}

namespace {

constexpr std::size_t kNamed = 3;  // of many runs with one why

// "_bs1, _bs2, _bs4 and 7 more".
std::string some_of(const std::vector<std::string>& names) {
  const std::vector<std::string> first(names.begin(),
                                       names.begin() + static_cast<std::ptrdiff_t>(std::min(kNamed, names.size())));
  const std::string rest = names.size() > kNamed ? fmt::format(" and {} more", names.size() - kNamed) : "";
  return join(first, ", ") + rest;
}

}  // namespace

void tell_alike(const std::vector<std::string>& lines, void (*say)(const std::string& sentence)) {
  std::vector<std::pair<std::string, std::vector<std::string>>> by_why;  // in the order of the first of each
  std::map<std::string, std::size_t> places;
  for (const std::string& line : lines) {
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) {
      say(line);
      continue;
    }
    const auto [place, is_new] = places.try_emplace(line.substr(colon + 2), by_why.size());
    if (is_new) by_why.push_back({place->first, {}});
    by_why[place->second].second.push_back(line.substr(0, colon));
  }
  for (const auto& [why, names] : by_why) say(fmt::format("{}: {}", some_of(names), why));
}

void tell_run(const flow::LoadedSweep& sweep, const flow::RunReport& report) {
  log::note(fmt::format("{}: {}", sweep.plan.sweep, describe(report.expanded)));
  tell_skipped(sweep);
  if (!report.about_canary.empty()) log::note(report.about_canary);
  tell_submissions(report.submissions);
  tell_held_back(report.held_back, report.why_held_back);
  for (const auto& [why, count] : report.waiting) log::note(waiting_text(count, why));
  tell_alike(report.not_tried, log::note);
  tell_what_was_done_already(report);
}

ExitCode exit_of(const std::vector<flow::HandedOver>& submissions) {
  const auto jobs = std::count_if(submissions.begin(), submissions.end(), is_job);
  if (jobs == static_cast<std::ptrdiff_t>(submissions.size())) return ExitCode::done;
  return jobs > 0 ? ExitCode::partly : ExitCode::could_not;
}

bool all_refused(const std::vector<flow::HandedOver>& submissions) {
  return !submissions.empty() && std::all_of(submissions.begin(), submissions.end(),
                                             [](const auto& submission) { return !submission.refused.empty(); });
}

namespace {

// Which of several partitions the jobs go to is the cluster's to choose then, and how many of them it takes not known.
void tell_unapplied_windows(const site::Profile& site) {
  std::vector<std::string> bounded;
  for (const site::Queue& queue : site.queues) {
    if (queue.max_queued) bounded.push_back(queue.name);
  }
  if (bounded.empty() || site.queues.size() == 1) return;
  log::note(
      fmt::format("no partition is named, so the numbers of jobs that the profile of {} allows in {} are not kept "
                  "to; --partition names one",
                  site.name, join(bounded, ", ")));
}

}  // namespace

void tell_of_partition(const site::Profile& site) {
  const std::vector<std::string> listed = names_of_queues(site);
  if (site.partition.empty()) return tell_unapplied_windows(site);
  if (listed.empty()) return;
  for (const std::string& name : split(site.partition, ',')) {
    if (std::find(listed.begin(), listed.end(), name) != listed.end()) continue;
    const auto near = nearest(name, listed);
    log::note(fmt::format("partition '{}' is none of those the profile of {} lists ({}): what it takes is not known{}",
                          printable(name), site.name, join(listed, ", "),
                          near ? fmt::format("; did you mean '{}'?", *near) : ""));
  }
}

void check_cost(const flow::DryRun& dry, double max_gpu_hours) {
  if (!(max_gpu_hours >= 0)) {
    throw Error(fmt::format("--max-gpu-hours {}: a number of hours from 0 on is wanted", max_gpu_hours),
                ExitCode::bad_input);
  }
  double hours = 0;
  std::int64_t runs = 0;
  for (const flow::PreparedSubmission& submission : dry.submissions) {
    const Resources& shape = submission.request.shape;
    const auto tasks = static_cast<std::int64_t>(submission.tasks.size());
    runs += tasks;
    hours += static_cast<double>(tasks) * shape.gpus * shape.walltime.count() / 3600;
  }
  if (hours <= max_gpu_hours) return;
  throw Error(
      fmt::format("{} to submit may use {:.2f} GPU hours (up to the walltime), more than --max-gpu-hours {}; "
                  "nothing was submitted",
                  plural(runs, "run"), hours, max_gpu_hours));
}

}  // namespace tt::tool
