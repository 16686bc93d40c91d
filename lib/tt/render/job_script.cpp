#include "tt/render/job_script.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"
#include "tt/render/template.hpp"

namespace tt::render {
namespace {

// The environment the site wants for a job of this many nodes; the multi-node block wins.
Variables site_environment(const site::Profile& site, int nodes) {
  Variables all = nodes > 1 ? site.environment_multinode : Variables{};
  all.insert(site.environment.begin(), site.environment.end());
  return all;
}

// Below the range from which systems take ports for connections (32768 up).
constexpr std::pair<int, int> kPorts{20000, 29999};

std::vector<std::string> setup_lines(const site::Profile& site, int nodes) {
  std::vector<std::string> lines = site.setup;
  if (nodes > 1) lines.insert(lines.end(), site.node_setup.begin(), site.node_setup.end());
  return lines;
}

Value environment_list(const Variables& variables) {
  Value list = Value::array();
  for (const auto& [name, value] : variables) list.push(Value::object().set("name", name).set("value", value));
  return list;
}

Value text_list(const std::vector<std::string>& texts) {
  Value list = Value::array();
  for (const std::string& text : texts) list.push(text);
  return list;
}

// When a job tells itself that its time is nearly up, in seconds from its start; empty: it has no limit. Of a limit that
// is shorter than the warning, half.
std::string warn_after(const JobRequest& request) {
  const double limit = request.shape.walltime.count();
  if (limit <= 0) return "";
  const double early = limit - request.site.warn_before.count();
  return std::to_string(static_cast<std::int64_t>(std::max(1.0, std::floor(early > 0 ? early : limit / 2))));
}

std::int64_t whole_seconds(Seconds duration) { return static_cast<std::int64_t>(std::floor(duration.count())); }

Value script_data(const JobRequest& request) {
  const site::Profile& site = request.site;
  return Value::object()
      .set("job_name", "tt-" + request.token.text)
      .set("token", request.token.text)
      .set("site", site.name)
      .set("task_file", (request.submission_folder / task_file_name).string())
      .set("grace_told", whole_seconds(grace_within(site.kill_after)))
      .set("grace_warned", whole_seconds(grace_within(std::max(site.warn_before, site.kill_after))))
      .set("directives", text_list(request.directives))
      .set("setup", text_list(setup_lines(site, request.shape.nodes)))
      .set("rendezvous", site.rendezvous_host)
      .set("first_port", static_cast<std::int64_t>(site.rendezvous_ports.value_or(kPorts).first))
      .set("last_port", static_cast<std::int64_t>(site.rendezvous_ports.value_or(kPorts).second))
      .set("launcher", site.launcher)
      .set("launcher_words", text_list(site.launcher_words))
      .set("warn_after", warn_after(request))
      .set("submitter", environment_list(request.submitter))
      .set("environment", environment_list(site_environment(site, request.shape.nodes)));
}

// A comment of the script is a line: what stands raw in it must be one.
void check_one_line(const std::string& what, const std::string& text) {
  if (has_control_character(text)) {
    throw Error(fmt::format("{} '{}' has a control character; a job script cannot carry it", what, printable(text)));
  }
}

}  // namespace

Seconds grace_within(Seconds limit) {
  // To kill what does not listen and to write the exit record.
  const Seconds margin{std::clamp(limit.count() / 4, 1.0, 10.0)};
  return std::max(Seconds{1}, Seconds{std::floor((limit - margin).count())});
}

std::string job_script(const JobRequest& request) {
  check_one_line("the token", request.token.text);
  check_one_line("the name of the site", request.site.name);
  for (const std::string& line : request.directives) check_one_line("the directive", line);
  const Value data = script_data(request);
  if (!request.site.job_template.empty()) {
    return render_template_file(request.site.job_template, data, request.templates);
  }
  return render_template(request.site.scheduler + "/job", data, request.templates);
}

}  // namespace tt::render
