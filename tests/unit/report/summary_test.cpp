#include "tt/report/summary.hpp"

#include <gtest/gtest.h>

#include "support/log_support.hpp"

namespace tt::report {
namespace {

Summary finished() {
  Summary s;
  s.run.id = {"r0123456789abcdef"};
  s.run.name = "_bs8_tp2";
  s.run.model = "llama3_8b";
  s.run.sweep = "parallelism";
  s.run.site = "laptop";
  s.run.overrides = {{"training.local_batch_size", 8}, {"activation_checkpoint.mode", "full"}};
  s.run.environment = {{"NCCL_ALGO", "Ring"}};
  s.run.resources = {2, 4, 8, Seconds{1800}};
  s.run.torchtitan = {"0.2.2", "0.2.2", "sweep"};
  s.run.tool_version = "0.1.0";
  s.state = RunState::finished;
  s.why = "5 steps done";
  s.attempts = {{1, "finished", "4711_3", "2026-03-01T12:00:00Z", "2026-03-01T12:10:00Z"}};
  s.metrics.steps = 5;
  s.metrics.warmup_steps_skipped = 1;
  s.metrics.tokens_per_second_per_gpu_median = 6543.4;
  s.metrics.tokens_per_second_per_gpu_p05 = 87.25;
  s.metrics.mfu_percent_median = 38.31;
  s.metrics.seconds_per_step_median = 1.0215;
  s.metrics.memory_gib_max = 47.65;
  s.metrics.loss_first = 8.11935;
  s.metrics.loss_last = 4.99649;
  return s;
}

Summary failed() {
  Summary s = finished();
  s.state = RunState::failed;
  s.why = "node n1 ended with exit status 1";
  s.metrics = {};
  s.diagnosis = test::diagnosed(test::recorded("failures/config-batch-size--1.txt"));
  return s;
}

TEST(SummaryRecord, HasTheKeysOfTheContract) {
  const Value record = summary_record(finished());
  EXPECT_EQ(record.text_or("schema"), "tt.summary/1");
  EXPECT_EQ(record.text_or("run"), "_bs8_tp2");
  EXPECT_EQ(record.text_or("state"), "finished");
  EXPECT_EQ(record.integer_or("attempts"), 1);
  EXPECT_EQ(record.at("metrics").at("tokens_per_second_per_gpu_median"), Value(6543.4));
  EXPECT_EQ(record.at("metrics").at("tflops_median"), Value());
  for (const auto* key : {"diagnosis", "estimate", "measured_comm"}) {
    ASSERT_NE(record.find(key), nullptr) << key;
    EXPECT_TRUE(record.at(key).is_null()) << key;
  }
}

TEST(SummaryRecord, CarriesDiagnosisAndEstimate) {
  Summary s = failed();
  s.estimate = Value::object().set("schema", "tt.comm.estimate/1").set("model", "published");
  const Value record = summary_record(s);
  EXPECT_EQ(record.at("diagnosis").text_or("cause"), "config-batch-size");
  EXPECT_EQ(record.at("estimate").text_or("model"), "published");
  EXPECT_TRUE(record.at("metrics").at("steps").is_null());
}

TEST(SummaryPage, OfAFinishedRun) {
  EXPECT_EQ(summary_markdown(finished()),
            "# \\_bs8\\_tp2\n"
            "\n"
            "**finished**: 5 steps done\n"
            "\n"
            "model `llama3_8b`, sweep `parallelism`, site `laptop`\n"
            "\n"
            "## Settings\n"
            "\n"
            "| key | value |\n"
            "|---|---|\n"
            "| `training.local_batch_size` | `8` |\n"
            "| `activation_checkpoint.mode` | `full` |\n"
            "\n"
            "## Resources\n"
            "\n"
            "8 GPUs on 2 nodes, 4 per node, time limit 00:30:00.\n"
            "\n"
            "| environment | value |\n"
            "|---|---|\n"
            "| `NCCL_ALGO` | `Ring` |\n"
            "\n"
            "## Metrics\n"
            "\n"
            "| what | value | unit |\n"
            "|---|---:|---|\n"
            "| steps | 5 |  |\n"
            "| warm-up left out | 1 | steps |\n"
            "| speed, median | 6,543 | tokens/s per GPU |\n"
            "| speed, 5th percentile | 87.2 | tokens/s per GPU |\n"
            "| compute, median | - |  |\n"
            "| MFU, median | 38.31 | % |\n"
            "| time of a step, median | 1.022 | s |\n"
            "| time of a step, 95th percentile | - |  |\n"
            "| memory, highest | 47.65 | GiB per GPU |\n"
            "| loss, first | 8.11935 |  |\n"
            "| loss, last | 4.99649 |  |\n"
            "| gradient norm, last | - |  |\n"
            "\n"
            "## Versions\n"
            "\n"
            "| what | value |\n"
            "|---|---|\n"
            "| TorchTitan | `0.2.2` |\n"
            "| configuration era | `0.2.2` |\n"
            "| tt | `0.1.0` |\n"
            "\n"
            "## Attempts\n"
            "\n"
            "| attempt | state | job | started | ended |\n"
            "|---:|---|---|---|---|\n"
            "| 1 | finished | 4711\\_3 | 2026-03-01T12:00:00Z | 2026-03-01T12:10:00Z |\n");
}

TEST(SummaryPage, OfAFailedRunShowsTheLineAndTheRemedy) {
  const auto page = summary_markdown(failed());
  const std::string wanted =
      "## Diagnosis\n"
      "\n"
      "**config-batch-size** (sure), every rank. Retry class: no-retry.\n"
      "\n"
      "`log.txt:21`\n"
      "\n"
      "```text\n"
      "[rank0]:[rank0]: AssertionError: global batch size must be multiple of local batch size times data-parallel "
      "degree (7 % (2 * 2) != 0)\n"
      "```\n"
      "\n"
      "What to do: Correct global\\_batch\\_size.\n";
  EXPECT_NE(page.find(wanted), std::string::npos) << page;
  EXPECT_NE(page.find("## Metrics\n\nNo step was logged.\n"), std::string::npos);
}

TEST(SummaryPage, SaysSoWhenNoCauseWasFound) {
  Summary s = failed();
  s.diagnosis = logs::Diagnosis{};
  s.diagnosis->verdict = logs::DiagnosisVerdict::failed;
  EXPECT_NE(summary_markdown(s).find("## Diagnosis\n\nNo cause was found.\n"), std::string::npos);
}

TEST(SummaryPage, HoldsTheEstimateOnce) {
  Summary s = finished();
  s.estimate = Value::object().set("schema", "tt.comm.estimate/1").set("model", "published");
  const auto page = summary_markdown(s);
  const auto mark = page.find("<!-- tt:estimate -->");
  ASSERT_NE(mark, std::string::npos);
  EXPECT_EQ(page.find("<!-- tt:estimate -->", mark + 1), std::string::npos);
  EXPECT_TRUE(page.ends_with("<!-- /tt:estimate -->\n"));
}

TEST(SummaryPage, CannotBeBrokenByALogLine) {
  Summary s = failed();
  s.diagnosis->evidence = "```\n# not a title";
  s.run.overrides = {{"a.b", "x|y`z"}};
  const auto page = summary_markdown(s);
  EXPECT_NE(page.find("````text\n```\\x0a# not a title\n````\n"), std::string::npos) << page;
  EXPECT_NE(page.find("| `a.b` | `` x\\|y`z `` |\n"), std::string::npos) << page;
}

}  // namespace
}  // namespace tt::report
