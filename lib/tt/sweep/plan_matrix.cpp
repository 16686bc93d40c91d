#include "tt/sweep/plan_matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"
#include "tt/base/units.hpp"
#include "tt/sweep/plan_cost.hpp"

namespace tt::sweep {
namespace {

// What lies at one place of the table.
struct Spot {
  std::vector<const PlannedRun*> runs;
  std::vector<const SkippedPoint*> skipped;
};

std::optional<std::string> value_in(const Overrides& varies, const std::string& key) {
  for (const Assignment& assignment : varies) {
    if (assignment.key == key) return plain_text(assignment.value);
  }
  return std::nullopt;
}

class Matrix {
 public:
  Matrix(const Plan& plan, const std::vector<std::string>& wanted, MatrixCell cell, const Terminal& terminal)
      : cell_(cell), terminal_(terminal), estimate_model_(plan.estimate_model) {
    std::vector<std::string> varying;
    const auto note = [&](const Overrides& varies) {
      for (const Assignment& assignment : varies) {
        if (std::find(varying.begin(), varying.end(), assignment.key) == varying.end())
          varying.push_back(assignment.key);
      }
    };
    for (const PlannedRun& run : plan.runs) note(run.varies);
    for (const SkippedPoint& point : plan.skipped) note(point.varies);
    choose_keys(varying, wanted);
    for (const PlannedRun& run : plan.runs) place(run.varies).runs.push_back(&run);
    for (const SkippedPoint& point : plan.skipped) place(point.varies).skipped.push_back(&point);
  }

  std::string text() const {
    std::string text;
    for (std::size_t page = 0; page < values_[2].size(); ++page) {
      if (keys_.size() > 2) text += fmt::format("{}{} = {}\n", page == 0 ? "" : "\n", keys_[2], values_[2][page]);
      text += page_text(page);
    }
    return text + legend();
  }

 private:
  void choose_keys(const std::vector<std::string>& varying, const std::vector<std::string>& wanted) {
    if (varying.empty()) throw Error("nothing varies in this sweep: it has no matrix", ExitCode::bad_input);
    for (const std::string& key : wanted) {
      if (std::find(varying.begin(), varying.end(), key) == varying.end()) {
        throw Error(
            fmt::format("'{}' does not vary in this plan; what varies is {}", printable(key), join(varying, ", ")),
            ExitCode::bad_input);
      }
      keys_.push_back(key);
    }
    for (const std::string& key : varying) {
      const bool used = std::find(keys_.begin(), keys_.end(), key) != keys_.end();
      const std::size_t enough = wanted.empty() ? 3 : 2;
      if (!used && keys_.size() < enough) keys_.push_back(key);
    }
  }

  // In the order in which they appear.
  std::size_t number_of(std::size_t axis, const Overrides& varies) {
    const std::string value = axis < keys_.size() ? value_in(varies, keys_[axis]).value_or("-") : "";
    auto& values = values_[axis];
    const auto known = std::find(values.begin(), values.end(), value);
    if (known != values.end()) return static_cast<std::size_t>(known - values.begin());
    values.push_back(value);
    return values.size() - 1;
  }

  Spot& place(const Overrides& varies) {
    const std::size_t row = number_of(0, varies), column = number_of(1, varies), page = number_of(2, varies);
    return places_[{page, row, column}];
  }

  Cell shown(std::size_t page, std::size_t row, std::size_t column) const {
    const auto found = places_.find({page, row, column});
    if (found == places_.end()) return {".", Tint::dim};
    const Spot& place = found->second;
    if (place.runs.size() == 1 && place.skipped.empty()) return {value_of(*place.runs.front()), Tint::good};
    if (place.runs.empty()) return {place.skipped.front()->rule, Tint::bad};
    const std::string count = fmt::format("{} runs", place.runs.size());
    return {place.skipped.empty() ? count : fmt::format("{} of {}", count, place.runs.size() + place.skipped.size()),
            Tint::good};
  }

  std::string value_of(const PlannedRun& run) const {
    if (cell_ == MatrixCell::gpus) return std::to_string(run.resources.gpus);
    if (cell_ == MatrixCell::hours) return hours_text(gpu_hours_of(run));
    const auto& bytes = run.estimate.comm_wire_bytes_per_step_max;
    return bytes ? fmt::format("{:.1f}", *bytes / mib) : "unknown";
  }

  // As many columns at once as the terminal takes.
  std::string page_text(std::size_t page) const {
    std::string text;
    std::size_t first = 0;
    while (first < values_[1].size()) {
      std::size_t count = values_[1].size() - first;
      while (count > 1 && !fits(page, first, count)) --count;
      text += (first == 0 ? "" : "\n") + block(page, first, count, terminal_);
      first += count;
    }
    return text;
  }

  bool fits(std::size_t page, std::size_t first, std::size_t count) const {
    if (terminal_.width == 0) return true;
    const std::string text = block(page, first, count, {});
    const auto lines = split_lines(text);
    return std::all_of(lines.begin(), lines.end(),
                       [&](const std::string& line) { return display_width(line) <= terminal_.width; });
  }

  std::string block(std::size_t page, std::size_t first, std::size_t count, const Terminal& terminal) const {
    std::vector<TextTable::Column> columns{
        {keys_.size() > 1 ? last_part(keys_[0]) + " \\ " + last_part(keys_[1]) : last_part(keys_[0])}};
    for (std::size_t i = 0; i < count; ++i) columns.push_back({values_[1][first + i], Align::right});
    TextTable table(std::move(columns));
    for (std::size_t row = 0; row < values_[0].size(); ++row) {
      std::vector<Cell> cells{{values_[0][row]}};
      for (std::size_t i = 0; i < count; ++i) cells.push_back(shown(page, row, first + i));
      table.add(std::move(cells));
    }
    return table.text(terminal);
  }

  static std::string last_part(const std::string& key) { return key.substr(key.rfind('.') + 1); }

  std::string legend() const {
    const std::string what = cell_ == MatrixCell::gpus ? "GPUs of the run"
                             : cell_ == MatrixCell::hours
                                 ? "GPU hours at most"
                                 : "MiB sent per step by one GPU of the worst pipeline rank, " + estimate_model_;
    return fmt::format(
        "\na number: {}; a word: the rule that refuses the point; a dot: cut by where, exclude or sample\n", what);
  }

  MatrixCell cell_;
  Terminal terminal_;
  std::string estimate_model_;
  std::vector<std::string> keys_;  // row, column, page
  std::vector<std::string> values_[3];
  std::map<std::array<std::size_t, 3>, Spot> places_;
};

}  // namespace

std::string plan_matrix(const Plan& plan, const std::vector<std::string>& keys, MatrixCell cell,
                        const Terminal& terminal) {
  return Matrix(plan, keys, cell, terminal).text();
}

}  // namespace tt::sweep
