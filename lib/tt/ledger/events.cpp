#include "tt/ledger/events.hpp"

#include "tt/job/index_list.hpp"

namespace tt {

std::string to_string(CancelAs as) { return as == CancelAs::cancelled ? "cancelled" : "preempted"; }

std::optional<CancelAs> parse_cancel_as(std::string_view word) {
  if (word == "cancelled") return CancelAs::cancelled;
  if (word == "preempted") return CancelAs::preempted;
  return std::nullopt;
}

namespace ledger {
namespace {

Value run_list(const std::vector<RunId>& runs) {
  Value list = Value::array();
  for (const RunId& run : runs) list.push(run.text);
  return list;
}

Value planned_value(const PlannedTask& task) {
  return Value::object()
      .set("run", task.run.text)
      .set("name", task.name)
      .set("folder", task.folder)
      .set("attempt", task.attempt)
      .set("index", task.index)
      .set("mode", to_string(task.mode));
}

// Sets "event" and the fields of one kind of event.
struct Fields {
  Value& line;

  Value& kind(const char* name) const { return line.set("event", name); }
  void asked(const Asked& what) const {
    if (what.says_anything()) line.set("asked", to_value(what));
  }
  Value& attempt(const AttemptKey& key) const { return line.set("run", key.run.text).set("attempt", key.attempt); }

  void operator()(const Intent& e) const {
    Value runs = Value::array();
    for (const PlannedTask& task : e.runs) runs.push(planned_value(task));
    kind("intent").set("token", e.token.text).set("site", e.site).set("scheduler", e.scheduler).set("sweep", e.sweep);
    line.set("runs", std::move(runs));
    if (e.replaces) line.set("replaces", e.replaces->text);
    if (e.by) {
      line.set("by", Value::object()
                         .set("host", e.by->host)
                         .set("pid", static_cast<std::int64_t>(e.by->process.pid))
                         .set("start_ticks", static_cast<std::int64_t>(e.by->process.start_ticks))
                         .set("boot_id", e.by->process.boot_id));
    }
    asked(e.asked);
  }
  void operator()(const Answered& e) const { kind("answered").set("token", e.token.text).set("job", e.job.text); }
  void operator()(const Refused& e) const { kind("refused").set("token", e.token.text).set("reason", e.reason); }
  void operator()(const NoAnswer& e) const { kind("no-answer").set("token", e.token.text).set("why", e.why); }
  void operator()(const Adopted& e) const {
    kind("adopted").set("token", e.token.text).set("job", e.job.text).set("by", e.by);
    if (!e.runs.empty()) line.set("runs", run_list(e.runs));
  }
  void operator()(const Absent& e) const {
    kind("absent").set("token", e.token.text);
    if (!e.runs.empty()) line.set("runs", run_list(e.runs));
  }
  template <class Kind>
  void what_was_seen(const Kind& e) const {
    line.set("state", to_string(e.state)).set("raw", e.raw).set("reason", e.reason);
    line.set("since", e.since ? Value(iso_time(*e.since)) : Value());
    if (e.hopeless) line.set("hopeless", true);
  }
  void operator()(const Seen& e) const {
    kind("seen");
    attempt(e.attempt).set("token", e.token.text);
    what_was_seen(e);
  }
  void operator()(const SeenTogether& e) const {
    kind("seen-together").set("token", e.token.text).set("tasks", index_list(e.indices));
    what_was_seen(e);
  }
  void operator()(const CancelWanted& e) const {
    Value list = Value::array();
    for (const AttemptKey& key : e.attempts) {
      list.push(Value::object().set("run", key.run.text).set("attempt", key.attempt));
    }
    kind("cancel-wanted").set("as", to_string(e.as)).set("attempts", std::move(list));
  }
  void operator()(const Ended& e) const {
    kind("ended");
    attempt(e.attempt).set("token", e.token.text).set("state", to_string(e.state)).set("cause", e.cause);
    if (!e.node.empty()) line.set("node", e.node);
    if (e.over) line.set("over", iso_time(*e.over));
    if (e.unclaimed) line.set("unclaimed", true);
  }
  void operator()(const Renamed& e) const {
    kind("renamed").set("run", e.run.text).set("from", e.from).set("to", e.to).set("folder", e.folder.string());
  }
  void operator()(const RetryUsed& e) const {
    kind("retry-used");
    attempt(e.attempt).set("cause", e.cause);
  }
  void operator()(const Again& e) const {
    kind("again");
    attempt(e.attempt);
  }
  void operator()(const Waits& e) const {
    Value runs = Value::array();
    for (const PlannedTask& task : e.runs) runs.push(planned_value(task));
    kind("waits").set("sweep", e.sweep).set("runs", std::move(runs)).set("why", e.why);
    if (e.after) line.set("after", e.after->text);
    if (e.at_most > 0) line.set("at_most", e.at_most);
    if (!e.site.empty()) line.set("site", e.site);
    asked(e.asked);
  }
  void operator()(const WaitsNoMore& e) const {
    kind("waits-no-more").set("runs", run_list(e.runs));
    if (e.cancelled) line.set("cancelled", true);
  }
  void operator()(const Stopped& e) const {
    kind("stopped").set("sweep", e.sweep).set("cause", e.cause).set("times", e.times);
  }
  void operator()(const GoesOn& e) const { kind("goes-on").set("sweep", e.sweep); }
  void operator()(const Policy& e) const { kind("policy").set("sweep", e.sweep).set("stop_after", e.stop_after); }
  void operator()(const UnknownEvent&) const {}
};

}  // namespace

std::string to_line(const Event& event) {
  if (const auto* unknown = std::get_if<UnknownEvent>(&event.body)) return unknown->json;
  Value line = Value::object().set("time", iso_time(event.time));
  std::visit(Fields{line}, event.body);
  return to_json(line);
}

}  // namespace ledger
}  // namespace tt
