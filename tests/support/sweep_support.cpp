#include "support/sweep_support.hpp"

#include "tt/sweep/spec.hpp"

// Other modules are built without this one while they are worked on.
namespace tt::test {

SourceRef source(const std::string& text, const std::string& name) {
  return std::make_shared<const SourceText>(name, text);
}

std::string problems_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const BadInput& bad) {
    std::string text;
    for (const Problem& problem : bad.problems()) text += describe(problem, "tt");
    return text;
  } catch (const Error& error) {
    return error.what();
  }
  return "(nothing thrown)";
}

site::Profile roomy_site() {
  site::Profile site;
  site.name = "roomy";
  site.scheduler = "slurm";
  site.gpus_per_node = 8;
  site.default_walltime = Seconds{1800};
  return site;
}

std::string sweep_with(const std::string& yaml) {
  const bool says_resources =
      yaml.find("resources:") != std::string::npos || yaml.find("resources.gpus") != std::string::npos;
  return "sweep: s\nbase: base.toml\ntorchtitan: {version: 0.2.2}\n" +
         std::string(says_resources ? "" : "resources: {gpus: 8}\n") + yaml;
}

sweep::PlanInput input_of(const std::string& yaml, const std::string& base) {
  sweep::PlanInput input;
  input.spec = sweep::read_spec(source(yaml));
  for (const sweep::BaseReference& named : input.spec.bases) {
    sweep::BaseInput one;
    one.place = named.place;
    if (named.is_registry()) {
      one.module = named.module->text;
      one.config = named.config->text;
    } else {
      one.document = config::Document::parse(source(base, named.spelled));
    }
    input.bases.push_back(std::move(one));
  }
  input.roots.resize(input.spec.torchtitan.roots.size());
  input.site = roomy_site();
  input.gpus_per_node = input.site.gpus_per_node;
  return input;
}

sweep::Plan plan_of(const std::string& yaml, const std::string& base) { return sweep::make_plan(input_of(yaml, base)); }

std::vector<std::string> names_of(const sweep::Plan& plan) {
  std::vector<std::string> names;
  for (const sweep::PlannedRun& run : plan.runs) names.push_back(run.name);
  return names;
}

std::vector<std::string> overrides_of(const sweep::Plan& plan) {
  std::vector<std::string> lines;
  for (const sweep::PlannedRun& run : plan.runs) {
    std::string line;
    for (const Assignment& assignment : run.overrides) {
      line += (line.empty() ? "" : " ") + assignment.key + "=" + plain_text(assignment.value);
    }
    lines.push_back(line);
  }
  return lines;
}

}  // namespace tt::test
