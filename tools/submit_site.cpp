#include "submit_site.hpp"

#include <fmt/format.h>

#include <memory>

#include "tt/site/profile.hpp"

namespace tt::tool {
namespace {

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

struct SiteFlags {
  std::string action;
  std::string name;
};

ExitCode site(const Tool& tool, const SiteFlags& flags) {
  if (flags.action == "list" && !flags.name.empty())
    throw Error(fmt::format("site list: it lists all there are; `tt-submit site show {}` shows one", flags.name),
                ExitCode::bad_input);
  if (flags.action == "list") return list_sites(tool);
  if (flags.name.empty()) {
    throw Error(fmt::format("site {}: which one? `tt-submit site list` shows the names", flags.action),
                ExitCode::bad_input);
  }
  return flags.action == "show" ? show_site(tool, flags.name) : check_site(tool, flags.name);
}

}  // namespace

void add_site_command(Tool& tool) {
  const auto flags = std::make_shared<SiteFlags>();
  CLI::App& command =
      tool.command("site", "Cluster profiles: list those there are, show one, check a file of your own.",
                   "  What there is:                 tt-submit site list\n"
                   "  A profile to copy and edit:    tt-submit site show laptop\n"
                   "  Check your copy:               tt-submit site check site/laptop.toml\n",
                   [&tool, flags] { return site(tool, *flags); });
  command.add_option("ACTION", flags->action, "list, show or check")
      ->required()
      ->check(CLI::IsMember({"list", "show", "check"}));
  command.add_option("NAME|FILE", flags->name, "Profile");
}

}  // namespace tt::tool
