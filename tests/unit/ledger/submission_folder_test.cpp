#include "tt/ledger/submission_folder.hpp"

#include <gtest/gtest.h>

#include <set>

#include "support/ledger_support.hpp"
#include "support/temp_folder.hpp"
#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/value.hpp"

namespace tt::ledger {
namespace {

using test::task_of;

SubmissionRecord record_of(const std::string& token, const std::string& created) {
  return {Token{token},
          "laptop",
          "local",
          "lr",
          {task_of("r1", 2, 0)},
          {"sbatch", "--parsable"},
          created,
          Token{"old"},
          {"m1", "", "", "", 2}};
}

TEST(ASubmission, ReadsBackAsItWasWritten) {
  const test::TempFolder workspace;
  const SubmissionFolder folder(workspace.path(), Token{"abc"});
  EXPECT_FALSE(load_submission(folder));
  write_submission(folder, record_of("abc", "2026-03-01T12:00:00Z"), "#!/bin/bash\n", "0\tx\n",
                   {{"bin/torchrun", "#!/bin/sh\n", true}});
  const auto read = load_submission(folder);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->token.text, "abc");
  EXPECT_EQ(read->site, "laptop");
  EXPECT_EQ(read->scheduler, "local");
  EXPECT_EQ(read->sweep, "lr");
  EXPECT_EQ(read->runs, std::vector<PlannedTask>{task_of("r1", 2, 0)});
  EXPECT_EQ(read->argv, (std::vector<std::string>{"sbatch", "--parsable"}));
  EXPECT_EQ(read->created, "2026-03-01T12:00:00Z");
  EXPECT_EQ(read->replaces, Token{"old"});
  EXPECT_EQ(read->asked, (Asked{"m1", "", "", "", 2}));
  EXPECT_EQ(test::read(folder.script()), "#!/bin/bash\n");
  EXPECT_EQ(test::read(folder.tasks()), "0\tx\n");
  const auto is_executable = [](const fs::path& path) {
    return (fs::status(path).permissions() & fs::perms::owner_exec) != fs::perms::none;
  };
  EXPECT_TRUE(is_executable(folder.script()));
  EXPECT_TRUE(is_executable(folder.path() / "bin/torchrun"));
  EXPECT_FALSE(is_executable(folder.tasks()));
  EXPECT_EQ(folder.output(7), folder.path() / "7.out");
}

TEST(ASubmission, HasTheKeysScriptsRelyOn) {
  const test::TempFolder workspace;
  const SubmissionFolder folder(workspace.path(), Token{"abc"});
  write_submission(folder, record_of("abc", "2026-03-01T12:00:00Z"), "", "");
  const Value json = parse_json(test::read(folder.record()), "submission.json");
  EXPECT_EQ(json.text_or("schema"), "tt.submission/1");
  for (const char* key : {"token", "site", "scheduler", "runs", "argv", "created"})
    EXPECT_NE(json.find(key), nullptr) << key;
  for (const char* key : {"run", "attempt", "index", "mode"}) {
    EXPECT_NE(json.at("runs").as_list().at(0).find(key), nullptr) << key;
  }
}

TEST(ASubmission, IsNotThereUntilItsRecordIs) {
  const test::TempFolder workspace;
  const SubmissionFolder folder(workspace.path(), Token{"abc"});
  write_submission(folder, record_of("abc", "2026-03-01T12:00:00Z"), "", "");
  fs::remove(folder.record());
  EXPECT_FALSE(load_submission(folder));
  EXPECT_TRUE(list_submissions(workspace.path()).empty());
}

TEST(ASubmission, OfAnotherSchemaIsRefusedByName) {
  const test::TempFolder workspace;
  const fs::path file = workspace.write("submissions/abc/submission.json", R"({"schema":"tt.submission/9"})");
  try {
    load_submission(SubmissionFolder(workspace.path(), Token{"abc"}));
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), file.string() +
                                             " is not a submission of this version: schema is "
                                             "'tt.submission/9', wanted 'tt.submission/1'");
  }
}

TEST(Submissions, AreListedOldestFirst) {
  const test::TempFolder workspace;
  const auto write = [&](const std::string& token, const std::string& created) {
    write_submission(SubmissionFolder(workspace.path(), Token{token}), record_of(token, created), "", "");
  };
  write("a", "2026-03-01T12:00:02Z");
  write("b", "2026-03-01T12:00:01Z");
  write("c", "2026-03-01T12:00:03Z");
  EXPECT_EQ(list_submissions(workspace.path()), (std::vector<Token>{Token{"b"}, Token{"a"}, Token{"c"}}));
}

TEST(Tokens, AreShortPlainAndNeverTheSame) {
  std::set<std::string> tokens;
  for (int i = 0; i < 1000; ++i) {
    const std::string token = make_token().text;
    EXPECT_EQ(token.size(), 10u);
    EXPECT_EQ(token.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567"), std::string::npos) << token;
    tokens.insert(token);
  }
  EXPECT_EQ(tokens.size(), 1000u);
}

}  // namespace
}  // namespace tt::ledger
