#include "tt/render/job_script.hpp"

#include <gtest/gtest.h>

#include "support/golden.hpp"
#include "tt/scheduler/pbs_directives.hpp"
#include "tt/site/profile.hpp"

namespace tt::render {
namespace {

TEST(JobScriptGolden, LocalIsAsItWas) {
  JobRequest request;
  request.token = Token{"abcdefgh23"};
  request.site = site::load_profile("laptop");
  request.site.setup = {"source /opt/venv/bin/activate"};
  request.site.environment = {{"OMP_NUM_THREADS", "8"}, {"GREETING", "it's a test"}};
  request.submission_folder = "/home/user/my sweeps/submissions/abcdefgh23";
  test::expect_golden("job_script/local.sh", job_script(request));
}

TEST(JobScriptGolden, SlurmOnTwoNodesIsAsItWas) {
  JobRequest request;
  request.token = Token{"abcdefgh23"};
  request.site = site::load_profile("slurm");
  request.site.setup = {"module load pytorch"};
  request.site.launcher_words = {"--cpu-bind=none", "--network=a b"};
  request.site.environment_multinode = {{"NCCL_SOCKET_IFNAME", "hsn"}};
  request.shape = {2, 8, 16, Seconds{1800}};
  request.directives = {"#SBATCH --nodes=2", "#SBATCH --constraint=\"gpu&hbm80g\""};
  request.submission_folder = "/home/user/my sweeps/submissions/abcdefgh23";
  test::expect_golden("job_script/slurm.sh", job_script(request));
}

// The job of a manual page: two nodes of Polaris.
TEST(JobScriptGolden, TwoNodesOfPolarisAreAsTheyWere) {
  scheduler::SubmitRequest submit;
  submit.token = Token{"abcdefgh23"};
  submit.submission = "/lus/eagle/projects/MyProject/alice/submissions/abcdefgh23";
  submit.script = submit.submission / "job.sh";
  submit.indices = {0, 1, 2};
  submit.throttle = 2;
  submit.shape = {2, 4, 8, Seconds{1800}};
  submit.walltime = submit.shape.walltime;

  JobRequest request;
  request.token = submit.token;
  request.site = site::load_profile("polaris");
  request.site.account = "MyProject";
  request.shape = submit.shape;
  request.submission_folder = submit.submission;
  request.submitter = {{"HOME", "/home/alice"}, {"LANG", "C.UTF-8"}, {"PATH", "/home/alice/bin:/usr/bin:/bin"}};
  request.directives = scheduler::pbs::directives(submit, request.site);
  test::expect_golden("job_script/polaris.sh", job_script(request));
}

}  // namespace
}  // namespace tt::render
