// tt/scheduler/local_records.hpp: the JSON of the spool's files. Pure.
#pragma once

#include <string>

#include "tt/scheduler/local_spool.hpp"

namespace tt::scheduler {

// Reading throws Error naming `file` when it is no such record of this version.
std::string local_job_text(const LocalJob& job);
LocalJob read_local_job(const std::string& text, const std::string& file);
std::string task_start_text(const TaskStart& start);
TaskStart read_task_start(const std::string& text, const std::string& file);
std::string task_end_text(const TaskEnd& end);
TaskEnd read_task_end(const std::string& text, const std::string& file);

}  // namespace tt::scheduler
