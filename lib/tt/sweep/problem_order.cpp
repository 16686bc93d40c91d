#include "tt/sweep/problem_order.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

namespace tt::sweep {
namespace {

bool is_same(const Problem& a, const Problem& b) {
  return std::tie(a.place.file, a.place.line, a.place.column, a.message, a.hint) ==
         std::tie(b.place.file, b.place.line, b.place.column, b.message, b.hint);
}

}  // namespace

std::vector<Problem> in_order_of_lines(std::vector<Problem> problems) {
  std::vector<std::string> files;
  for (const Problem& problem : problems)
    if (std::find(files.begin(), files.end(), problem.place.file) == files.end()) files.push_back(problem.place.file);
  const auto place_of = [&](const Problem& problem) {
    return std::tuple(std::find(files.begin(), files.end(), problem.place.file), problem.place.line,
                      problem.place.column);
  };
  std::stable_sort(problems.begin(), problems.end(),
                   [&](const Problem& a, const Problem& b) { return place_of(a) < place_of(b); });
  std::vector<Problem> once;
  for (Problem& problem : problems) {
    const bool told = std::any_of(once.begin(), once.end(), [&](const Problem& one) { return is_same(one, problem); });
    if (!told) once.push_back(std::move(problem));
  }
  return once;
}

void throw_in_order_if_any(const Problems& problems) {
  if (problems.has_errors()) throw BadInput(in_order_of_lines(problems.all()));
}

}  // namespace tt::sweep
