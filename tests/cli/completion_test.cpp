// What a shell offers while somebody types.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/tools.hpp"
#include "tt/base/process.hpp"
#include "tt/base/text.hpp"

namespace {

using Words = std::vector<std::string>;

Words offered(const tt::test::Workspace& workspace, const std::string& tool, Words words) {
  words.insert(words.begin(), "--complete");
  return tt::split_lines(workspace.tool(tool, std::move(words)).out);
}

bool has(const Words& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

TEST(Completion, OffersCommandsFlagsRunsKeysSitesAndPoints) {
  const tt::test::Workspace workspace;
  ASSERT_TRUE(workspace.sweep({"expand", "sweep.yaml"}).ok());
  EXPECT_EQ(offered(workspace, "tt-sweep", {"pl"}), Words{"plan"});
  EXPECT_EQ(offered(workspace, "tt-sweep", {"plan", "sweep.yaml", "--mat"}), Words{"--matrix"});
  EXPECT_EQ(offered(workspace, "tt-sweep", {"show", "_bs"}), (Words{"_bs1", "_bs2"}));
  EXPECT_EQ(offered(workspace, "tt-submit", {"explain", "_bs2"}), Words{"_bs2"});
  EXPECT_EQ(offered(workspace, "tt-sweep", {"schema", "training.seq"}), Words{"training.seq_len"});
  EXPECT_EQ(offered(workspace, "tt-sweep", {"plan", "--site", "lap"}), Words{"laptop"});
  EXPECT_EQ(offered(workspace, "tt-sweep", {"explain", "sweep.yaml", ""}),
            (Words{"training.local_batch_size=1", "training.local_batch_size=2"}));
  EXPECT_TRUE(has(offered(workspace, "tt-comm", {""}), "block"));
  EXPECT_FALSE(has(offered(workspace, "tt-submit", {""}), "supervise")) << "commands tt starts itself are not offered";
}

TEST(Completion, NeverFailsAndWritesNothing) {
  const tt::test::Workspace workspace;
  for (const Words& words :
       {Words{}, Words{"nonsense", ""}, Words{"explain", "no-such-file.yaml", ""}, Words{"show", ""}}) {
    Words all{"--complete"};
    all.insert(all.end(), words.begin(), words.end());
    const tt::ProcessResult result = workspace.tool("tt-sweep", all);
    EXPECT_TRUE(result.ok());
    EXPECT_EQ(result.err, "");
  }
  EXPECT_TRUE(std::filesystem::is_empty(workspace / ".tt"));
}

TEST(Completion, WorksInBash) {
  const tt::test::Workspace workspace;
  const std::string script = std::string("source ") + TT_SOURCE_DIR + "/tools/completion/tt.bash\n" + "COMP_WORDS=(" +
                             TT_TOOLS_DIR + "/tt-sweep sch)\nCOMP_CWORD=1\n_tt_complete\n" +
                             "printf '%s\\n' \"${COMPREPLY[@]}\"\ncomplete -p tt-sweep\n";
  tt::Command command;
  command.argv = {"bash", "--norc", "-c", script};
  command.folder = workspace.path();
  const tt::ProcessResult result = tt::SystemRunner().run(command, tt::Seconds{20});
  EXPECT_EQ(result.out, "schema\ncomplete -o bashdefault -o default -F _tt_complete tt-sweep\n") << result.err;
}

}  // namespace
