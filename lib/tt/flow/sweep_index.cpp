#include "tt/flow/sweep_index.hpp"

#include <fmt/format.h>
#include <simdjson.h>

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

using Object = simdjson::dom::object;

std::string text_of(const Object& object, const char* key) {
  std::string_view found;
  return object[key].get(found) == simdjson::SUCCESS ? std::string(found) : std::string();
}

std::vector<IndexedRun> runs_of(const Object& index, const char* key) {
  std::vector<IndexedRun> runs;
  simdjson::dom::array list;
  if (index[key].get(list) != simdjson::SUCCESS) return runs;
  runs.reserve(list.size());
  for (const auto entry : list) {
    Object run;
    if (entry.get(run) == simdjson::SUCCESS)
      runs.push_back({{text_of(run, "id")}, text_of(run, "model"), text_of(run, "name")});
  }
  return runs;
}

SweepIndex index_of(const Object& json) {
  SweepIndex index;
  index.sweep = text_of(json, "sweep");
  index.file = text_of(json, "file");
  simdjson::dom::array bases;
  if (json["base_files"].get(bases) == simdjson::SUCCESS) {
    for (const auto base : bases) {
      std::string_view file;
      index.base_files.emplace_back(base.get(file) == simdjson::SUCCESS ? file : std::string_view());
    }
  } else {
    index.base_files.emplace_back(text_of(json, "base_file"));
  }
  index.file_fingerprint = text_of(json, "file_fingerprint");
  index.expanded = text_of(json, "expanded");
  index.runs = runs_of(json, "runs");
  index.orphans = runs_of(json, "orphans");
  return index;
}

}  // namespace

std::optional<SweepIndex> load_sweep_index(const Workspace& workspace, const std::string& sweep) {
  const fs::path file = workspace.sweep_index(sweep);
  const auto text = read_file_if_there(file);
  if (!text) return std::nullopt;
  simdjson::dom::parser parser;
  Object json;
  const bool is_object = parser.parse(*text).get(json) == simdjson::SUCCESS;
  if (!is_object || text_of(json, "schema") != "tt.sweep-index/1") {
    throw Error(
        fmt::format("{} is damaged ({}): remove it and run `tt-sweep expand` of sweep '{}', which writes it anew; "
                    "until then its runs cannot be listed",
                    file.string(), is_object ? "no tt.sweep-index/1 record" : "no JSON object", sweep));
  }
  return index_of(json);
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
