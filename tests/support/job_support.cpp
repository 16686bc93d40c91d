#include "support/job_support.hpp"

#include <stdexcept>

#include "tt/base/files.hpp"

namespace tt::test {

site::Profile plain_site() {
  site::Profile profile;
  profile.name = "laptop";
  profile.scheduler = "local";
  profile.warn_before = Seconds{4};
  profile.kill_after = Seconds{2};
  return profile;
}

JobOnDisk::JobOnDisk(const std::string& training, const fs::path& home) {
  const RunFolder folder((home.empty() ? own_.path() : home) / "logs/m" / "it's a \"run\" $HOME `id` für");
  render::JobTask task{0, 1, RetryMode::fresh, folder, {}};
  task.record.id = RunId{"r00112233445566ff"};
  task.record.name = "a_run";
  task.record.resources = {1, 2, 2, Seconds{60}};
  task.record.launch.config = folder.config();
  task.record.launch.folder = folder.path();
  task.record.launch.script = folder.path() / "run_train.sh";
  request.token = Token{"abcdefgh23"};
  request.site = plain_site();
  request.shape = task.record.resources;
  request.submission_folder = own_ / "submissions/abcdefgh23";

  make_folders(folder.path());
  make_folders(request.submission_folder);
  write_file(folder.record(), to_pretty_json(to_value(task.record)));
  write_file(folder.config(), "[training]\nsteps = 5\n");
  write_file(task.record.launch.script, "#!/usr/bin/env bash\n" + training + "\n");
  fs::permissions(task.record.launch.script, fs::perms::owner_all);
  request.tasks.push_back(std::move(task));

  environment.set("PATH", "/usr/local/bin:/usr/bin:/bin");
  environment.set("TT_JOB", "local-17");
}

void JobOnDisk::write() const {
  write_file(request.submission_folder / "job.sh", render::job_script(request));
  write_file(request.submission_folder / render::task_file_name, render::task_file(request));
}

Command JobOnDisk::command(int index) const {
  Environment all = environment;
  all.set("TT_INDEX", std::to_string(index));
  return {{"bash", (request.submission_folder / "job.sh").string()}, all, own_.path()};
}

ProcessResult JobOnDisk::run(int index) const {
  write();
  return SystemRunner().run(command(index), Seconds{30});
}

ProcessIdentity JobOnDisk::start(int index) const { return start_detached(command(index), output()); }

ExitRecord JobOnDisk::exit_record() const {
  const auto record = load_exit_record(folder().exit());
  if (!record) throw std::runtime_error("no exit record in " + folder().path().string());
  return *record;
}

bool JobOnDisk::has_seen(const std::string& name) const { return exists(folder().path() / name); }

}  // namespace tt::test
