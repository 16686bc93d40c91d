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
      .set("setup", text_list(site.setup))
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
  const Value data = script_data(request);
  if (!request.site.job_template.empty()) {
    return render_template_file(request.site.job_template, data, request.templates);
  }
  return render_template(request.site.scheduler + "/job", data, request.templates);
}

}  // namespace tt::render
