#include "tt/flow/last_look.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <random>

#include "support/driven_story.hpp"
#include "tt/base/files.hpp"
#include "tt/flow/control.hpp"
#include "tt/flow/heard.hpp"
#include "tt/flow/overview.hpp"

namespace tt::flow {
namespace {

using scheduler::Known;

// Every field of a row, in words.
std::string in_words(const RunView& run) {
  return fmt::format("{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}", run.id.text, run.name, run.model,
                     run.sweep, run.folder.path().string(), to_string(run.state), run.raw_state, run.reason,
                     run.job.text, run.token.text, run.site, run.attempt, run.tries, run.index,
                     run.since ? iso_time(*run.since) : "-", run.cause, run.waits.value_or("-"), run.next,
                     run.in_sweep);
}
std::vector<std::string> in_words(const std::vector<RunView>& runs) {
  std::vector<std::string> words;
  for (const RunView& run : runs) words.push_back(in_words(run));
  return words;
}

class KeptLook : public test::DrivenStory {
 protected:
  KeptLook() : DrivenStory("[1, 2, 3, 4]") {}

  // As `status` does.
  std::vector<std::string> rows() {
    const Overview overview = look_over(around_, schedulers_, {"story"});
    was_kept_ = overview.unchanged.has_value();
    return in_words(overview.unchanged ? overview.unchanged->runs(around_.workspace) : overview.runs);
  }
  // From the journals, whatever was kept.
  std::vector<std::string> rows_anew() {
    const RefreshReport report = refresh(around_, schedulers_, {"story"});
    return in_words(look_at_runs(around_, report.ledger, {"story"}));
  }
  void expect_shown_again(bool again) {
    const std::vector<std::string> shown = rows();
    EXPECT_EQ(was_kept_, again);
    EXPECT_EQ(shown, rows_anew());
  }
  // Handed over, and looked at until nothing is to be written down.
  void settle_down() {
    run();
    rows();
    rows();
    expect_shown_again(true);
  }
  // While the scheduler still says that it waits.
  void ends_by_somebody_else(const std::string& cause, const std::string& node = "") {
    const ledger::Ledger before = history();
    const ledger::AttemptState& attempt = before.runs.begin()->second.attempts.begin()->second;
    const ledger::Ended ended{attempt.key, attempt.token, RunState::failed, cause, node};
    record(around_, std::vector<SweepEvent>{{"story", ended}});
  }
  Token token() const { return fake_.tokens().back(); }
  fs::path file() const { return around_.workspace.last_look(); }

  bool was_kept_ = false;
};

TEST_F(KeptLook, IsShownAgainWhileNothingChanges) {
  settle_down();
  const int asked = fake_.times_asked();
  rows();
  EXPECT_TRUE(was_kept_);
  EXPECT_EQ(fake_.times_asked(), asked + 1);
  EXPECT_EQ(last_heard(around_, around_.site.profile.name), std::chrono::floor<std::chrono::seconds>(clock_.now()));
}

TEST_F(KeptLook, IsNotShownAgainWhenTheSchedulerSaysSomethingElse) {
  settle_down();
  fake_.is_running(token(), 2);
  expect_shown_again(false);
  EXPECT_THAT(rows()[2], testing::HasSubstr("|running|RUNNING|"));
  expect_shown_again(true);
  fake_.forgets(token(), 3);
  expect_shown_again(false);
  EXPECT_THAT(rows()[3], testing::HasSubstr("|lost|"));
}

TEST_F(KeptLook, IsNotShownAgainOnceAJobStartedThatWasToldAsLost) {
  settle_down();
  fake_.forgets(token(), 3);
  rows();
  expect_shown_again(false);
  expect_shown_again(true);
  clock_.sleep(Seconds{10});
  fake_.run(token(), 3);
  fake_.forgets(token(), 3);
  expect_shown_again(false);
  EXPECT_THAT(rows()[3], testing::HasSubstr("|finished|"));
}

TEST_F(KeptLook, IsNotShownInPlaceOfSilence) {
  settle_down();
  fake_.goes_deaf("nobody there");
  const Overview overview = look_over(around_, schedulers_, {"story"});
  EXPECT_FALSE(overview.unchanged);
  ASSERT_EQ(overview.sites.size(), 1U);
  EXPECT_FALSE(overview.sites[0].asked);
  fake_.hears();
  expect_shown_again(true);
}

TEST_F(KeptLook, IsNotShownAgainAfterAnythingWasWrittenDown) {
  settle_down();
  ends_by_somebody_else("import-error");
  expect_shown_again(false);
  EXPECT_THAT(rows()[0], testing::HasSubstr("|failed|"));
  expect_shown_again(true);
}

TEST_F(KeptLook, IsNotShownAgainForAnotherPlanAnotherSiteOrOtherSweeps) {
  settle_down();
  const fs::path index = around_.workspace.sweep_index("story");
  const std::string planned = read_file(index);
  const std::size_t id = planned.rfind("\"id\"");
  write_file(index,
             planned.substr(0, id) + "\"id\":\"r0000000000000000\"," + planned.substr(planned.find("\"model\"", id)));
  EXPECT_FALSE(LastLook(around_, {"story"}).again(schedulers_));
  write_file(index, planned);
  EXPECT_FALSE(LastLook(around_, {"story"}).again(schedulers_)) << "the same text in another file";
  settle_down();
  EXPECT_FALSE(LastLook(around_, {"other", "story"}).again(schedulers_));
  EXPECT_FALSE(LastLook(around_, {}).again(schedulers_));
  Surroundings elsewhere = around_;
  elsewhere.site.profile.name = "elsewhere";
  EXPECT_FALSE(LastLook(elsewhere, {"story"}).again(schedulers_));
  EXPECT_TRUE(LastLook(around_, {"story"}).again(schedulers_));
}

TEST_F(KeptLook, IsNotKeptWhileRunsWaitForWhatTimeBrings) {
  RunOptions options;
  options.canary = true;
  run(options);
  for (int i = 0; i < 3; ++i) expect_shown_again(false);
  EXPECT_FALSE(is_there(file()));
}

TEST_F(KeptLook, IsNotKeptWhileAnAnswerIsOutstanding) {
  run();
  workspace_.write_sweep({"story", "  training.local_batch_size: [1, 2, 3, 4, 5]\n", "", "00:05:00"});
  fake_.swallows("time-out");
  run();
  for (int i = 0; i < 3; ++i) expect_shown_again(false);
  EXPECT_FALSE(is_there(file())) << "it may surface, or be given up, while the other four wait as ever";
}

// Somebody writes while a look goes on: what is kept is as old as the stamps.
TEST_F(KeptLook, IsAsOldAsItsStamps) {
  settle_down();
  remove_tree(file());
  const LastLook begun(around_, {"story"});
  const RefreshReport report = refresh(around_, schedulers_, {"story"});
  const std::vector<RunView> runs = look_at_runs(around_, report.ledger, {"story"});
  ends_by_somebody_else("import-error");
  begun.keep(runs, report, schedulers_);
  ASSERT_TRUE(is_there(file()));
  expect_shown_again(false);
  EXPECT_THAT(rows()[0], testing::HasSubstr("|failed|"));
}

TEST_F(KeptLook, IsOfOneSiteOnly) {
  settle_down();
  remove_tree(file());
  const RefreshReport report = refresh(around_, schedulers_, {"story"});
  const std::vector<RunView> runs = look_at_runs(around_, report.ledger, {"story"});
  const auto is_kept = [&](std::vector<RunView> some, const RefreshReport& found) {
    LastLook(around_, {"story"}).keep(some, found, schedulers_);
    return is_there(file());
  };
  std::vector<RunView> elsewhere = runs;
  elsewhere.back().site = "elsewhere";
  EXPECT_FALSE(is_kept(elsewhere, report));
  RefreshReport two_sites = report;
  two_sites.sites.push_back({"elsewhere", true, ""});
  EXPECT_FALSE(is_kept(runs, two_sites));
  RefreshReport other_site = report;
  other_site.sites[0].site = "elsewhere";
  EXPECT_FALSE(is_kept(runs, other_site));
  RefreshReport silent = report;
  silent.sites[0].asked = false;
  EXPECT_FALSE(is_kept(runs, silent));
  EXPECT_TRUE(is_kept(runs, report));
}

TEST_F(KeptLook, IsNotKeptWhereSomethingWasToBeWarnedOf) {
  settle_down();
  remove_tree(file());
  append_to_file(around_.workspace.own() / "journal/story.jsonl", "no event\n", Sync::no);
  for (int i = 0; i < 3; ++i) expect_shown_again(false);
  EXPECT_FALSE(is_there(file()));
}

TEST_F(KeptLook, IsNotKeptWhereBadNodesAreToBeToldOf) {
  settle_down();
  fake_.cannot_name_nodes("jobs here cannot name nodes");
  ends_by_somebody_else("gpu-lost", "n1");
  remove_tree(file());
  for (int i = 0; i < 3; ++i) expect_shown_again(false);
  EXPECT_FALSE(is_there(file()));
}

TEST_F(KeptLook, IsNotShownAgainWhereASubmissionOrTheProfileChanged) {
  settle_down();
  make_folders(around_.workspace.submissions() / "another");
  expect_shown_again(false);
  expect_shown_again(true);
  const fs::path profile = workspace_ / "site.toml";
  around_.site.profile.origin = profile.string();
  write_file(profile, "name = \"laptop\"\n");
  expect_shown_again(false);
  expect_shown_again(true);
  write_file(profile, "name = \"laptop\"\n# as it is now\n");
  expect_shown_again(false);
  expect_shown_again(true);
  fs::remove(profile);
  ASSERT_EQ(::mkfifo(profile.c_str(), 0600), 0);
  for (int i = 0; i < 3; ++i) expect_shown_again(false);
}

TEST_F(KeptLook, ADamagedFileIsAsGoodAsNone) {
  settle_down();
  const std::string whole = read_file(file());
  const std::vector<std::string> right = rows_anew();
  int refused = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const char damage : {'\0', '\n', '"', '9'}) {
      if (whole[i] == damage) continue;
      std::string text = whole;
      text[i] = damage;
      write_file(file(), text);
      const auto kept = LastLook(around_, {"story"}).again(schedulers_);
      if (!kept) ++refused;
      if (kept) {
        EXPECT_EQ(in_words(kept->runs(around_.workspace)), right) << i;
      }
    }
    write_file(file(), whole.substr(0, i));
    EXPECT_FALSE(LastLook(around_, {"story"}).again(schedulers_)) << i;
  }
  EXPECT_GT(refused, 3 * static_cast<int>(whole.size()));
  write_file(file(), whole);
  expect_shown_again(true);
}

TEST_F(KeptLook, WithoutAPlaceToKeepItALookIsOnlySlower) {
  settle_down();
  fs::remove(file());
  fs::create_directory(file());  // nothing can be written or read there
  expect_shown_again(false);
  expect_shown_again(false);
}

TEST_F(KeptLook, NobodyWaitsForAPipe) {
  settle_down();
  fs::remove(file());
  ASSERT_EQ(::mkfifo(file().c_str(), 0600), 0);
  expect_shown_again(false);
  expect_shown_again(false);
  EXPECT_TRUE(fs::is_fifo(file()));
}

TEST(KeptRuns, ReadWhatTheyWrite) {
  const Workspace workspace("/w");
  std::vector<RunView> runs;
  for (int i = 0; i < 7; ++i) {
    RunView run;
    run.id.text = "r" + std::to_string(i);
    run.name = i == 3 ? "日本 \"quoted\"" : "_bs" + std::to_string(i);
    run.model = i < 5 ? "llama3" : "other";
    run.sweep = "s";
    run.folder = workspace.run_folder(run.model, run.name);
    run.state = i == 2 ? RunState::running : RunState::queued;
    run.raw_state = i == 2 ? "RUNNING" : "PENDING";
    run.reason = "a \\ \"reason\"\twith a tab\nand a line";
    run.job.text = "11";
    run.token.text = "t";
    run.site = "lab";
    run.attempt = i == 6 ? 3 : 1;
    run.index = 6 - i;
    run.tries = i == 6 ? 2 : 1;
    if (i == 2) run.since = Instant{std::chrono::seconds{1795936307}};
    run.cause = i == 6 ? "oom" : "";
    run.next = i == 6 ? "tt-submit cancel x" : "";
    runs.push_back(run);
  }
  const auto text = KeptRuns::text(runs, workspace);
  ASSERT_TRUE(text);
  const auto kept = KeptRuns::read(*text);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->groups().size(), 5U);  // 0-1, 2, 3-4, 5, 6
  EXPECT_EQ(in_words(kept->runs(workspace)), in_words(runs));
}

// Where most runs have a time of their own, to read what was kept takes longer than to look anew.
TEST(KeptRuns, AreNotWorthItWhereFewStandAlike) {
  const Workspace workspace("/w");
  std::vector<RunView> runs(1000);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    runs[i].name = "_bs" + std::to_string(i);
    runs[i].attempt = 1;
    runs[i].folder = workspace.run_folder("", runs[i].name);
    runs[i].since = Instant{std::chrono::seconds{1795936307 + i / 20}};
  }
  EXPECT_TRUE(KeptRuns::text(runs, workspace));
  for (std::size_t i = 0; i < 100; ++i) runs[i].since = Instant{std::chrono::seconds{i}};
  EXPECT_FALSE(KeptRuns::text(runs, workspace));
}

TEST(KeptRuns, HaveNoWordsForRunsOutsideAPlan) {
  const Workspace workspace("/w");
  const auto can_say = [&](auto change) {
    RunView run;
    run.name = "a";
    run.model = "m";
    run.attempt = 1;
    run.folder = workspace.run_folder("m", "a");
    change(run);
    return KeptRuns::text({run}, workspace).has_value();
  };
  EXPECT_TRUE(can_say([](RunView&) {}));
  EXPECT_FALSE(can_say([](RunView& run) { run.in_sweep = false; }));
  EXPECT_FALSE(can_say([](RunView& run) { run.attempt = 0; }));
  EXPECT_FALSE(can_say([](RunView& run) { run.waits = "room"; }));
  EXPECT_FALSE(can_say([&](RunView& run) { run.folder = workspace.run_folder("m", "b"); }));
  EXPECT_FALSE(can_say([&](RunView& run) {
    run.name = "a\tb";
    run.folder = workspace.run_folder("m", run.name);
  }));
  EXPECT_FALSE(can_say([](RunView& run) { run.since = Instant{std::chrono::milliseconds{1500}}; }));
}

// Whatever happens, and in whatever order: what is shown is what the journals say.
class AnyStory : public KeptLook, public testing::WithParamInterface<unsigned> {
 protected:
  void happen(std::mt19937& chance) {
    const auto any = [&](int count) { return static_cast<int>(chance() % static_cast<unsigned>(count)); };
    const std::vector<Token> tokens = fake_.tokens();
    const Token some =
        tokens.empty() ? Token{} : tokens[static_cast<std::size_t>(any(static_cast<int>(tokens.size())))];
    switch (any(13)) {
      case 0:
        return clock_.sleep(Seconds{any(200)});
      case 1:
        return set_some(some, any(4),
                        Known{RunState::queued, "PENDING", any(2) == 0 ? "Priority" : "Resources", {}, {}, {}});
      case 2:
        return set_some(some, any(4),
                        Known{RunState::running, "RUNNING", "", clock_.now() - std::chrono::seconds{any(100)}, {}, {}});
      case 3:
        return set_some(some, any(4), Known{std::nullopt, "EXITED", "", {}, exited(any(2)), {}});
      case 4:
        return set_some(some, any(4), scheduler::Gone{});
      case 5:
        return fake_.goes_deaf("nobody there");
      case 6:
      case 7:
        return fake_.hears();
      case 8:
        feed();
        return;
      case 9:
        run();
        return;
      case 10: {
        const std::vector<RunView> runs = look_at_runs(around_, history(), {"story"});
        if (!runs.empty())
          cancel(around_, schedulers_, {runs[static_cast<std::size_t>(any(4)) % runs.size()]}, CancelAs::cancelled);
        return;
      }
      case 11:
        return start_some(any(4));
      default: {
        workspace_.write_sweep(
            {"story",
             any(2) == 0 ? "  training.local_batch_size: [1, 2, 3, 4]\n" : "  training.local_batch_size: [2, 3, 5]\n",
             "", "00:05:00"});
        return;
      }
    }
  }
  // As a job does when it starts, whatever is told of it.
  void start_some(int which) {
    const ledger::Ledger ledger = history();
    const std::size_t place = static_cast<std::size_t>(which) % ledger.runs.size();
    const auto& [id, run] = *std::next(ledger.runs.begin(), static_cast<std::ptrdiff_t>(place));
    const ledger::AttemptState* last = ledger::last_attempt(ledger, id);
    if (last == nullptr || is_there(RunFolder(run.folder).claim(last->key.attempt))) return;
    const std::string job = test::FakeScheduler::job_id(last->token).text;
    const ClaimRecord claim{id.text, last->key.attempt, last->token.text, last->index, job, "node", "nonce", false};
    write_new_file(RunFolder(run.folder).claim(last->key.attempt), claim_text(claim));
  }
  void set_some(const Token& token, int index, const scheduler::TaskStatus& status) {
    try {
      fake_.set(token, index, status);
    } catch (const std::exception&) {  // no such task there
    }
  }
};

TEST_P(AnyStory, IsShownAsTheJournalsTellIt) {
  int kept = 0, looks = 0;
  std::mt19937 chance(GetParam());
  settle_down();
  for (int step = 0; step < 40; ++step) {
    happen(chance);
    for (int look = 0; look < 3; ++look, ++looks) {
      const std::vector<std::string> shown = rows();
      kept += was_kept_ ? 1 : 0;
      ASSERT_EQ(shown, rows_anew()) << "step " << step << ", look " << look;
    }
  }
  EXPECT_GT(kept, 3);
  EXPECT_LT(kept, looks - 20);
  fake_.hears();
  for (int quiet = 0; quiet < 4; ++quiet) {  // an absence that settles is handed over again, and settles again
    clock_.sleep(Seconds{120});
    look();
  }
  EXPECT_FALSE(look().wrote) << "nothing happens any more, and something is written down at every look";
}
INSTANTIATE_TEST_SUITE_P(OfManyKinds, AnyStory, testing::Range(1U, 13U));

}  // namespace
}  // namespace tt::flow
