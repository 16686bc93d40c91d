// tt-submit: run folders → jobs → states, logs, summaries. The one tool that talks to a scheduler. Here it is only put
// together: each command, or small family of them, is a file of its own, flags and what they do side by side.
#include "submit_acting.hpp"
#include "submit_background.hpp"
#include "submit_log.hpp"
#include "submit_looking.hpp"
#include "submit_reading.hpp"
#include "submit_run.hpp"
#include "submit_site.hpp"
#include "submit_watch.hpp"
#include "tool_main.hpp"
#include "tt/base/large_pages.hpp"
#include "tt/flow/inspect.hpp"

int main(int argc, char** argv) {
  using namespace tt::tool;
  tt::prefer_large_pages();
  Tool tool("tt-submit", "Runs sweeps: submits what is not done, follows it, collects logs, ranks.",
            "  Run a sweep to its ranking:    tt-submit run sweeps/tiny/tiny.yaml\n"
            "  See where it stands:           tt-submit status\n"
            "  Why a run failed:              tt-submit explain _bs2_lr0.003_tp1\n");
  // In the order of --help.
  add_run_command(tool);
  add_status_command(tool);
  add_watch_command(tool);
  add_wait_command(tool);
  add_explain_command(tool);
  add_logs_command(tool);
  add_acting_commands(tool);
  add_reading_commands(tool);
  add_site_command(tool);
  add_background_commands(tool);
  tool.complete_with([&](const std::vector<std::string>& words) {  // `run` takes files: the shell's own
    return words[0] == "run" ? std::vector<std::string>{} : tt::flow::names_of_runs(tool.look_around());
  });
  return tool.main(argc, argv);
}
