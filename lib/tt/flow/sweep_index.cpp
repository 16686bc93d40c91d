#include "tt/flow/sweep_index.hpp"

#include <fmt/format.h>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/hash.hpp"
#include "tt/render/quote.hpp"

namespace tt::flow {
namespace {

Value to_value(const std::vector<IndexedRun>& runs) {
  Value list = Value::array();
  for (const IndexedRun& run : runs) {
    list.push(Value::object().set("id", run.id.text).set("model", run.model).set("name", run.name));
  }
  return list;
}

std::vector<IndexedRun> runs_of(const Value& list) {
  std::vector<IndexedRun> runs;
  if (!list.is_list()) return runs;
  for (const Value& run : list.as_list())
    runs.push_back({{run.text_or("id")}, run.text_or("model"), run.text_or("name")});
  return runs;
}

}  // namespace

std::optional<SweepIndex> load_sweep_index(const Workspace& workspace, const std::string& sweep) {
  const fs::path file = workspace.sweep_index(sweep);
  const auto text = read_file_if_there(file);
  if (!text) return std::nullopt;
  const Value json = parse_json(*text, file.string());
  if (json.text_or("schema") != "tt.sweep-index/1") {
    throw Error(fmt::format("{}: expected a tt.sweep-index/1 record; remove it and run `tt-sweep expand` again",
                            file.string()));
  }
  SweepIndex index;
  index.sweep = json.text_or("sweep");
  index.file = json.text_or("file");
  if (const Value& bases = json.at("base_files"); bases.is_list()) {
    for (const Value& base : bases.as_list()) index.base_files.emplace_back(base.is_string() ? base.as_string() : "");
  } else {
    index.base_files.emplace_back(json.text_or("base_file"));
  }
  index.file_fingerprint = json.text_or("file_fingerprint");
  index.expanded = json.text_or("expanded");
  index.runs = runs_of(json.at("runs"));
  index.orphans = runs_of(json.at("orphans"));
  return index;
}

std::string fingerprint_of_files(std::string_view sweep_text, const std::vector<std::string>& base_texts) {
  std::string all(sweep_text);
  for (const std::string& text : base_texts) all += '\0' + text;
  return fingerprint(all);
}

std::string file_as_typed(const fs::path& file, const fs::path& here) {
  const fs::path near = file.lexically_relative(here);
  const bool is_near = !near.empty() && *near.begin() != "..";
  return render::shell_word(is_near ? near.string() : file.string());
}

void save_sweep_index(const Workspace& workspace, const SweepIndex& index) {
  Value bases = Value::array();
  for (const fs::path& base : index.base_files) bases.push(base.string());
  make_folders(workspace.sweep_index(index.sweep).parent_path());
  write_file(workspace.sweep_index(index.sweep), to_json(Value::object()
                                                             .set("schema", "tt.sweep-index/1")
                                                             .set("sweep", index.sweep)
                                                             .set("file", index.file.string())
                                                             .set("base_files", std::move(bases))
                                                             .set("file_fingerprint", index.file_fingerprint)
                                                             .set("expanded", index.expanded)
                                                             .set("runs", to_value(index.runs))
                                                             .set("orphans", to_value(index.orphans))) +
                                                     "\n");
}

}  // namespace tt::flow
