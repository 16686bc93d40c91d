#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"
#include "tt/render/job_script.hpp"

namespace tt::render {
namespace {

// Variables bash does not let anybody set; setting one would end the job.
constexpr std::array<std::string_view, 6> kReadOnly{"BASHOPTS", "BASH_VERSINFO", "EUID", "PPID", "SHELLOPTS", "UID"};

bool is_variable_name(std::string_view name) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && !(name.front() >= '0' && name.front() <= '9') &&
         std::all_of(name.begin(), name.end(), is_word);
}

std::string name_of(const JobTask& task) { return task.record.name.empty() ? task.record.id.text : task.record.name; }

class TaskLine {
 public:
  explicit TaskLine(const JobTask& task) : task_(task) {}

  void add(std::string_view what, const std::string& text) {
    if (has_control_character(text)) {
      throw Error(
          fmt::format("run {}: {} '{}' has a control character (a TAB or a line end, say); a task file cannot carry it",
                      name_of(task_), what, printable(text)));
    }
    if (!fields_.empty()) fields_ += '\t';
    fields_ += text;
  }

  void add_variable(const std::string& name, const std::string& value) {
    if (!is_variable_name(name)) {
      throw Error(fmt::format("run {}: '{}' is no name of an environment variable", name_of(task_), printable(name)));
    }
    if (std::find(kReadOnly.begin(), kReadOnly.end(), name) != kReadOnly.end()) {
      throw Error(fmt::format("run {}: bash does not let anybody set the variable {}", name_of(task_), name));
    }
    if (lower(name).starts_with("tt_")) {
      throw Error(fmt::format("run {}: the variable {} is kept for the job script (all names that begin with TT_ are)",
                              name_of(task_), name));
    }
    add("the variable " + name, name + "=" + value);
  }

  std::string text() const { return fields_ + "\n"; }

 private:
  const JobTask& task_;
  std::string fields_;
};

std::string line_of(const JobTask& task) {
  const RunRecord& record = task.record;
  TaskLine line(task);
  line.add("the index", std::to_string(task.index));
  line.add("the attempt", std::to_string(task.attempt));
  line.add("the mode", to_string(task.mode));
  line.add("the run id", record.id.text);
  line.add("the run folder", task.folder.path().string());
  line.add("the config file", record.launch.config.string());
  line.add("the working folder", record.launch.folder.string());
  line.add("the script", record.launch.script.string());
  line.add("the number of GPUs", std::to_string(record.resources.gpus_per_node));
  line.add("LOG_RANK", record.launch.log_rank);
  line.add("the node of the loss", std::to_string(record.launch.loss_node));
  line.add("the module", record.launch.module);
  line.add("the config function", record.launch.function);
  for (const auto& [name, value] : record.environment) line.add_variable(name, value);
  line.add("the separator", "--");
  for (const std::string& argument : record.launch.arguments) line.add("the argument", argument);
  return line.text();
}

}  // namespace

std::string task_file(const JobRequest& request) {
  std::string text =
      "#index\tattempt\tmode\trun\tfolder\tconfig\twork\tscript\tngpu\tlog_rank\tloss_node\tmodule\tfunction\tNAME="
      "VALUE...\t--\targument...\n";
  std::set<int> seen;
  for (const JobTask& task : request.tasks) {
    if (!seen.insert(task.index).second) {
      throw Error(fmt::format("run {}: index {} is given to two tasks of submission {}", name_of(task), task.index,
                              request.token.text));
    }
    text += line_of(task);
  }
  return text;
}

}  // namespace tt::render
