#include "tt/job/run_folder.hpp"

#include <gmock/gmock.h>

#include "support/error_text.hpp"
#include "support/forked.hpp"
#include "support/temp_folder.hpp"
#include "tt/base/files.hpp"

namespace tt {
namespace {

using test::error_text;
using test::read;
using test::TempFolder;
using ::testing::Each;
using ::testing::ElementsAre;

TEST(RunFolder, SpellsItsFiles) {
  const RunFolder folder("/w/logs/m/r");
  EXPECT_EQ(folder.config(), "/w/logs/m/r/config.toml");
  EXPECT_EQ(folder.record(), "/w/logs/m/r/run.json");
  EXPECT_EQ(folder.out(), "/w/logs/m/r/out");
  EXPECT_EQ(folder.claim(3), "/w/logs/m/r/claim-3");
  EXPECT_EQ(folder.attempt(12), "/w/logs/m/r/attempt-12");
  EXPECT_EQ(folder.attempt_log(1), "/w/logs/m/r/attempt-1/log.txt");
  EXPECT_EQ(folder.attempt_exit(1), "/w/logs/m/r/attempt-1/exit.json");
  EXPECT_EQ(folder.log(), "/w/logs/m/r/log.txt");
  EXPECT_EQ(folder.exit(), "/w/logs/m/r/exit.json");
  EXPECT_EQ(folder.summary_json(), "/w/logs/m/r/summary.json");
  EXPECT_EQ(folder.summary_md(), "/w/logs/m/r/summary.md");
}

TEST(LastAttempt, IsZeroWithoutAnyAndWithoutAFolder) {
  TempFolder temp;
  EXPECT_EQ(RunFolder(temp.path()).last_attempt(), 0);
  EXPECT_EQ(RunFolder(temp / "none").last_attempt(), 0);
}

TEST(LastAttempt, CountsClaimsAndFoldersByNumberNotByText) {
  TempFolder temp;
  for (const char* name : {"claim-1", "claim-2", "claim-10", "attempt-2/log.txt", "attempt-9/log.txt"})
    temp.write(name, "");
  EXPECT_EQ(RunFolder(temp.path()).last_attempt(), 10);
  temp.write("attempt-11/log.txt", "");
  EXPECT_EQ(RunFolder(temp.path()).last_attempt(), 11);
}

TEST(LastAttempt, IgnoresNamesThatAreNotOurs) {
  TempFolder temp;
  temp.write("claim-2", "");
  for (const char* name :
       {"claim-", "claim-3x", "claim--4", "claim-5.old", "attempt-6~", ".claim-7", "xclaim-8", "claim-+9",
        "attempt-99999999999", "claim-99999999999999999999", "claim- 10", "reclaim-11"}) {
    temp.write(name, "");
  }
  EXPECT_EQ(RunFolder(temp.path()).last_attempt(), 2);
}

TEST(RunFolder, IsCommittedByItsRecord) {
  TempFolder temp;
  temp.write("config.toml", "");
  const RunFolder folder(temp.path());
  EXPECT_FALSE(folder.is_committed());
  EXPECT_FALSE(folder.load_record().has_value());
  temp.write("run.json", R"({"schema":"tt.run/1","id":"r1","name":"x"})");
  EXPECT_TRUE(folder.is_committed());
  ASSERT_TRUE(folder.load_record().has_value());
  EXPECT_EQ(folder.load_record()->name, "x");
}

TEST(RunFolder, NamesARecordItCannotRead) {
  TempFolder temp;
  temp.write("run.json", R"({"schema":"tt.run/9"})");
  EXPECT_EQ(error_text([&] { RunFolder(temp.path()).load_record(); }),
            (temp / "run.json").string() + ": expected a tt.run/1 record, found schema 'tt.run/9'");
}

const char* const kExit = R"({"schema":"tt.exit/1","run":"r1","token":"t1","attempt":2,"restart_count":1,
  "started":"2026-03-01T12:00:00Z","ended":"2026-03-01T12:30:00Z","job":"77_3","ended_by":"SIGTERM",
  "nodes":[{"name":"nid1","status":0,"signal":null},{"name":"nid2","status":null,"signal":"SIGKILL"},
           {"name":"nid3","status":null,"signal":null}]})";

TEST(ExitRecord, ReadsWhatTheJobSaw) {
  TempFolder temp;
  const auto record = load_exit_record(temp.write("exit.json", kExit));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->run, "r1");
  EXPECT_EQ(record->token, "t1");
  EXPECT_EQ(record->attempt, 2);
  EXPECT_EQ(record->restart_count, 1);
  EXPECT_EQ(record->started, "2026-03-01T12:00:00Z");
  EXPECT_EQ(record->ended, "2026-03-01T12:30:00Z");
  EXPECT_EQ(record->job, "77_3");
  EXPECT_EQ(record->ended_by, "SIGTERM");
  ASSERT_EQ(record->nodes.size(), 3u);
  EXPECT_EQ(record->nodes[0].name, "nid1");
  EXPECT_EQ(record->nodes[0].status, 0);
  EXPECT_EQ(record->nodes[0].signal, std::nullopt);
  EXPECT_EQ(record->nodes[1].status, std::nullopt);
  EXPECT_EQ(record->nodes[1].signal, "SIGKILL");
  EXPECT_EQ(record->nodes[2].status, std::nullopt);
  EXPECT_EQ(record->nodes[2].signal, std::nullopt);
  EXPECT_FALSE(record->all_zero());
}

TEST(ExitRecord, HasNobodyWhoEndedItUnlessItSaysSo) {
  TempFolder temp;
  EXPECT_EQ(load_exit_record(temp.write("a", R"({"schema":"tt.exit/1","nodes":[]})"))->ended_by, std::nullopt);
  EXPECT_EQ(load_exit_record(temp.write("b", R"({"schema":"tt.exit/1","ended_by":null})"))->ended_by, std::nullopt);
}

TEST(ExitRecord, IsNoneWhenThereIsNone) {
  TempFolder temp;
  EXPECT_FALSE(load_exit_record(temp / "exit.json").has_value());
  fs::create_symlink("attempt-1/exit.json", temp / "exit.json");
  EXPECT_FALSE(load_exit_record(temp / "exit.json").has_value());
}

TEST(ExitRecord, IsNoneAtEveryLengthItCanBeTorn) {
  TempFolder temp;
  const std::string whole = kExit;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    ASSERT_FALSE(load_exit_record(temp.write("exit.json", whole.substr(0, length))).has_value()) << length;
  }
}

TEST(ExitRecord, IsNoneWhenItIsSomebodyElses) {
  TempFolder temp;
  for (const char* text : {R"({"schema":"tt.exit/2","nodes":[{"status":0}]})", R"({"nodes":[{"status":0}]})", "[]", "0",
                           "\"tt.exit/1\"", R"({"schema":["tt.exit/1"]})", "exit 0\n", "\xff\xfe{}"}) {
    EXPECT_FALSE(load_exit_record(temp.write("exit.json", text)).has_value()) << text;
  }
}

TEST(ExitRecord, ThrowsWhenItIsThereButCannotBeRead) {
  TempFolder temp;
  fs::create_directory(temp / "exit.json");
  EXPECT_EQ(error_text([&] { load_exit_record(temp / "exit.json"); }),
            "cannot read " + (temp / "exit.json").string() + ": Is a directory");
}

TEST(AllZero, NeedsEveryNodeAndAtLeastOne) {
  ExitRecord record;
  EXPECT_FALSE(record.all_zero());
  record.nodes = {{"a", 0, std::nullopt}, {"b", 0, std::nullopt}};
  EXPECT_TRUE(record.all_zero());
  record.nodes[1].status = 1;
  EXPECT_FALSE(record.all_zero());
  record.nodes[1].status = std::nullopt;  // nobody saw it
  EXPECT_FALSE(record.all_zero());
}

TEST(AllZero, DoesNotTakeWordsForNumbers) {
  TempFolder temp;
  for (const char* status : {"null", "false", "\"0\"", "0.0"}) {
    const auto record = load_exit_record(temp.write(
        "exit.json", std::string(R"({"schema":"tt.exit/1","nodes":[{"name":"a","status":)") + status + "}]}"));
    ASSERT_TRUE(record) << status;
    EXPECT_FALSE(record->all_zero()) << status;
  }
}

ClaimRecord job_claim() { return {"r1", 2, "t1", 5, "77_3", "nid1", "abcd", false}; }
ClaimRecord our_claim() { return {"r1", 2, "t1", 5, "", "login1", "1234", true}; }

TEST(Claim, IsWrittenAsPromised) {
  EXPECT_EQ(claim_text(our_claim()),
            R"({"schema":"tt.claim/1","run":"r1","attempt":2,"token":"t1","index":5,"job":"","host":"login1",)"
            R"("nonce":"1234","revoked":true})"
            "\n");
}

TEST(Claim, IsReadBack) {
  TempFolder temp;
  const auto claim = load_claim(temp.write("claim-2", claim_text(job_claim())));
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->run, "r1");
  EXPECT_EQ(claim->attempt, 2);
  EXPECT_EQ(claim->token, "t1");
  EXPECT_EQ(claim->index, 5);
  EXPECT_EQ(claim->job, "77_3");
  EXPECT_EQ(claim->host, "nid1");
  EXPECT_EQ(claim->nonce, "abcd");
  EXPECT_FALSE(claim->revoked);
}

TEST(Claim, IsNoneWhenItIsTornOrForeign) {
  TempFolder temp;
  EXPECT_FALSE(load_claim(temp / "claim-2").has_value());
  std::string whole = claim_text(job_claim());
  whole.pop_back();  // without its final newline it is whole
  EXPECT_TRUE(load_claim(temp.write("claim-2", whole)).has_value());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    ASSERT_FALSE(load_claim(temp.write("claim-2", whole.substr(0, length))).has_value()) << length;
  }
  EXPECT_FALSE(load_claim(temp.write("claim-2", R"({"schema":"tt.exit/1","nonce":"x"})")).has_value());
}

TEST(RevokeClaim, TakesAFreeClaim) {
  TempFolder temp;
  const ClaimRecord stands = revoke_claim(RunFolder(temp.path()), our_claim());
  EXPECT_EQ(stands.nonce, "1234");
  EXPECT_TRUE(stands.revoked);
  EXPECT_THAT(list_folder(temp.path()), ElementsAre("claim-2"));
  EXPECT_EQ(read(temp / "claim-2"), claim_text(our_claim()));
}

TEST(RevokeClaim, IsRevokedWhateverTheCallerFilledIn) {
  TempFolder temp;
  ClaimRecord ours = our_claim();
  ours.revoked = false;
  EXPECT_TRUE(revoke_claim(RunFolder(temp.path()), ours).revoked);
  EXPECT_TRUE(load_claim(temp / "claim-2")->revoked);
}

TEST(RevokeClaim, AnswersTheJobThatHoldsIt) {
  TempFolder temp;
  temp.write("claim-2", claim_text(job_claim()));
  const ClaimRecord stands = revoke_claim(RunFolder(temp.path()), our_claim());
  EXPECT_EQ(stands.nonce, "abcd");
  EXPECT_EQ(stands.job, "77_3");
  EXPECT_FALSE(stands.revoked);
  EXPECT_THAT(list_folder(temp.path()), ElementsAre("claim-2"));
  EXPECT_EQ(read(temp / "claim-2"), claim_text(job_claim()));
}

TEST(RevokeClaim, IsNotOursWhenNobodyCanReadIt) {
  TempFolder temp;
  temp.write("claim-2", R"({"schema":"tt.cl)");
  const ClaimRecord stands = revoke_claim(RunFolder(temp.path()), our_claim());
  EXPECT_NE(stands.nonce, "1234");
  EXPECT_FALSE(stands.revoked);
  EXPECT_EQ(read(temp / "claim-2"), R"({"schema":"tt.cl)");
}

TEST(RevokeClaim, LeavesTheOtherAttemptsAlone) {
  TempFolder temp;
  temp.write("claim-1", claim_text(job_claim()));
  EXPECT_EQ(revoke_claim(RunFolder(temp.path()), our_claim()).nonce, "1234");
  EXPECT_EQ(read(temp / "claim-1"), claim_text(job_claim()));
}

TEST(RevokeClaim, SaysWhyItCannot) {
  TempFolder temp;
  EXPECT_THAT(error_text([&] { revoke_claim(RunFolder(temp / "none"), our_claim()); }),
              ::testing::MatchesRegex("cannot write .*/none/\\.claim\\..*: No such file or directory"));
}

TEST(RevokeClaim, MakesEightProcessesAgreeOnOneHolder) {
  TempFolder temp;
  for (int attempt = 1; attempt <= 25; ++attempt) {
    const auto answers = test::in_forked_processes(8, [&](int k) {
      ClaimRecord ours = our_claim();
      ours.attempt = attempt;
      ours.nonce = std::to_string(k);
      return std::stoi(revoke_claim(RunFolder(temp.path()), ours).nonce);
    });
    ASSERT_THAT(answers, Each(answers.front()));
    ASSERT_LT(answers.front(), 8);
  }
  EXPECT_EQ(list_folder(temp.path()).size(), 25u);
}

}  // namespace
}  // namespace tt
