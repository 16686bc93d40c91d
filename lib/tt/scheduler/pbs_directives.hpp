// tt/scheduler/pbs_directives.hpp: the head of a job script, #PBS lines out of what a run needs and its site demands.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tt/scheduler/scheduler.hpp"
#include "tt/site/profile.hpp"

namespace tt::scheduler::pbs {

// One word of a #PBS line, read back by qsub as exactly these bytes: it knows both quotes and a backslash outside of
// them, and nothing else. Throws Error for what would not stay on the line: control characters.
std::string directive_word(std::string_view text);

// The lines, each complete and with nothing behind its options: a comment there is an error. In the order of their
// importance to a reader: name, account, queue, what is asked for, what the site adds, how output is kept.
//
// Of the profile: `account`, `partition` (the queue), `constraint` (added to each chunk: "system=polaris"),
// `gpu_request` (the select statement, with {nodes}, {gpus} and {cpus} of each), `always` ("-l filesystems=home:eagle";
// it replaces a line of ours that says the same resource), `never` ("-k", "-l place"). Throws Error for an entry that
// is no option.
std::vector<std::string> directives(const SubmitRequest& request, const site::Profile& site);

// What of the profile and its user no #PBS line would say, a sentence each.
std::vector<std::string> unsayable(const site::Profile& site);

// A select statement can ask for a host and for what it has, and cannot say "not this one": what staff can do instead.
std::string cannot_keep_off(std::span<const std::string> nodes);

// Throws Error where so many at once are wanted and the version knows no "%N": without it all would start.
void refuse_unknown_throttle(const SubmitRequest& request, std::string_view version);

}  // namespace tt::scheduler::pbs
