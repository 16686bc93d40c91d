#include "tt/scheduler/pbs_commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"
#include "tt/scheduler/pbs_job.hpp"

namespace tt::scheduler::pbs {
namespace {

Words with_ids(const Programs& programs, std::string_view program, std::span<const std::string> ids) {
  Words words{programs.program(program)};
  words.insert(words.end(), ids.begin(), ids.end());
  return words;
}

}  // namespace

std::string job_name(const Token& token) { return "tt-" + token.text; }

std::optional<std::string> array_range(std::span<const int> indices) {
  if (indices.empty()) throw Error("internal: a submission without tasks");
  const int first = indices.front();
  if (indices.size() == 1) {
    if (first == 0) return std::nullopt;
    return fmt::format("{}-{}:2", first, first + 1);
  }
  const int step = indices[1] - first;
  for (std::size_t i = 1; i < indices.size(); ++i) {
    if (step > 0 && indices[i] - indices[i - 1] == step) continue;
    throw Error(
        fmt::format("PBS knows arrays of the form X-Y:STEP only, and the indices {}, {}, ... are none; number "
                    "the tasks from 0",
                    indices[i - 1], indices[i]));
  }
  return step == 1 ? fmt::format("{}-{}", first, indices.back()) : fmt::format("{}-{}:{}", first, indices.back(), step);
}

std::optional<std::string> array_option(std::span<const int> indices, std::optional<int> throttle,
                                        std::string_view version) {
  auto range = array_range(indices);
  // %0 is accepted, and the array then never starts. A version not asked yet is one that knows it: all since 2021 do.
  const bool limited = throttle && *throttle > 0 && (version.empty() || knows_throttle(version));
  if (range && limited) *range += fmt::format("%{}", *throttle);
  return range;
}

Words submit_command(const Programs& programs, const SubmitRequest& request) {
  Words words{programs.program("qsub"), "-f", "-C", "#PBS", "-v", "TT_TOKEN=" + request.token.text};
  if (const auto range = array_option(request.indices, request.throttle, programs.version)) {
    words.push_back("-J");
    words.push_back(*range);
  }
  words.push_back(request.script.string());
  return words;
}

Words look_up_command(const Programs& programs, const std::string& id) {
  return {programs.program("qstat"), "-x", "-f", "-F", "dsv", key_of(id)};
}

Words find_command(const Programs& programs, const Token& token, History history) {
  Words words{programs.program("qselect"), "-N", job_name(token)};
  if (history == History::yes) words.push_back("-x");
  return words;
}

Words status_command(const Programs& programs, std::span<const std::string> ids, Format format, History history) {
  Words words{programs.program("qstat"), "-t", "-f", "-F", format == Format::json ? "json" : "dsv"};
  if (history == History::yes) words.push_back("-x");
  words.insert(words.end(), ids.begin(), ids.end());
  return words;
}

Words cancel_command(const Programs& programs, std::span<const std::string> ids) {
  return with_ids(programs, "qdel", ids);
}
Words hold_command(const Programs& programs, std::span<const std::string> ids) {
  return with_ids(programs, "qhold", ids);
}
Words release_command(const Programs& programs, std::span<const std::string> ids) {
  return with_ids(programs, "qrls", ids);
}
Words server_command(const Programs& programs) { return {programs.program("qstat"), "-B", "-f"}; }

Words count_command(const Programs& programs, const Environment& environment) {
  const std::string user = environment.get("USER").value_or(environment.get("LOGNAME").value_or(""));
  Words words{programs.program("qselect"), "-T", "-s", "EHQRSTUW"};
  if (!user.empty()) words.insert(words.end(), {"-u", user});
  return words;
}

Words element_ranges(const std::string& array_key, std::vector<int> indices) {
  const std::string stem = array_key.substr(0, array_key.find('['));
  std::sort(indices.begin(), indices.end());
  Words words;
  for (std::size_t i = 0; i < indices.size();) {
    std::size_t last = i;
    while (last + 1 < indices.size() && indices[last + 1] == indices[last] + 1) ++last;
    words.push_back(last == i ? fmt::format("{}[{}]", stem, indices[i])
                              : fmt::format("{}[{}-{}]", stem, indices[i], indices[last]));
    i = last + 1;
  }
  return words;
}

std::string walltime_word(Seconds duration) {
  const auto all = static_cast<std::int64_t>(std::ceil(duration.count()));
  return fmt::format("{:02}:{:02}:{:02}", all / 3600, all / 60 % 60, all % 60);
}

}  // namespace tt::scheduler::pbs
