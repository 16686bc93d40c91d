#include <gtest/gtest.h>

#include "support/error_text.hpp"
#include "support/temp_folder.hpp"
#include "tt/site/profile.hpp"

namespace tt::site {
namespace {

using test::error_text;
using test::TempFolder;

Environment no_scheduler() {
  Environment environment;
  environment.set("PATH", "/nowhere");
  return environment;
}

const char* const kMine = "name = 'mine'\nscheduler = 'slurm'\n";

TEST(ChooseSite, TheFlagWins) {
  TempFolder folder;
  Environment environment = no_scheduler();
  environment.set("TT_SITE", "no such site");
  const Choice choice = choose(folder.write("mine.toml", kMine).string(), environment, "host");
  EXPECT_EQ(choice.profile.name, "mine");
  EXPECT_EQ(choice.profile.origin, (folder / "mine.toml").string());
  EXPECT_EQ(choice.why, "--site");
}

TEST(ChooseSite, ThenTheVariable) {
  TempFolder folder;
  Environment environment = no_scheduler();
  environment.set("TT_SITE", folder.write("mine.toml", kMine).string());
  const Choice choice = choose(std::nullopt, environment, "host");
  EXPECT_EQ(choice.profile.name, "mine");
  EXPECT_EQ(choice.why, "TT_SITE");
}

TEST(ChooseSite, WithoutASchedulerItIsThisMachine) {
  const Choice choice = choose(std::nullopt, no_scheduler(), "some-host");
  EXPECT_EQ(choice.profile.name, "laptop");
  EXPECT_EQ(choice.why, "no scheduler here");
}

TEST(ChooseSite, AnEmptyVariableSaysNothing) {
  Environment environment = no_scheduler();
  environment.set("TT_SITE", "");
  EXPECT_EQ(choose(std::nullopt, environment, "some-host").why, "no scheduler here");
}

TEST(ChooseSite, ASchedulerWithoutAProfileIsRefused) {
  TempFolder folder;
  folder.write("bin/sbatch", "");
  Environment environment;
  environment.set("PATH", "/nowhere:" + (folder / "bin").string());
  EXPECT_EQ(
      error_text([&] { choose(std::nullopt, environment, "some-host"); }),
      "this host has a batch system (" + (folder / "bin/sbatch").string() +
          ") and no site profile recognises it; say --site slurm to use it as it is, --site FILE with a profile "
          "of your own (`tt-submit site show slurm` prints one to begin with), or --site laptop to train on this host "
          "itself");
  EXPECT_EQ(choose("laptop", environment, "some-host").profile.name, "laptop");
}

TEST(ChooseSite, APbsIsNamedAsSuch) {
  TempFolder folder;
  folder.write("bin/qsub", "");
  Environment environment;
  environment.set("PATH", (folder / "bin").string());
  EXPECT_NE(error_text([&] { choose(std::nullopt, environment, "some-host"); }).find("say --site pbs to use it"),
            std::string::npos);
}

TEST(ChooseSite, AnUnknownNameListsThoseThereAre) {
  const std::string sentence = error_text([] { load_profile("laptob"); });
  EXPECT_EQ(
      sentence.rfind("there is no site profile 'laptob': no such file, and the profiles that come with tt are ", 0), 0u)
      << sentence;
  EXPECT_TRUE(sentence.ends_with("(did you mean 'laptop'?)")) << sentence;
}

}  // namespace
}  // namespace tt::site
