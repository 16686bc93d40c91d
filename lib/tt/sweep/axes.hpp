// tt/sweep/axes.hpp: the parts of a sweep file that say what varies: matrix, zip, repeat, include, exclude; and fixed.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tt/base/error.hpp"
#include "tt/sweep/spec.hpp"
#include "tt/sweep/yaml.hpp"

namespace tt::sweep {

class AxesReader {
 public:
  AxesReader(const std::map<std::string, Written>& aliases, Problems& problems)
      : aliases_(aliases), problems_(problems) {}

  // section: "fixed", "env", "resources"; in the last two keys are written without the prefix.
  std::vector<Setting> settings(const std::string& section, const Node& node, const std::string& prefix = "");
  std::vector<AxisGroup> matrix(const Node& node);
  std::vector<AxisGroup> zip(const Node& node);
  std::vector<AxisGroup> repeat(const Node& node);
  std::vector<Row> rows(const std::string& section, const Node& node);
  // A key some other section sets (derive): resolved and claimed; nullopt after a problem.
  std::optional<std::string> claim_key(const std::string& section, const std::string& spelled, const Place& place);
  // What the axes and rows gave to `base` and `torchtitan.root`, each once.
  std::vector<BaseReference> take_bases() { return std::move(bases_); }
  std::vector<Written> take_roots() { return std::move(roots_); }

 private:
  struct Owner {
    std::string section;
    Place place;
  };

  // A key may be set in one place only; false after a problem.
  bool claim(const std::string& key, const std::string& spelled, const std::string& section, const Place& place);
  std::vector<Setting> cells(const std::string& section, const Node& node, const std::string& prefix);
  std::optional<Axis> axis(const std::string& section, const Entry& entry);
  std::vector<WrittenValue> axis_values(const std::string& key, const Node& node);
  void add_value(const std::string& key, const Node& node, std::vector<WrittenValue>& values);
  AxisGroup zipped(const std::string& section, const Node& node);
  bool expect_map(const std::string& section, const Node& node);

  const std::map<std::string, Written>& aliases_;
  Problems& problems_;
  std::optional<WrittenValue> cell(const std::string& key, const Node& node);
  std::optional<WrittenValue> compared(const Node& node);

  std::map<std::string, Owner> owners_;
  std::vector<BaseReference> bases_;
  std::vector<Written> roots_;
};

}  // namespace tt::sweep
