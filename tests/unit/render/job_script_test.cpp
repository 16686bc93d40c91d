#include "tt/render/job_script.hpp"

#include <gtest/gtest.h>

#include "support/error_text.hpp"
#include "support/job_support.hpp"

namespace tt::render {
namespace {

using test::error_text;

JobRequest small_request() {
  JobRequest request;
  request.token = Token{"abc"};
  request.site = test::plain_site();
  request.submission_folder = "/w/my runs/submissions/abc";
  return request;
}

bool has_line(const std::string& script, const std::string& line) {
  return ("\n" + script).find("\n" + line + "\n") != std::string::npos;
}

TEST(JobScript, IsTheSameForEveryTask) {
  JobRequest request = small_request();
  const std::string alone = job_script(request);
  request.tasks.push_back({0, 1, RetryMode::fresh, RunFolder("/w/logs/m/r"), {}});
  EXPECT_EQ(job_script(request), alone);
}

TEST(JobScript, QuotesWhatComesFromOutside) {
  JobRequest request = small_request();
  request.site.environment = {{"NOTE", "$(reboot) 'x'"}};
  const std::string script = job_script(request);
  EXPECT_TRUE(has_line(script, "tt_task_file='/w/my runs/submissions/abc/tasks.tsv'")) << script;
  EXPECT_TRUE(has_line(script, "  export NOTE='$(reboot) '\\''x'\\'''")) << script;
}

TEST(JobScript, CarriesSetupLinesAsTheyStand) {
  JobRequest request = small_request();
  request.site.setup = {"module load pytorch/2.8", "source \"$HOME/venv/bin/activate\""};
  EXPECT_NE(job_script(request).find("\nmodule load pytorch/2.8\nsource \"$HOME/venv/bin/activate\"\n"),
            std::string::npos);
}

TEST(JobScript, TakesTheMultiNodeEnvironmentForSeveralNodesOnly) {
  JobRequest request = small_request();
  request.site.environment = {{"NCCL_NET", "Socket"}};
  request.site.environment_multinode = {{"NCCL_NET", "AWS Libfabric"}};
  EXPECT_TRUE(has_line(job_script(request), "  export NCCL_NET=Socket"));
  request.shape.nodes = 2;
  EXPECT_TRUE(has_line(job_script(request), "  export NCCL_NET='AWS Libfabric'"));
  EXPECT_FALSE(has_line(job_script(request), "  export NCCL_NET=Socket"));
}

TEST(JobScript, LeavesTimeToWriteTheExitRecord) {
  EXPECT_EQ(grace_within(Seconds{5}), Seconds{3});
  EXPECT_EQ(grace_within(Seconds{10}), Seconds{7});
  EXPECT_EQ(grace_within(Seconds{30}), Seconds{22});
  EXPECT_EQ(grace_within(Seconds{60}), Seconds{50});
  EXPECT_EQ(grace_within(Seconds{300}), Seconds{290});
  EXPECT_EQ(grace_within(Seconds{0}), Seconds{1});
}

TEST(JobScript, ComesFromTheTemplateOfTheSiteWhereThereIsOne) {
  test::TempFolder folder;
  JobRequest request = small_request();
  request.site.job_template = folder.write("own.sh", "#!/bin/sh\necho {{token}}\n{{> job/task}}\n").string();
  const std::string script = job_script(request);
  EXPECT_EQ(script.rfind("#!/bin/sh\necho abc\n# Sets `line` to the line of the task file", 0), 0u) << script;
}

TEST(JobScript, RefusesALineEndWhereItWouldEndAComment) {
  JobRequest request = small_request();
  request.site.name = "x\nreboot";
  EXPECT_EQ(error_text([&] { job_script(request); }),
            "the name of the site 'x\\x0areboot' has a control character; a job script cannot carry it");
}

TEST(JobScript, SaysWhenASchedulerHasNoTemplate) {
  JobRequest request = small_request();
  request.site.scheduler = "lsf";
  EXPECT_EQ(error_text([&] { job_script(request); }), "there is no template lsf/job.sh.mustache");
}

}  // namespace
}  // namespace tt::render
