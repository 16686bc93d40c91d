// The sweep language, case by case: tests/golden/language/*.cases, one file for each point of its meaning.
//
//   === name of the case
//   YAML (below a head with sweep, base, version and, when it says no resources, 8 GPUs)
//   --- runs          names, one a line          or   --- overrides   what each run sets
//   --- error         one line of the report that must be there, the caret's line below it
#include <gtest/gtest.h>

#include "support/sweep_support.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"
#include "tt/sweep/plan.hpp"

namespace tt::sweep {
namespace {

struct Case {
  std::string name, yaml, kind, expected;
};

std::vector<Case> read_cases(const fs::path& file) {
  std::vector<Case> cases;
  for (const std::string& line : split_lines(read_file(file))) {
    if (line.starts_with("=== ")) {
      cases.push_back({line.substr(4), "", "", ""});
    } else if (cases.empty()) {
      continue;  // a comment above the first case
    } else if (line.starts_with("--- ")) {
      cases.back().kind = line.substr(4);
    } else {
      (cases.back().kind.empty() ? cases.back().yaml : cases.back().expected) += line + "\n";
    }
  }
  return cases;
}

std::string outcome(const Case& one) {
  try {
    const Plan plan = test::plan_of(test::sweep_with(one.yaml));
    return join(one.kind == "overrides" ? test::overrides_of(plan) : test::names_of(plan), "\n") + "\n";
  } catch (const BadInput& bad) {
    std::string text;
    for (const Problem& problem : bad.problems()) text += describe(problem, "tt");
    return text;
  }
}

class Language : public testing::TestWithParam<std::string> {};

TEST_P(Language, MeansWhatItsCasesSay) {
  const auto cases = read_cases(fs::path(TT_SOURCE_DIR) / "tests/golden/language" / GetParam());
  EXPECT_GE(cases.size(), 10U) << "a point of the language has ten cases at least";
  for (const Case& one : cases) {
    const std::string got = outcome(one);
    if (one.kind == "error") {
      const std::string wanted(trim(one.expected));
      EXPECT_NE(got.find(wanted), std::string::npos)
          << GetParam() << ": " << one.name << "\nwanted " << wanted << "\ngot\n"
          << got;
    } else {
      EXPECT_EQ(got, one.expected == "(none)\n" ? "\n" : one.expected) << GetParam() << ": " << one.name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Points, Language,
                         testing::Values("01-order.cases", "02-include.cases", "03-exclude.cases", "04-keys.cases",
                                         "05-where.cases", "06-ranges.cases", "07-sample.cases", "08-names.cases",
                                         "09-resources.cases", "10-bases.cases", "11-derive.cases"),
                         [](const auto& one) { return one.param.substr(3, one.param.find('.') - 3); });

}  // namespace
}  // namespace tt::sweep
