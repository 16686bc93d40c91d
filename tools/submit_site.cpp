#include "submit_site.hpp"

#include <fmt/format.h>

#include "tt/site/profile.hpp"

namespace tt::tool {

ExitCode list_sites(const Tool& tool) {
  Value list = Value::array();
  TextTable table({{"name"}, {"scheduler"}, {"facts of"}, {"what"}});
  for (const site::Profile& profile : site::embedded_profiles()) {
    list.push(Value::object()
                  .set("name", profile.name)
                  .set("title", profile.title)
                  .set("scheduler", profile.scheduler)
                  .set("facts_as_of", profile.facts_as_of));
    table.add({{profile.name}, {profile.scheduler}, {profile.facts_as_of}, {profile.title}});
  }
  tool.flags().json ? print_record(Value::object().set("schema", "tt.sites/1").set("sites", std::move(list)))
                    : print(table.text(tool.out()));
  return ExitCode::done;
}

ExitCode show_site(const Tool& tool, const std::string& name_or_file) {
  const site::Profile profile = site::load_profile(name_or_file);
  const std::string text = site::profile_text(profile);
  tool.flags().json ? print_record(Value::object()
                                       .set("schema", "tt.site/1")
                                       .set("name", profile.name)
                                       .set("origin", profile.origin)
                                       .set("text", text))
                    : print(text);
  return ExitCode::done;
}

ExitCode check_site(const Tool& tool, const std::string& name_or_file) {
  const site::Profile profile = site::load_profile(name_or_file);
  tool.flags().json
      ? print_record(
            Value::object().set("schema", "tt.site-check/1").set("name", profile.name).set("origin", profile.origin))
      : print(
            fmt::format("{}: a complete profile ({}, scheduler {})\n", name_or_file, profile.name, profile.scheduler));
  return ExitCode::done;
}

}  // namespace tt::tool
