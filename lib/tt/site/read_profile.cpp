#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <span>

#include "tt/base/files.hpp"
#include "tt/base/text.hpp"
#include "tt/config/document.hpp"
#include "tt/site/profile.hpp"

// The schema is explained, field by field, in site/laptop.toml.
namespace tt::site {
namespace {

const std::vector<std::string> kSchedulers{"local", "slurm", "pbs"};
const std::vector<std::string> kLaunchers{"none", "srun", "mpiexec-pals", "ibrun", "mpirun", "pbsdsh", "pbs_tmrsh", "ssh"};
const std::vector<std::string> kAccounting{"sacct", "qstat-x", "none"};
const std::vector<std::string> kCron{"crontab", "scrontab", "systemd", "none"};
const std::vector<std::string> kTables{"detect", "node",       "limits", "queue",       "launch",  "environment",
                                       "setup",  "rendezvous", "caches", "filesystems", "hardware"};

bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }

bool is_site_name(std::string_view name) {
  const auto fits = [](char c) { return is_ascii_letter(c) || is_ascii_digit(c) || c == '-' || c == '_' || c == '.'; };
  return !name.empty() && (is_ascii_letter(name[0]) || is_ascii_digit(name[0])) &&
         std::all_of(name.begin(), name.end(), fits);
}

bool is_variable_name(std::string_view name) {
  const auto fits = [](char c) { return is_ascii_letter(c) || is_ascii_digit(c) || c == '_'; };
  return !name.empty() && !is_ascii_digit(name[0]) && std::all_of(name.begin(), name.end(), fits);
}

bool is_internet(const std::string& word) {
  return word == "yes" || word == "no" || word == "nat" || word.starts_with("http://") || word.starts_with("https://");
}

bool is_rendezvous_host(const std::string& rule) {
  if (rule == "hostname" || rule == "address") return true;
  const auto names_something = [&](std::string_view kind) {
    return rule.starts_with(kind) && rule.size() > kind.size();
  };
  return names_something("suffix:") || names_something("domain:");
}

std::string quoted_list(const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  for (const std::string& word : words) quoted.push_back("'" + word + "'");
  return join(quoted, ", ");
}

// Reads keys into fields. A key that was asked for is a known key; all others are unknown.
class Reader {
 public:
  explicit Reader(const SourceRef& source) : source_(source), document_(config::Document::parse(source)) {}

  // What may stand in a text: shell lines of the author may have tabs and line ends.
  enum class Lines { one, many };

  void text(const std::string& key, std::string& field) {
    if (const auto value = known(key)) {
      if (!value->is_string()) return wrong_kind(key, "a string", *value);
      field = value->as_string();
      check_lines(key, field, Lines::one);
    }
  }

  void word(const std::string& key, std::string& field, const std::vector<std::string>& choices) {
    text(key, field);
    if (field.empty() || std::find(choices.begin(), choices.end(), field) != choices.end()) return;
    const auto near = nearest(field, choices);
    problems_.add(place(key),
                  fmt::format("'{}' is '{}', and one of {} was wanted", key, printable(field), quoted_list(choices)),
                  near ? fmt::format("did you mean '{}'?", *near) : "");
  }

  void texts(const std::string& key, std::vector<std::string>& field, Lines lines = Lines::one) {
    if (const auto value = known(key)) {
      if (!value->is_list()) return wrong_kind(key, "a list of strings", *value);
      for (const Value& item : value->as_list()) {
        if (!item.is_string()) return wrong_kind(key, "a list of strings", item, "a list with ");
        check_lines(key, item.as_string(), lines);
        field.push_back(item.as_string());
      }
    }
  }

  template <class Field>  // int or optional<int>
  void count(const std::string& key, Field& field, std::int64_t least) {
    if (const auto value = known(key)) {
      if (!value->is_integer()) return wrong_kind(key, "a whole number", *value);
      const std::int64_t number = value->as_integer();
      if (number >= least && number <= 1'000'000'000)
        field = static_cast<int>(number);
      else
        problems_.add(place(key), fmt::format("'{}' is {}, and a number from {} up was wanted", key, number, least));
    }
  }

  void number(const std::string& key, std::optional<double>& field) {
    if (const auto value = known(key)) {
      if (!value->is_number()) return wrong_kind(key, "a number", *value);
      if (value->as_number() > 0)
        field = value->as_number();
      else
        problems_.add(place(key), fmt::format("'{}' is {}, and a number above 0 was wanted", key, plain_text(*value)));
    }
  }

  template <class Field>  // Seconds or optional<Seconds>
  void duration(const std::string& key, Field& field) {
    if (const auto value = known(key)) {
      if (!value->is_string()) return wrong_kind(key, R"(a time such as "01:00:00")", *value);
      const auto seconds = parse_walltime(value->as_string());
      if (seconds && seconds->count() > 0)
        field = *seconds;
      else
        problems_.add(place(key), fmt::format("'{}' is '{}', and a time above 0 such as \"01:00:00\" was wanted", key,
                                              printable(value->as_string())));
    }
  }

  void yes_or_no(const std::string& key, bool& field) {
    if (const auto value = known(key)) {
      if (!value->is_boolean()) return wrong_kind(key, "true or false", *value);
      field = value->as_boolean();
    }
  }

  void ports(const std::string& key, std::optional<std::pair<int, int>>& field) {
    const auto value = known(key);
    if (!value) return;
    const auto is_port = [](const Value& item) {
      return item.is_integer() && item.as_integer() >= 1 && item.as_integer() <= 65535;
    };
    if (value->is_list() && value->as_list().size() == 2 && is_port(value->as_list()[0]) &&
        is_port(value->as_list()[1]) && value->as_list()[0].as_integer() <= value->as_list()[1].as_integer()) {
      field.emplace(static_cast<int>(value->as_list()[0].as_integer()),
                    static_cast<int>(value->as_list()[1].as_integer()));
    } else {
      problems_.add(place(key), fmt::format("'{}' wants the first and the last port, such as [20000, 29999]", key));
    }
  }

  // Every key directly below a table whose names are free: (name, value, key).
  template <class Take>
  void each_below(const std::vector<std::string>& table, Take take) {
    for (const std::string& key : document_.keys()) {
      const auto parts = config::split_key(key).value_or(std::vector<std::string>{});
      if (parts.size() != table.size() + 1 || !std::equal(table.begin(), table.end(), parts.begin())) continue;
      if (const auto value = known(key)) take(parts.back(), *value, key);
    }
  }

  void variables(const std::vector<std::string>& table, Variables& field) {
    each_below(table, [&](const std::string& name, const Value& value, const std::string& key) {
      if (!is_variable_name(name)) {
        problems_.add(place(key), fmt::format("'{}' is no name of an environment variable", printable(name)));
      } else if (value.is_integer()) {
        field[name] = plain_text(value);
      } else if (!value.is_string()) {
        wrong_kind(key, "a string", value);
      } else {
        check_lines(key, value.as_string(), Lines::one);
        field[name] = value.as_string();
      }
    });
  }

  void measured(const std::vector<std::string>& table, std::map<std::string, double>& field) {
    each_below(table, [&](const std::string& name, const Value&, const std::string& key) {
      const std::size_t dot = name.rfind('.');
      const auto nodes = dot == std::string::npos ? std::nullopt : to_integer(name.substr(dot + 1));
      if (dot == 0 || !nodes || *nodes < 1) {
        problems_.add(place(key), fmt::format("'{}' names no collective and number of nodes, such as \"all_gather.2\"",
                                              printable(name)));
      }
      std::optional<double> number_read;
      number(key, number_read);
      if (number_read) field[name] = *number_read;
    });
  }

  std::size_t queue_count() const {
    const auto queues = document_.find("queue");
    return queues && queues->is_list() ? queues->as_list().size() : 0;
  }

  bool has(const std::string& key) const { return document_.find(key).has_value(); }
  Place place(const std::string& key) const { return document_.place_of(key).value_or(whole_file(source_->name())); }
  Problems& problems() { return problems_; }

  void check_unknown() {
    for (const std::string& key : document_.keys()) {
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      if (std::find(kTables.begin(), kTables.end(), key) != kTables.end()) {
        const bool is_queue = key == "queue";
        if (is_queue && queue_count() == 0 && document_.find(key)->is_list()) continue;
        problems_.add(place(key), fmt::format("'{}' is a {} of a site profile, not a value", key,
                                              is_queue ? "list of tables, [[queue]]," : "table"));
        continue;
      }
      const auto near = nearest(key, known_);
      problems_.add(place(key), fmt::format("'{}' is not a key of a site profile", printable(key)),
                    near ? fmt::format("did you mean '{}'?", *near) : "site/laptop.toml explains every key");
    }
  }

 private:
  std::optional<Value> known(const std::string& key) {
    known_.push_back(key);
    return document_.find(key);
  }

  void wrong_kind(const std::string& key, std::string_view wanted, const Value& found, std::string_view before = "") {
    problems_.add(place(key), fmt::format("'{}' wants {}, not {}{}", key, wanted, before, kind_name(found.kind())));
  }

  void check_lines(const std::string& key, const std::string& value, Lines lines) {
    const std::string looked_at = lines == Lines::one ? value : replace_all(replace_all(value, "\n", ""), "\t", "");
    if (has_control_character(looked_at)) {
      problems_.add(place(key), fmt::format("'{}' has a control character: '{}'", key, printable(value)));
    }
  }

  SourceRef source_;
  config::Document document_;
  Problems problems_;
  std::vector<std::string> known_;
};

void read_identity(Reader& reader, Profile& profile) {
  reader.text("name", profile.name);
  reader.text("title", profile.title);
  reader.text("facts_as_of", profile.facts_as_of);
  reader.text("source", profile.source);
  reader.word("scheduler", profile.scheduler, kSchedulers);
  reader.word("accounting", profile.accounting, kAccounting);
  reader.word("cron", profile.cron, kCron);
  reader.text("maintenance", profile.maintenance);
  reader.text("internet", profile.internet);
  reader.texts("detect.hosts", profile.detect_hosts);
  reader.texts("detect.environment", profile.detect_environment);
}

void read_node(Reader& reader, Profile& profile) {
  reader.count("node.gpus", profile.gpus_per_node, 0);
  reader.count("node.slots", profile.slots, 1);
  reader.count("node.cpus", profile.cpus_per_node, 1);
  reader.text("node.gpu_kind", profile.gpu_kind);
  reader.number("node.gpu_memory_gib", profile.gpu_memory_gib);
  reader.texts("node.variants", profile.variants);
  reader.count("limits.max_nodes", profile.max_nodes, 1);
  reader.duration("limits.default_walltime", profile.default_walltime);
  reader.duration("limits.warn_before", profile.warn_before);
  reader.duration("limits.kill_after", profile.kill_after);
  reader.duration("limits.settle_time", profile.settle_time);
  reader.duration("limits.ask_every", profile.ask_every);
}

void read_queues(Reader& reader, Profile& profile) {
  for (std::size_t i = 0; i < reader.queue_count(); ++i) {
    const std::string prefix = fmt::format("queue.{}.", i);
    Queue queue;
    reader.text(prefix + "name", queue.name);
    reader.count(prefix + "min_nodes", queue.min_nodes, 1);
    reader.count(prefix + "max_nodes", queue.max_nodes, 1);
    reader.duration(prefix + "max_walltime", queue.max_walltime);
    reader.count(prefix + "max_queued", queue.max_queued, 1);
    reader.count(prefix + "max_running", queue.max_running, 1);
    reader.yes_or_no(prefix + "preemptible", queue.preemptible);
    profile.queues.push_back(std::move(queue));
  }
}

void read_launch(Reader& reader, Profile& profile) {
  reader.word("launch.launcher", profile.launcher, kLaunchers);
  reader.texts("launch.launcher_words", profile.launcher_words);
  reader.texts("launch.always", profile.always);
  reader.texts("launch.never", profile.never);
  reader.texts("launch.required", profile.required);
  reader.text("launch.gpu_request", profile.gpu_request);
  reader.text("launch.account", profile.account);
  reader.text("launch.partition", profile.partition);
  reader.text("launch.qos", profile.qos);
  reader.text("launch.constraint", profile.constraint);
  reader.text("launch.container", profile.container);
  reader.text("launch.job_template", profile.job_template);
  reader.variables({"environment"}, profile.environment);
  reader.variables({"environment", "multinode"}, profile.environment_multinode);
  reader.texts("setup.job", profile.setup, Reader::Lines::many);
  reader.texts("setup.node", profile.node_setup, Reader::Lines::many);
  reader.text("rendezvous.host", profile.rendezvous_host);
  reader.ports("rendezvous.ports", profile.rendezvous_ports);
}

void read_surroundings(Reader& reader, Profile& profile) {
  reader.text("caches.local", profile.local_cache);
  reader.text("caches.shared", profile.shared_cache);
  reader.number("filesystems.home_quota_gib", profile.home_quota_gib);
  reader.count("filesystems.scratch_purge_days", profile.scratch_purge_days, 1);
  reader.text("hardware.name", profile.hardware);
  reader.number("hardware.link_gb_per_second", profile.link_gb_per_second);
  reader.number("hardware.nic_gb_per_second", profile.nic_gb_per_second);
  reader.number("hardware.latency_us", profile.latency_us);
  Calibration& calibration = profile.calibration;
  reader.text("hardware.calibration.from", calibration.from);
  reader.number("hardware.calibration.efficiency_eager", calibration.efficiency_eager);
  reader.number("hardware.calibration.efficiency_compiled", calibration.efficiency_compiled);
  reader.number("hardware.calibration.link_gb_per_second", calibration.link_gb_per_second);
  reader.number("hardware.calibration.nic_gb_per_second", calibration.nic_gb_per_second);
  reader.number("hardware.calibration.memory_slack", calibration.memory_slack);
  reader.measured({"hardware", "busbw"}, profile.busbw_gb_per_second);
}

void check_values(Reader& reader, const Profile& profile) {
  Problems& problems = reader.problems();
  if (!reader.has("name"))
    problems.add(reader.place("name"), "a site profile needs a 'name'");
  else if (!is_site_name(profile.name)) {
    problems.add(reader.place("name"), fmt::format("'name' is '{}', and letters, digits, '-', '_' and '.' were wanted",
                                                   printable(profile.name)));
  }
  if (profile.scheduler.empty()) {
    problems.add(reader.place("scheduler"),
                 fmt::format("a site profile needs a 'scheduler': one of {}", quoted_list(kSchedulers)));
  }
  if (!profile.internet.empty() && !is_internet(profile.internet)) {
    problems.add(reader.place("internet"),
                 fmt::format("'internet' is '{}', and 'yes', 'no', 'nat' or the http:// address "
                             "of a proxy was wanted",
                             printable(profile.internet)));
  }
  if (!is_rendezvous_host(profile.rendezvous_host)) {
    problems.add(
        reader.place("rendezvous.host"),
        fmt::format("'rendezvous.host' is '{}', and 'hostname', 'address', 'suffix:TEXT' or 'domain:NAME' was wanted",
                    printable(profile.rendezvous_host)));
  }
  for (const std::string& rule : profile.detect_environment) {
    const std::size_t equals = rule.find('=');
    if (equals != std::string::npos && is_variable_name(std::string_view(rule).substr(0, equals))) continue;
    problems.add(reader.place("detect.environment"),
                 fmt::format("'{}' is not of the form NAME=pattern", printable(rule)));
  }
  for (std::size_t i = 0; i < profile.queues.size(); ++i) {
    const Queue& queue = profile.queues[i];
    const std::string prefix = fmt::format("queue.{}", i);
    if (queue.name.empty()) problems.add(reader.place(prefix), "a queue needs a 'name'");
    if (queue.min_nodes && queue.max_nodes && *queue.min_nodes > *queue.max_nodes) {
      problems.add(reader.place(prefix + ".min_nodes"), fmt::format("queue '{}' wants at least {} and at most {} nodes",
                                                                    queue.name, *queue.min_nodes, *queue.max_nodes));
    }
  }
}

// A template of the site lies beside its profile.
void settle_paths(Profile& profile) {
  if (profile.job_template.empty()) return;
  const fs::path folder = absolute_path(fs::path(profile.origin), fs::current_path()).parent_path();
  profile.job_template = absolute_path(profile.job_template, folder).string();
}

}  // namespace

Profile read_profile(const SourceRef& source) {
  Reader reader(source);
  Profile profile;
  profile.origin = source->name();
  read_identity(reader, profile);
  read_node(reader, profile);
  read_queues(reader, profile);
  read_launch(reader, profile);
  read_surroundings(reader, profile);
  reader.check_unknown();
  check_values(reader, profile);
  reader.problems().throw_if_any();
  settle_paths(profile);
  return profile;
}

}  // namespace tt::site
