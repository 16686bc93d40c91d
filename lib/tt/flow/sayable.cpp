#include "tt/flow/sayable.hpp"

#include <fmt/format.h>

#include <vector>

#include "tt/base/text.hpp"

namespace tt::flow {
namespace {

// A job without what its site wants to be told would be refused, or charged to the wrong account; what nobody can be
// told would be dropped in silence.
std::string what_is_said_wrong(const site::Profile& site, const scheduler::Scheduler& scheduler) {
  std::vector<std::string> wrong = scheduler.unsayable(site);
  if (!site.container.empty() && site.job_template.empty()) {
    wrong.push_back(
        fmt::format("launch.container of site '{}' is '{}', and the job scripts of tt start no container: start "
                    "it in run_train.sh, or give a job script of your own (launch.job_template)",
                    site.name, printable(site.container)));
  }
  if (!wrong.empty()) return join(wrong, "; ");
  const std::vector<std::string> missing = site::unsaid(site);
  if (missing.empty()) return "";
  std::vector<std::string> ways;
  for (const std::string& name : missing) {
    std::string variable = "TT_" + name;
    for (char& c : variable) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    ways.push_back(fmt::format("--{} NAME (or {} in the environment)", name, variable));
  }
  return fmt::format("site '{}' wants to be told {} with every job: {}", site.name, join(missing, " and "),
                     join(ways, ", "));
}

}  // namespace

const std::string& Sayable::why_not(const Asked& asked) {
  const auto [place, is_new] = why_not_.try_emplace(asked);
  if (is_new) place->second = what_is_said_wrong(site::as_asked(around_.site.profile, asked), scheduler_);
  return place->second;
}

void Sayable::check(const Asked& asked) {
  if (const std::string& wrong = why_not(asked); !wrong.empty()) throw Error(wrong, ExitCode::bad_input);
}

std::optional<Error> why_nobody_takes_it(scheduler::Scheduler& scheduler) {
  try {
    scheduler.check_it_answers();
  } catch (const Error& error) {
    return Error(fmt::format("{}; nothing was handed over", error.what()), error.exit_code());
  }
  return std::nullopt;
}

}  // namespace tt::flow
