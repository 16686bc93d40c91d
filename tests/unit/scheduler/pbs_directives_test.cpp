#include "tt/scheduler/pbs_directives.hpp"

#include <gmock/gmock.h>

#include <random>

#include "tt/base/error.hpp"

namespace tt::scheduler::pbs {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

SubmitRequest request_of(int nodes, int gpus_per_node) {
  SubmitRequest request;
  request.token = Token{"abcdefgh23"};
  request.submission = "/work/submissions/abcdefgh23";
  request.indices = {0, 1};
  request.shape = {nodes, gpus_per_node, nodes * gpus_per_node, Seconds{5400}};
  request.walltime = request.shape.walltime;
  return request;
}
site::Profile site_of(int gpus, int cpus) {
  site::Profile site;
  site.name = "lab";
  site.launcher = "pbs_tmrsh";
  site.gpus_per_node = gpus;
  site.cpus_per_node = cpus;
  return site;
}
std::string error_of(const std::function<void()>& deed) {
  try {
    deed();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// As qsub reads a line (make_argv of OpenPBS): both quotes, a backslash outside of them, blanks between words.
std::vector<std::string> read_back(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  bool open = false;
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] == '"' || line[i] == '\'') {
      const char quote = line[i++];
      while (i < line.size() && line[i] != quote) word += line[i++];
      ++i;
      open = true;
    } else if (line[i] == '\\') {
      word += line[++i];
      ++i;
      open = true;
    } else if (std::isspace(static_cast<unsigned char>(line[i])) != 0) {
      if (open) words.push_back(word);
      word.clear();
      open = false;
      ++i;
    } else {
      word += line[i++];
      open = true;
    }
  }
  if (open) words.push_back(word);
  return words;
}

TEST(PbsDirectives, RefuseOptionsThatAreOurOwn) {
  site::Profile site = site_of(4, 64);
  for (const char* option : {"-N foo", "-J 1-2", "-V", "-v A=1", "-o /tmp"}) {
    site.always = {option};
    EXPECT_EQ(error_of([&] { directives(request_of(1, 4), site); }),
              "launch.always has '" + std::string(option).substr(0, 2) +
                  "', and that option is tt's own: take it out of the profile");
  }
  site.always = {};
  site.never = {"-N"};
  EXPECT_EQ(error_of([&] { directives(request_of(1, 4), site); }),
            "launch.never has '-N', and that option is tt's own: take it out of the profile");
}

TEST(PbsDirectives, RefuseALauncherThatStartsNothingOnOtherNodes) {
  site::Profile site = site_of(4, 64);
  site.launcher = "srun";
  EXPECT_EQ(error_of([&] { directives(request_of(1, 4), site); }), "no error");
  EXPECT_EQ(error_of([&] { directives(request_of(2, 4), site); }),
            "site 'lab' says launch.launcher = \"srun\", which does not start a job of 2 nodes on PBS: one of "
            "mpiexec-pals, mpirun, pbsdsh, pbs_tmrsh, ssh was wanted");
}

TEST(PbsDirectives, AWholeJobOfTwoNodes) {
  site::Profile site = site_of(8, 64);
  site.account = "my project";
  site.partition = "prod";
  site.always = {"-l filesystems=home:eagle"};
  EXPECT_THAT(directives(request_of(2, 8), site),
              ElementsAre("#PBS -N tt-abcdefgh23", "#PBS -A 'my project'", "#PBS -q prod",
                          "#PBS -l select=2:ncpus=64:ngpus=8", "#PBS -l place=scatter", "#PBS -l walltime=01:30:00",
                          "#PBS -l filesystems=home:eagle", "#PBS -r y", "#PBS -m n", "#PBS -j oe", "#PBS -k doe",
                          "#PBS -W umask=022", "#PBS -o /work/submissions/abcdefgh23/^array_index^.out"));
}

TEST(PbsDirectives, APartOfANodeHasItsShareOfTheCpus) {
  EXPECT_THAT(directives(request_of(1, 2), site_of(8, 64)), Contains("#PBS -l select=1:ncpus=16:ngpus=2"));
  EXPECT_THAT(directives(request_of(1, 2), site_of(8, 64)), Not(Contains("#PBS -l place=scatter")));
}

TEST(PbsDirectives, TheSiteSaysHowGpusAreAskedFor) {
  site::Profile site = site_of(4, 64);
  site.gpu_request = "{nodes}";
  site.constraint = "system=polaris";
  EXPECT_THAT(directives(request_of(2, 4), site), Contains("#PBS -l select=2:system=polaris"));
  site.gpu_request = "{nodes}:ncpus={cpus}:gpus={gpus}";
  EXPECT_THAT(directives(request_of(2, 4), site), Contains("#PBS -l select=2:ncpus=64:gpus=4:system=polaris"));
  site.cpus_per_node.reset();
  EXPECT_EQ(error_of([&] { directives(request_of(2, 4), site); }),
            "site 'lab' asks for {cpus} in launch.gpu_request and does not say node.cpus");
}

TEST(PbsDirectives, WhatTheSiteAlwaysSaysReplacesOurs) {
  site::Profile site = site_of(8, 64);
  site.always = {"-l place=scatter:excl", "-k oe", "-W umask=077", "-W group_list=staff"};
  const auto lines = directives(request_of(2, 8), site);
  EXPECT_THAT(lines, Contains("#PBS -l place=scatter:excl"));
  EXPECT_THAT(lines, Not(Contains("#PBS -l place=scatter")));
  EXPECT_THAT(lines, Contains("#PBS -k oe"));
  EXPECT_THAT(lines, Not(Contains("#PBS -k doe")));
  EXPECT_THAT(lines, Contains("#PBS -W umask=077"));
  EXPECT_THAT(lines, Contains("#PBS -W group_list=staff"));
}

TEST(PbsDirectives, WhatTheSiteNeverTakesIsLeftOutWhoeverSaysIt) {
  site::Profile site = site_of(8, 64);
  site.always = {"-l filesystems=home"};
  site.never = {"-k", "-l place", "-l filesystems"};
  for (const std::string& line : directives(request_of(2, 8), site)) {
    EXPECT_FALSE(line.starts_with("#PBS -k") || line.starts_with("#PBS -l place") ||
                 line.starts_with("#PBS -l filesystems"))
        << line;
  }
}

TEST(PbsDirectives, AnEntryThatIsNoOptionIsNamed) {
  site::Profile site = site_of(8, 64);
  site.always = {"filesystems=home"};
  EXPECT_EQ(error_of([&] { directives(request_of(2, 8), site); }),
            "'filesystems=home' is no option of qsub: a letter and its value were wanted, such as \"-l "
            "filesystems=home\"");
}

TEST(PbsDirectives, OneTaskHasNoMarkInItsOutput) {
  SubmitRequest request = request_of(1, 8);
  request.indices = {0};
  EXPECT_THAT(directives(request, site_of(8, 64)), Contains("#PBS -o /work/submissions/abcdefgh23/0.out"));
}

TEST(PbsDirectives, AFolderThatQsubWouldRefuseIsNamedFromWhereItIsCalled) {
  SubmitRequest request = request_of(1, 8);
  request.submission = "/home/jürgen/submissions/abcdefgh23";
  EXPECT_THAT(directives(request, site_of(8, 64)), Contains("#PBS -o ^array_index^.out"));
  request.submission = "/home/it's mine/abcdefgh23";
  EXPECT_THAT(directives(request, site_of(8, 64)),
              Contains("#PBS -o '/home/it'\"'\"'s mine/abcdefgh23/^array_index^.out'"));
}

TEST(PbsDirectives, AControlCharacterDoesNotStayOnALine) {
  EXPECT_EQ(error_of([] { directive_word("a\n#PBS -q all"); }),
            "'a\\x0a#PBS -q all' has a control character and cannot stand on a #PBS line");
}

TEST(PbsDirectives, QsubReadsTheSameBytesBack) {
  std::mt19937 random(20261128);
  const std::string special = " '\"\\$`#;&|<>(){}[]*?!~,%=:^";
  for (int round = 0; round < 2000; ++round) {
    std::string text(1 + random() % 30, ' ');
    for (char& c : text) {
      c = random() % 2 == 0 ? special[random() % special.size()] : static_cast<char>(' ' + random() % 95);
    }
    ASSERT_THAT(read_back("-A " + directive_word(text) + " -h"), ElementsAre("-A", text, "-h")) << "round " << round;
  }
}

}  // namespace
}  // namespace tt::scheduler::pbs
