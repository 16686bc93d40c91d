#include "tt/job/run.hpp"

#include <fmt/format.h>

#include "tt/base/error.hpp"

namespace tt {
namespace {

Value table_of(const Variables& variables) {
  Value table = Value::object();
  for (const auto& [name, value] : variables) table.set(name, value);
  return table;
}

Variables variables_of(const Value& table) {
  Variables variables;
  if (!table.is_table()) return variables;
  for (const auto& [name, value] : table.as_table()) variables[name] = value.is_string() ? value.as_string() : "";
  return variables;
}

Apply parse_apply(const std::string& word) {
  if (word == "flags") return Apply::flags;
  if (word == "both") return Apply::both;
  return Apply::config;
}

Launch launch_of(const Value& table) {
  Launch launch;
  launch.script = table.text_or("script");
  launch.folder = table.text_or("folder");
  launch.config = table.text_or("config");
  launch.apply = parse_apply(table.text_or("apply"));
  launch.module = table.text_or("module");
  launch.function = table.text_or("function");
  launch.log_rank = table.text_or("log_rank", "0");
  launch.loss_node = static_cast<int>(table.integer_or("loss_node"));
  if (const Value* arguments = table.find("arguments"); arguments != nullptr && arguments->is_list()) {
    for (const Value& word : arguments->as_list()) launch.arguments.push_back(word.is_string() ? word.as_string() : "");
  }
  return launch;
}

Value to_value(const Launch& launch) {
  Value arguments = Value::array();
  for (const std::string& word : launch.arguments) arguments.push(word);
  Value json = Value::object()
                   .set("script", launch.script.string())
                   .set("folder", launch.folder.string())
                   .set("apply", to_string(launch.apply))
                   .set("config", launch.config.string())
                   .set("log_rank", launch.log_rank)
                   .set("loss_node", launch.loss_node);
  if (!launch.module.empty()) json.set("module", launch.module).set("function", launch.function);
  return json.set("arguments", std::move(arguments));
}

template <class T>
Value known_or_null(const std::optional<T>& fact) {
  return fact ? Value(*fact) : Value();
}

std::optional<std::string> text_at(const Value& table, const char* key) {
  const Value& found = table.at(key);
  return found.is_string() ? std::optional(found.as_string()) : std::nullopt;
}

Value to_value(const Software& software) {
  return Value::object()
      .set("commit", known_or_null(software.commit))
      .set("modified", known_or_null(software.modified))
      .set("torch", known_or_null(software.torch))
      .set("nccl", known_or_null(software.nccl))
      .set("driver", known_or_null(software.driver));
}

Software software_of(const Value& table) {
  Software software;
  if (!table.is_table()) return software;  // written before there was any
  software.commit = text_at(table, "commit");
  if (const Value& modified = table.at("modified"); modified.is_boolean()) software.modified = modified.as_boolean();
  software.torch = text_at(table, "torch");
  software.nccl = text_at(table, "nccl");
  software.driver = text_at(table, "driver");
  return software;
}

}  // namespace

std::string to_string(Apply apply) {
  switch (apply) {
    case Apply::flags:
      return "flags";
    case Apply::both:
      return "both";
    default:
      return "config";
  }
}

Value to_value(const RunRecord& record) {
  Value overrides = Value::object();
  for (const Assignment& assignment : record.overrides) overrides.set(assignment.key, assignment.value);

  Value json = Value::object();
  json.set("schema", "tt.run/1");
  json.set("id", record.id.text);
  json.set("name", record.name);
  json.set("model", record.model);
  json.set("sweep", record.sweep);
  json.set("sweep_file", record.sweep_file.string());
  json.set("base_file", record.base_file.string());
  json.set("site", record.site);
  json.set("overrides", std::move(overrides));
  json.set("environment", table_of(record.environment));
  json.set("resources", Value::object()
                            .set("nodes", record.resources.nodes)
                            .set("gpus_per_node", record.resources.gpus_per_node)
                            .set("gpus", record.resources.gpus)
                            .set("walltime_seconds", static_cast<std::int64_t>(record.resources.walltime.count())));
  json.set("repeat", record.repeat ? Value(*record.repeat) : Value());
  json.set("repeat_group", record.repeat_group);
  json.set("fingerprint",
           Value::object().set("settings", record.fingerprint.settings).set("content", record.fingerprint.content));
  json.set("torchtitan", Value::object()
                             .set("version", record.torchtitan.version)
                             .set("era", record.torchtitan.era)
                             .set("source", record.torchtitan.source));
  json.set("software", to_value(record.software));
  json.set("launch", to_value(record.launch));
  if (!record.waived.empty()) {
    Value waived = Value::array();
    for (const WaivedRule& rule : record.waived) {
      waived.push(Value::object().set("rule", rule.rule).set("refusal", rule.refusal).set("reason", rule.reason));
    }
    json.set("waived_rules", std::move(waived));
  }
  json.set("tool_version", record.tool_version);
  return json;
}

RunRecord read_run_record(const std::string& text, const std::string& what) {
  const Value json = parse_json(text, what);
  const std::string schema = json.text_or("schema");
  if (schema != "tt.run/1") {
    throw Error(fmt::format("{}: expected a tt.run/1 record, found schema '{}'", what, schema));
  }
  RunRecord record;
  record.id = {json.text_or("id")};
  record.name = json.text_or("name");
  record.model = json.text_or("model");
  record.sweep = json.text_or("sweep");
  record.sweep_file = json.text_or("sweep_file");
  record.base_file = json.text_or("base_file");
  record.site = json.text_or("site");
  if (const Value& overrides = json.at("overrides"); overrides.is_table()) {
    for (const auto& [key, value] : overrides.as_table()) record.overrides.push_back({key, value});
  }
  record.environment = variables_of(json.at("environment"));
  const Value& resources = json.at("resources");
  record.resources = {static_cast<int>(resources.integer_or("nodes", 1)),
                      static_cast<int>(resources.integer_or("gpus_per_node", 1)),
                      static_cast<int>(resources.integer_or("gpus", 1)),
                      Seconds(static_cast<double>(resources.integer_or("walltime_seconds")))};
  if (const Value& repeat = json.at("repeat"); repeat.is_integer())
    record.repeat = static_cast<int>(repeat.as_integer());
  record.repeat_group = json.text_or("repeat_group");
  record.fingerprint = {json.at("fingerprint").text_or("settings"), json.at("fingerprint").text_or("content")};
  const Value& torchtitan = json.at("torchtitan");
  record.torchtitan = {torchtitan.text_or("version"), torchtitan.text_or("era"), torchtitan.text_or("source")};
  record.software = software_of(json.at("software"));
  record.launch = launch_of(json.at("launch"));
  if (const Value& waived = json.at("waived_rules"); waived.is_list()) {
    for (const Value& rule : waived.as_list()) {
      record.waived.push_back({rule.text_or("rule"), rule.text_or("refusal"), rule.text_or("reason")});
    }
  }
  record.tool_version = json.text_or("tool_version");
  return record;
}

}  // namespace tt
