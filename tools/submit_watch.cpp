#include "submit_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "submit_printing.hpp"
#include "submit_staying.hpp"
#include "submit_targets.hpp"
#include "tt/base/live_screen.hpp"
#include "tt/base/log.hpp"
#include "tt/flow/watch.hpp"
#include "tt/render/quote.hpp"

namespace tt::tool {
namespace {

using Words = std::vector<std::string>;

constexpr Seconds kBetweenFrames{1.0};
constexpr Seconds kBetweenReadings{2.0};

std::string as_typed(const Words& words) {
  std::string text;
  for (const std::string& word : words) text += " " + render::shell_word(word);
  return text;
}

std::string time_of_day(Instant now) {
  const std::string iso = iso_time(now);  // 2026-03-01T12:00:00Z
  return iso.substr(11, 8) + " UTC";
}

// The screen from look to look: keeps what was seen, reads how far trainings are, draws.
class View {
 public:
  View(const Tool& tool, const Targets& targets, const Words& words)
      : tool_(tool), targets_(targets), what_(as_typed(words)), screen_(stdout) {
    const CommonFlags& given = tool.flags();
    if (!given.workspace.empty()) flags_ += as_typed({"--workspace", given.workspace});
    if (!given.site.empty()) flags_ += as_typed({"--site", given.site});
    runs_ = targets.runs();
    draw();
  }
  ~View() { screen_.leave(); }
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  void take(const flow::Look& look) {
    runs_ = look.runs;
    retries_ = look.retries;
    trouble_.clear();
    for (const flow::SiteAnswer& site : look.refreshed.sites) {
      if (!site.asked) trouble_.push_back(fmt::format("{}: {} (states are as last heard)", site.site, site.why));
    }
    if (trouble_.empty()) asked_ = now();
    in_vain_.clear();
    for (const AttemptKey& key : look.refreshed.hopeless) {
      for (const flow::RunView& run : runs_) {
        if (run.id == key.run) in_vain_.push_back(run.name);
      }
    }
    draw();
  }

  void pass(Seconds pause) {
    const Instant until = now() + std::chrono::duration_cast<Instant::duration>(pause);
    while (now() < until && !was_interrupted()) {
      targets_.around.clock->sleep(std::min(kBetweenFrames, Seconds(until - now())));
      draw();
    }
  }

  void leave() { screen_.leave(); }
  void wipe() { screen_.wipe(); }

 private:
  Instant now() const { return targets_.around.clock->now(); }

  void draw() {
    const Terminal terminal = tool_.out();
    if (!read_ || Seconds(now() - *read_) >= kBetweenReadings) {
      progress_.read(flow::running_of(runs_), terminal.height);
      read_ = now();
    }
    WatchState state = flow::watch_state(runs_, retries_, progress_, now());
    state.title = flow::title_of(runs_, targets_.around.site.profile.name);
    state.time = time_of_day(now());
    if (asked_) state.asked_ago = now() - *asked_;
    state.could_not_ask = trouble_;
    state.in_vain = in_vain_;
    state.said = said_;
    state.what = what_;
    state.flags = flags_;
    screen_.draw(report::watch_lines(state, terminal), terminal.width, terminal.height);
  }

  const Tool& tool_;
  const Targets& targets_;
  std::string what_;
  std::string flags_;
  std::optional<std::string> said_;
  log::Diversion conversation_{[this](const std::string& sentence) { said_ = sentence; }};
  LiveScreen screen_;  // goes away before the conversation comes back
  std::vector<flow::RunView> runs_;
  std::map<RunId, Instant> retries_;
  std::vector<std::string> trouble_;
  std::vector<std::string> in_vain_;
  std::optional<Instant> asked_;
  std::optional<Instant> read_;
  flow::RunningProgress progress_;
};

flow::FollowEnd follow_until_interrupted(Targets& targets, flow::FollowOptions options) {
  watch_for_interrupt();
  options.interrupted = was_interrupted;
  return flow::follow(targets.around, targets.schedulers, targets.selection, options);
}

flow::FollowEnd follow_on_screen(const Tool& tool, Targets& targets, const Words& words) {
  View view(tool, targets, words);
  flow::FollowOptions options;
  options.on_look = [&](const flow::Look& look) { view.take(look); };
  options.pause = [&](Seconds pause) { view.pass(pause); };
  const flow::FollowEnd end = follow_until_interrupted(targets, std::move(options));
  end == flow::FollowEnd::interrupted ? view.leave() : view.wipe();
  return end;
}

flow::FollowEnd follow_in_lines(Targets& targets) {
  flow::RunChanges changes;
  flow::FollowOptions options;
  options.on_look = [&](const flow::Look& look) {
    for (const std::string& line : changes.lines(look.runs, targets.around.clock->now())) print(line + "\n");
    std::fflush(stdout);
  };
  const flow::FollowEnd end = follow_until_interrupted(targets, std::move(options));
  print(counts_text(targets.runs()) + "\n");
  std::fflush(stdout);  // before what is said on stderr
  return end;
}

flow::FollowEnd follow_for_a_record(Targets& targets) {
  std::vector<flow::SiteAnswer> sites;
  flow::FollowOptions options;
  options.on_look = [&](const flow::Look& look) { sites = look.refreshed.sites; };
  const flow::FollowEnd end = follow_until_interrupted(targets, std::move(options));
  print_record(status_record(targets.runs(), sites));
  return end;
}

ExitCode watch(Tool& tool, const Words& words) {
  Targets targets = find_targets(tool, words);
  tool.keep_conversation(targets.around.workspace);
  const bool on_screen = !tool.flags().json && tool.out().can_rewrite;
  const flow::FollowEnd end = tool.flags().json ? follow_for_a_record(targets)
                              : on_screen       ? follow_on_screen(tool, targets, words)
                                                : follow_in_lines(targets);
  if (end == flow::FollowEnd::interrupted) {
    log::note("stopped watching; the runs go on");
    return ExitCode::interrupted;
  }
  const std::vector<flow::RunView> runs = targets.runs();
  if (on_screen) print(ranking_text(runs, tool.out()));
  tell_next_step(targets.around.workspace, runs);
  return all_finished(runs) ? ExitCode::done : ExitCode::partly;
}

}  // namespace

void add_watch_command(Tool& tool) {
  const auto words = std::make_shared<Words>();
  add_targets(
      tool.command("watch", "Shows runs while they run: a live screen on a terminal, a line for each change elsewhere.",
                   "  Until all is done:             tt-submit watch\n"
                   "  Some runs:                     tt-submit watch '_bs2_*'\n",
                   [&tool, words] { return watch(tool, *words); }),
      *words);
}

}  // namespace tt::tool
