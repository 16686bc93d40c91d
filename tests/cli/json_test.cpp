// --json: every command of the three tools prints exactly one record, and the files of a run keep their contract.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "support/tools.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"

namespace {

using testing::HasSubstr;
using tt::Value;
using tt::test::Workspace;

// What a record must hold: "runs[].since: string|null" is every `since` of a list that is not empty.
using Contract = std::vector<std::string>;

std::vector<const Value*> values_at(const Value& record, const std::string& path) {
  std::vector<const Value*> found{&record};
  for (std::string step : tt::split(path, '.')) {
    const bool each = step.ends_with("[]");
    if (each) step.resize(step.size() - 2);
    std::vector<const Value*> next;
    for (const Value* value : found) {
      const Value* inner = value->find(step);
      if (inner == nullptr || (each && (!inner->is_list() || inner->as_list().empty()))) {
        ADD_FAILURE() << path << ": no " << step << " in " << tt::to_json(*value).substr(0, 300);
        continue;
      }
      if (!each)
        next.push_back(inner);
      else
        for (const Value& one : inner->as_list()) next.push_back(&one);
    }
    found = next;
  }
  return found;
}

bool is_a(const Value& value, const std::string& kind) {
  return kind == "number" ? value.is_number() : tt::kind_name(value.kind()).ends_with(kind);
}

void expect_contract(const Value& record, const std::string& schema, const Contract& contract) {
  EXPECT_EQ(record.text_or("schema"), schema);
  for (const std::string& promise : contract) {
    const std::size_t colon = promise.find(": ");
    const std::vector<std::string> kinds = tt::split(promise.substr(colon + 2), '|');
    for (const Value* value : values_at(record, promise.substr(0, colon))) {
      EXPECT_TRUE(std::any_of(kinds.begin(), kinds.end(), [&](const std::string& kind) { return is_a(*value, kind); }))
          << promise << ", found " << tt::kind_name(value->kind());
    }
  }
}

const Contract kSchema = {"era: string",
                          "keys[].key: string",
                          "keys[].type: string",
                          "keys[].choices: list|null",
                          "keys[].default: boolean|integer|number|string|list|null",
                          "keys[].note: string"};

const Contract kPlan = {"sweep: string",
                        "runs[].name: string",
                        "runs[].model: string",
                        "runs[].folder: string",
                        "runs[].overrides: table",
                        "runs[].environment: table",
                        "runs[].nodes: integer",
                        "runs[].gpus_per_node: integer",
                        "runs[].gpus: integer",
                        "runs[].world: integer",
                        "runs[].walltime_seconds: integer",
                        "runs[].repeat: integer|null",
                        "runs[].estimate.comm_wire_bytes_per_step_max: integer|null",
                        "runs[].estimate.memory_verdict: string",
                        "runs[].estimate.between_nodes_share: number|null",
                        "runs[].estimate.memory_gib: number|null",
                        "runs[].estimate.step_seconds: number|null",
                        "runs[].estimate.gpu_hours: number|null",
                        "skipped[].name: string",
                        "skipped[].overrides: table",
                        "skipped[].rule: string",
                        "skipped[].reason: string",
                        "skipped_truncated: boolean",
                        "counts_by_rule: table",
                        "filtered: integer|null",
                        "totals.runs: integer",
                        "totals.skipped: integer",
                        "totals.gpu_hours: number",
                        "totals.nodes_max: integer"};

const Contract kStatus = {"runs[].name: string",
                          "runs[].folder: string",
                          "runs[].sweep: string",
                          "runs[].state: string",
                          "runs[].raw_state: string|null",
                          "runs[].index: integer|null",
                          "runs[].reason: string|null",
                          "runs[].job: string|null",
                          "runs[].submission: string|null",
                          "runs[].site: string|null",
                          "runs[].attempt: integer|null",
                          "runs[].since: string|null",
                          "counts: table",
                          "sites: list"};

const Contract kSubmissions = {"submissions[].site: string",       "submissions[].scheduler: string",
                               "submissions[].token: string",      "submissions[].runs[].run: string",
                               "submissions[].array: string|null", "submissions[].argv: list",
                               "submissions[].workdir: string",    "submissions[].environment_names[]: string",
                               "submissions[].script: string",     "submissions[].limits_as_of: string|null"};

const Contract kRun = {"id: string",
                       "name: string",
                       "model: string",
                       "sweep: string",
                       "site: string",
                       "overrides: table",
                       "environment: table",
                       "resources.nodes: integer",
                       "resources.gpus_per_node: integer",
                       "resources.gpus: integer",
                       "resources.walltime_seconds: integer",
                       "repeat_group: string",
                       "fingerprint.settings: string",
                       "fingerprint.content: string",
                       "torchtitan.version: string",
                       "torchtitan.era: string",
                       "torchtitan.source: string",
                       "launch.script: string",
                       "launch.apply: string",
                       "launch.config: string",
                       "launch.arguments: list",
                       "tool_version: string"};

const Contract kTrace = {"files[].file: string",
                         "files[].rank: integer",
                         "files[].rows[].group_desc: string",
                         "files[].rows[].ranks: list",
                         "files[].rows[].op: string",
                         "files[].rows[].dtype: string",
                         "files[].rows[].calls: integer",
                         "files[].rows[].in_bytes: integer",
                         "files[].rows[].out_bytes: integer",
                         "files[].rows[].logical_bytes: integer"};
const Contract kBlock = {"model: string",
                         "forward_reduce_scatter_mib: number",
                         "forward_all_gather_mib: number",
                         "backward_reduce_scatter_mib: number",
                         "backward_all_gather_mib: number",
                         "total_mib: number",
                         "pipeline_block_mib: number"};

const Contract kExplanation = {"name: string", "folder: string", "state: string", "next: string",
                               "diagnosis: table|null"};

const Contract kDiagnosis = {"verdict: string",
                             "cause: string|null",
                             "tier: integer|string|null",
                             "confidence: string",
                             "rank: integer|null",
                             "node: integer|string|null",
                             "local_rank: integer|null",
                             "all_ranks: boolean",
                             "file: string",
                             "line: integer|null",
                             "evidence: string",
                             "also: list",
                             "retry: string",
                             "remedy: string"};

struct Case {
  std::string command;  // "tt-sweep plan sweep.yaml": as typed, without --json
  std::string schema;
  Contract contract;
  int status = 0;
};

// In this order: what acts on runs comes last.
std::vector<Case> cases() {
  const std::string profile = (std::filesystem::path(TT_SOURCE_DIR) / "site/laptop.toml").string();
  const std::string recording =
      std::string(TT_SOURCE_DIR) + "/tests/transcripts/traces/param-comms-fsdp2-tp2.rank0.json";
  return {
      {"tt-sweep init base.toml", "tt.starter/1", {"text: string"}},
      {"tt-sweep init base.toml -o first.yaml", "tt.starter/1", {"file: string"}},
      {"tt-sweep check sweep.yaml", "tt.check/1", {"sweep: string", "runs: integer", "skipped: integer"}},
      {"tt-sweep plan sweep.yaml", "tt.plan/1", kPlan},
      {"tt-sweep expand sweep.yaml --dry-run", "tt.expand/1", {"runs[].name: string", "runs[].outcome: string"}},
      {"tt-sweep expand sweep.yaml", "tt.expand/1", {"runs[].name: string", "runs[].folder: string", "orphans: list"}},
      {"tt-sweep list sweep.yaml", "tt.list/1", {"folders[]: string"}},
      {"tt-sweep list sweep.yaml --index 1", "tt.list/1", {"folders[]: string"}},
      {"tt-sweep show _bs1_tp1", "tt.run/1", kRun},
      {"tt-sweep schema checkpoint --era 0.2.1", "tt.schema/1", kSchema},
      {"tt-sweep schema training.batch_size",
       "tt.schema/1",
       {"era: string", "keys[].key: string", "eras[].era: string", "eras[].key: string", "eras[].type: string",
        "changes[].old: string", "changes[].new: string|null", "changes[].since: string|null",
        "changes[].transform: string", "changes[].values: string"}},
      {"tt-sweep diff _bs1_tp1 _bs2_tp1", "tt.diff/1", {"differences[].key: string"}},
      {"tt-sweep diff _bs1_tp1", "tt.diff/1", {"differences: list"}},
      {"tt-sweep explain sweep.yaml _bs1_tp1",
       "tt.explain/1",
       {"points[].name: string|null", "points[].values[].key: string", "points[].values[].value: string",
        "points[].values[].section: string", "points[].values[].line: integer|null",
        "points[].values[].by: string|null", "points[].cuts: list"}},
      {"tt-submit run sweep.yaml --dry-run --again", "tt.submissions/1", kSubmissions},
      {"tt-submit run sweep.yaml --dry-run", "tt.submissions/1", {"submissions: list"}},
      {"tt-submit run sweep.yaml", "tt.status/1", kStatus},
      {"tt-submit run sweep.yaml --no-wait", "tt.status/1", kStatus},
      {"tt-submit status", "tt.status/1", kStatus},
      {"tt-submit status _bs1_tp1", "tt.status/1", kStatus},
      {"tt-submit wait sweep.yaml", "tt.status/1", kStatus},
      {"tt-submit watch sweep.yaml", "tt.status/1", kStatus},
      {"tt-submit explain _bs1_tp1", "tt.explanation/1", kExplanation},
      {"tt-submit explain _sl512", "tt.explanation/1", kExplanation},
      {"tt-submit logs _bs1_tp1", "tt.log/1", {"run: string", "attempt: integer", "file: string", "text: string"}},
      {"tt-submit collect", "tt.status/1", kStatus},
      {"tt-submit summary", "tt.summaries/1", {"summaries[].schema: string", "summaries[].state: string"}},
      {"tt-submit summary _bs1_tp1", "tt.summaries/1", {"summaries[].schema: string"}},
      {"tt-submit site list", "tt.sites/1", {"sites[].name: string", "sites[].scheduler: string"}},
      {"tt-submit site show laptop", "tt.site/1", {"name: string", "text: string"}},
      {"tt-submit site check " + profile, "tt.site-check/1", {"name: string"}},
      {"tt-comm block --hidden_size 4096 --seq_length 1024 --batch_size 8 --tp_size 2", "tt.comm.block/1", kBlock},
      {"tt-comm analyze", "tt.comm.analysis/1", {"model: string", "cases[].name: string"}},
      {"tt-comm estimate --arch llama3_8b --tp 8 --seq-len 8192 --hardware h100",
       "tt.comm.estimate/1",
       {"model: string", "profile: string", "arch: string", "shape.tp: integer", "groups.tp.size: integer",
        "ranks[].pp_rank: integer", "ranks[].layers: integer", "ranks[].total: table", "ranks[].by_phase: table",
        "ranks[].link_seconds: table", "ranks[].memory.verdict: string", "step_seconds.total: number",
        "parameters: integer", "flops_per_token: integer", "warnings: list", "control: list"}},
      {"tt-comm time --op all_gather --bytes 1000000 --group 8 --nodes 1 --hardware h100",
       "tt.comm.time/1",
       {"seconds: number"}},
      {"tt-comm mfu --arch llama3_8b --seq-len 8192 --tps 5762 --device H100",
       "tt.comm.mfu/1",
       {"mfu_percent: number", "peak_flops: number"}},
      {"tt-comm advise --arch llama3_8b --gpus 16 --seq-len 8192 --global-batch 64 --hardware h100",
       "tt.comm.advice/1",
       {"considered: integer", "illegal: integer", "too_large: integer", "layouts[].shape: table",
        "layouts[].step_seconds: number", "layouts[].bound_by: string", "layouts[].memory: table",
        "layouts[].comm_wire_bytes_per_step_max: integer"}},
      {"tt-comm calibrate _bs1_tp1 --hardware h100",
       "tt.comm.calibration/1",
       {"hardware: string", "runs: integer", "efficiency_eager: table|null", "contradictions: list"}},
      {"tt-comm append _bs1_tp1", "tt.append/1", {"summaries: integer"}},
      {"tt-comm trace " + recording, "tt.comm.trace/1", kTrace},
      {"tt-submit hold", "tt.status/1", kStatus},
      {"tt-submit release", "tt.status/1", kStatus},
      {"tt-submit cancel", "tt.status/1", kStatus},
      {"tt-submit retry --no-wait _bs1_tp1", "tt.status/1", kStatus, 3},  // it is finished: not tried
      {"tt-submit retry _sl512", "tt.status/1", kStatus, 3},              // fails again
      {"tt-submit run broken.yaml", "tt.status/1", kStatus, 3},
  };
}

// Two runs that finish, one point a rule refuses, and a run of another sweep that fails.
void run_both_sweeps(const Workspace& workspace) {
  const tt::ProcessResult good = workspace.submit({"run", "sweep.yaml"});
  ASSERT_EQ(good.status, 0) << good.out << good.err;
  const tt::ProcessResult bad = workspace.submit({"run", "broken.yaml"});
  ASSERT_EQ(bad.status, 3) << bad.out << bad.err;
}

class Json : public testing::Test {
 protected:
  Json() : workspace_({"broken", "  training.seq_len: [512]\n", "env: {STAND_IN_EXIT: \"3\"}\n", "00:05:00"}) {
    tt::rename_path(workspace_ / "sweep.yaml", workspace_ / "broken.yaml");
    workspace_.write_sweep({"story",
                            "  training.local_batch_size: [1, 2]\n  parallelism.tensor_parallel_degree: [1, 3]\n", "",
                            "00:05:00"});
  }
  Value file(const std::filesystem::path& path) const { return tt::parse_json(tt::test::read(path), path.string()); }
  Workspace workspace_;
};

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

TEST_F(Json, EveryCommandPrintsExactlyOneRecord) {
  run_both_sweeps(workspace_);
  for (const Case& one : cases()) {
    SCOPED_TRACE(one.command);
    std::vector<std::string> words = words_of(one.command + " --json");
    const std::string tool = words.front();
    words.erase(words.begin());
    const tt::ProcessResult result = workspace_.tool(tool, words);
    EXPECT_EQ(result.status, one.status) << result.out << result.err;
    Value record;
    ASSERT_NO_THROW(record = tt::parse_json(result.out, "stdout")) << result.out;
    expect_contract(record, one.schema, one.contract);
  }
}

TEST_F(Json, EveryCommandOfEveryToolIsAsked) {
  std::set<std::string> asked;
  for (const Case& one : cases()) {
    const std::vector<std::string> words = words_of(one.command);
    asked.insert(words[0] + " " + words[1]);
  }
  std::set<std::string> there;
  for (const char* tool : {"tt-sweep", "tt-submit", "tt-comm"}) {
    const std::string help = workspace_.tool(tool, {"--help"}).out;
    const std::size_t commands = help.find("Subcommands:");
    ASSERT_NE(commands, std::string::npos) << help;
    for (const std::string& line : tt::split_lines(help.substr(commands))) {
      if (line.starts_with("  ") && line.size() > 2 && line[2] != ' ')
        there.insert(std::string(tool) + " " + words_of(line).front());
    }
  }
  EXPECT_EQ(asked, there);
}

TEST_F(Json, TheFilesOfARunKeepTheirContract) {
  run_both_sweeps(workspace_);
  const std::filesystem::path run = workspace_.run("_bs1_tp1");
  expect_contract(file(run / "run.json"), "tt.run/1", kRun);
  expect_contract(
      file(run / "exit.json"), "tt.exit/1",
      {"run: string", "token: string", "attempt: integer", "restart_count: integer", "started: string", "ended: string",
       "job: string", "nodes[].name: string", "nodes[].status: integer", "nodes[].signal: null"});
  expect_contract(file(run / "claim-1"), "tt.claim/1",
                  {"run: string", "attempt: integer", "token: string", "index: integer", "job: string", "host: string",
                   "nonce: string", "revoked: boolean"});
  const std::string token = file(run / "exit.json").text_or("token");
  expect_contract(
      file(workspace_ / ("submissions/" + token + "/submission.json")), "tt.submission/1",
      {"token: string", "site: string", "scheduler: string", "runs[].run: string", "runs[].attempt: integer",
       "runs[].index: integer", "runs[].mode: string", "argv: list", "created: string"});
}

TEST_F(Json, ASummaryHasMetricsAndTheEstimateOfItsRelease) {
  run_both_sweeps(workspace_);
  const Value summary = file(workspace_.run("_bs1_tp1") / "summary.json");
  Contract contract = {"run: string", "state: string", "attempts: integer", "diagnosis: table|null",
                       "measured_comm: table|null"};
  for (const char* metric : {"steps", "warmup_steps_skipped"})
    contract.push_back(std::string("metrics.") + metric + ": integer");
  for (const char* metric : {"tokens_per_second_per_gpu_median", "tokens_per_second_per_gpu_p05", "tflops_median",
                             "mfu_percent_median", "memory_gib_max", "loss_first", "loss_last", "grad_norm_last"}) {
    contract.push_back(std::string("metrics.") + metric + ": number");
  }
  for (const char* metric : {"seconds_per_step_median", "seconds_per_step_p95"})
    contract.push_back(std::string("metrics.") + metric + ": number|null");
  expect_contract(summary, "tt.summary/1", contract);
  expect_contract(summary.at("estimate"), "tt.comm.estimate/1",
                  {"model: string", "profile: string", "arch: string|null", "shape.tp: integer", "step_seconds: null",
                   "warnings: list"});
  EXPECT_EQ(summary.at("estimate").text_or("model"), "titan");
  EXPECT_EQ(summary.at("estimate").text_or("profile"), "titan-0.2.2");
}

TEST_F(Json, TheDiagnosisOfAFailedRunIsComplete) {
  run_both_sweeps(workspace_);
  const Value diagnosis = file(workspace_.run("_sl512") / "summary.json").at("diagnosis");
  expect_contract(diagnosis, "", kDiagnosis);
  EXPECT_EQ(diagnosis.text_or("verdict"), "failed");
}

TEST_F(Json, AnErrorLeavesStdoutEmpty) {
  for (const char* command : {"plan nowhere.yaml --json", "show nothing --json"}) {
    const tt::ProcessResult result = workspace_.sweep(words_of(command));
    EXPECT_EQ(result.status, 2) << command;
    EXPECT_EQ(result.out, "") << command;
    EXPECT_NE(result.err, "") << command;
  }
}

}  // namespace
