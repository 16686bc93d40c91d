// tt/scheduler/pbs_replies.hpp: how to read what PBS answers. Nothing here runs anything.
//
// stdout is the answer; on stderr stand errors by id, and whatever banner a site prints at every login. The text of an
// error counts, not its number (errno & 255 of a code of the server).
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "tt/base/process.hpp"
#include "tt/scheduler/pbs_commands.hpp"
#include "tt/scheduler/pbs_job.hpp"
#include "tt/scheduler/scheduler.hpp"

namespace tt::scheduler::pbs {

// The last line of stdout that is an id. No answer: timed out, killed, or the server could not be reached.
SubmitAnswer read_submit(const ProcessResult& reply);

// The ids of qselect.
FindAnswer read_find(const ProcessResult& reply);
// The server keeps no history: said by a command that was called with -x.
bool has_no_history(const ProcessResult& reply);

// What a qstat told: records by key ("123[4]"), and ids it had only an error for.
struct Listing {
  std::map<std::string, Job, std::less<>> jobs;
  std::set<std::string> finished;  // keys: "has finished, use -x"
  std::set<std::string> unknown;   // keys: "Unknown Job Id"
};
struct Unreadable {  // the server answered, in a document that is none: `nan` as a job's name does that to JSON
  std::string why;
};
using ListingAnswer = std::variant<Listing, Unreadable, CouldNotAsk>;
ListingAnswer read_listing(const ProcessResult& reply, Format format);

// What qdel, qhold or qrls made of each id it was given (keys). An id that nothing was said about is done.
std::map<std::string, ActAnswer, std::less<>> read_act(const ProcessResult& reply, std::string_view program,
                                                       std::span<const std::string> ids);

// max_array_size of `qstat -B -f`.
std::optional<int> read_max_array_size(const ProcessResult& reply);

// Jobs and elements that qselect told of; an array that waits is told besides its elements.
std::optional<int> read_count(const ProcessResult& reply);

// Why nothing can be asked now, in one line; empty when the server was reached.
std::string unreachable(const ProcessResult& reply);
// What a command said for itself, without banners: its lines that begin with its name, else the last one.
std::string own_words(const ProcessResult& reply, std::string_view program);

}  // namespace tt::scheduler::pbs
