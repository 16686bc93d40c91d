#include "tt/flow/torchtitan_python.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <cmath>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/hash.hpp"
#include "tt/base/text.hpp"
#include "tt/render/support_files.hpp"

namespace tt::flow {
namespace {

constexpr Seconds kVersionsLimit{30};
constexpr Seconds kImportLimit{180};  // a cold file system

// The modules of ours, on disk for as long as a question takes.
class OnDisk {
 public:
  OnDisk() {
    std::string pattern = (fs::temp_directory_path() / "tt-ask-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
      throw Error("cannot make a folder in " + fs::temp_directory_path().string());
    folder_ = pattern;
    for (const render::SupportFile& file : render::torchtitan_modules()) write_file(folder_ / file.name, file.text);
  }
  ~OnDisk() { remove_tree(folder_); }
  OnDisk(const OnDisk&) = delete;
  OnDisk& operator=(const OnDisk&) = delete;
  const fs::path& folder() const { return folder_; }

 private:
  fs::path folder_;
};

Command command_of(const TitanPython& where, const OnDisk& files, const std::string& script,
                   const std::vector<std::string>& words) {
  Command command;
  command.argv = {where.python.string(), (files.folder() / script).string()};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  command.environment = where.environment;
  const std::string path = where.environment.get("PYTHONPATH").value_or("");
  std::string ours = files.folder().string();
  if (!where.root.empty()) ours += ":" + where.root.string();
  command.environment.set("PYTHONPATH", path.empty() ? ours : ours + ":" + path);
  command.environment.set("PYTHONDONTWRITEBYTECODE", "1");
  command.folder = where.root.empty() ? files.folder() : where.root;
  return command;
}

// "# torch:    2.15.0" → the versions, in the order of the lines.
std::string versions_in(const std::string& text) {
  std::vector<std::string> parts;
  for (const std::string& line : split(text, '\n')) {
    for (const char* name : {"torchtitan", "torch"}) {
      const std::string words = fmt::format("# {}:", name);
      if (!line.starts_with(words) || trim(line.substr(words.size())).empty()) continue;
      parts.push_back(fmt::format("{} {}", name, trim(line.substr(words.size()))));
    }
  }
  return join(parts, ", ");
}

TitanAnswer::Verdict verdict_of(const std::string& word) {
  return word == "taken"     ? TitanAnswer::Verdict::taken
         : word == "refused" ? TitanAnswer::Verdict::refused
                             : TitanAnswer::Verdict::unknown;
}

TitanAnswer answer_of(const Value& value) {
  return {verdict_of(value.text_or("verdict")), value.text_or("depth"), value.text_or("said"), false};
}

fs::path function_file(const fs::path& cache, const std::string& version, const std::string& module,
                       const std::string& function) {
  return cache / "functions" / (fingerprint(version + "\n" + module + "\n" + function) + ".json");
}

}  // namespace

std::optional<fs::path> cache_folder(const Environment& environment) {
  if (const auto cache = environment.get("XDG_CACHE_HOME"); cache && !cache->empty()) return fs::path(*cache) / "tt";
  if (const auto home = environment.get("HOME"); home && !home->empty()) return fs::path(*home) / ".cache/tt";
  return std::nullopt;
}

TitanOracle::TitanOracle(TitanPython where, ProcessRunner& runner) : where_(std::move(where)), runner_(runner) {
  const OnDisk files;
  const ProcessResult told = runner_.run(command_of(where_, files, "tt_versions.py", {}), kVersionsLimit);
  if (!told.ok()) {
    throw Error(
        fmt::format("cannot ask {} which TorchTitan it has{}; activate its environment, or name it with --python",
                    where_.python.string(), told.reason.empty() ? "" : ": " + told.reason));
  }
  identity_ = versions_in(told.out);
  if (identity_.find("torchtitan") == std::string::npos || identity_.find("torch ") == std::string::npos) {
    throw Error(fmt::format("{} has no {}; activate the environment that has it, or name its Python with --python",
                            where_.python.string(),
                            identity_.find("torchtitan") == std::string::npos ? "torchtitan" : "torch"));
  }
  can_remember_ = identity_.find("modified") == std::string::npos && identity_.find("without git") == std::string::npos;
}

std::string TitanOracle::key_of(const TitanQuestion& question) const {
  std::string code;
  for (const render::SupportFile& file : render::torchtitan_modules()) code += file.text;
  return fingerprint(fmt::format("{}\n{}\n{}\n{}", identity_, fingerprint(code), question.world, question.config));
}

std::optional<TitanAnswer> TitanOracle::remembered(const TitanQuestion& question) const {
  const auto cache = cache_folder(where_.environment);
  if (!can_remember_ || !cache) return std::nullopt;
  const auto text = read_file_if_there(*cache / "answers" / (key_of(question) + ".json"));
  if (!text) return std::nullopt;
  try {
    TitanAnswer answer = answer_of(parse_json(*text, "a remembered answer"));
    answer.remembered = true;
    return answer;
  } catch (const Error&) {  // torn: asked again
    return std::nullopt;
  }
}

std::size_t TitanOracle::count_new(const std::vector<TitanQuestion>& questions) const {
  std::size_t count = 0;
  for (const TitanQuestion& question : questions) count += remembered(question) ? 0 : 1;
  return count;
}

std::vector<Value> TitanOracle::answers_to(const std::vector<Value>& questions) {
  const OnDisk files;
  std::string text = to_json(Value::object().set("limit", where_.limit.count()).set("jobs", where_.jobs)) + "\n";
  for (const Value& question : questions) text += to_json(question) + "\n";
  write_file(files.folder() / "questions", text);
  const double rounds = std::ceil(static_cast<double>(questions.size()) / std::max(1, where_.jobs));
  const Seconds limit = kImportLimit + where_.limit * (rounds + 1);
  const ProcessResult done =
      runner_.run(command_of(where_, files, "tt_preflight.py", {(files.folder() / "questions").string()}), limit);
  std::vector<Value> answers;
  for (const std::string& line : split(done.out, '\n')) {
    if (line.empty()) continue;
    Value answer = parse_json(line, "an answer of tt_preflight.py");
    if (const std::string fatal = answer.text_or("fatal"); !fatal.empty())
      throw Error(
          fmt::format("TorchTitan ({}) cannot be imported by {}: {}", identity_, where_.python.string(), fatal));
    answers.push_back(std::move(answer));
  }
  if (answers.empty() && !questions.empty()) {
    throw Error(fmt::format("{} gave no answer{}: {}", where_.python.string(),
                            done.ending == Ending::timed_out ? " in time" : "", trim(done.err).substr(0, 500)));
  }
  return answers;
}

std::vector<TitanAnswer> TitanOracle::ask(const std::vector<TitanQuestion>& questions) {
  std::vector<TitanAnswer> answers(questions.size());
  std::vector<Value> open;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (auto known = remembered(questions[i])) {
      answers[i] = *known;
      continue;
    }
    answers[i].said = "no answer";
    open.push_back(Value::object()
                       .set("id", std::to_string(i))
                       .set("world", questions[i].world)
                       .set("config", questions[i].config));
  }
  if (open.empty()) return answers;
  const auto cache = cache_folder(where_.environment);
  for (const Value& told : answers_to(open)) {
    const auto number = to_integer(told.text_or("id"));
    if (!number || *number < 0 || static_cast<std::size_t>(*number) >= answers.size()) continue;
    TitanAnswer& answer = answers[static_cast<std::size_t>(*number)];
    answer = answer_of(told);
    if (!can_remember_ || !cache || answer.verdict == TitanAnswer::Verdict::unknown) continue;
    make_folders(*cache / "answers");
    write_file(*cache / "answers" / (key_of(questions[static_cast<std::size_t>(*number)]) + ".json"), to_json(told));
  }
  return answers;
}

Overrides TitanOracle::learn(const std::string& module, const std::string& function) {
  Value names = Value::array();
  names.push(module);
  names.push(function);
  const std::vector<Value> answers = answers_to({Value::object().set("id", "0").set("learn", std::move(names))});
  const Value& learnt = answers.front().at("learnt");
  if (!learnt.is_table())
    throw Error(fmt::format("TorchTitan ({}): {}", identity_, answers.front().text_or("said", "no answer")));
  Overrides sets;
  for (const auto& [key, value] : learnt.as_table()) sets.push_back({key, value});
  return sets;
}

void remember_function(const Environment& environment, const std::string& version, const std::string& module,
                       const std::string& function, const Overrides& sets) {
  const auto cache = cache_folder(environment);
  if (!cache) return;
  Value table = Value::object();
  for (const Assignment& one : sets) table.set(one.key, one.value);
  make_folders(*cache / "functions");
  write_file(function_file(*cache, version, module, function), to_json(Value::object()
                                                                           .set("schema", "tt.config-function/1")
                                                                           .set("torchtitan", version)
                                                                           .set("module", module)
                                                                           .set("function", function)
                                                                           .set("sets", std::move(table))));
}

std::optional<Overrides> recall_function(const Environment& environment, const std::string& version,
                                         const std::string& module, const std::string& function) {
  const auto cache = cache_folder(environment);
  if (!cache) return std::nullopt;
  const auto text = read_file_if_there(function_file(*cache, version, module, function));
  if (!text) return std::nullopt;
  try {
    const Value json = parse_json(*text, "a remembered config function");
    Overrides sets;
    for (const auto& [key, value] : json.at("sets").as_table()) sets.push_back({key, value});
    return sets;
  } catch (const Error&) {  // torn, or of another time
    return std::nullopt;
  }
}

}  // namespace tt::flow
