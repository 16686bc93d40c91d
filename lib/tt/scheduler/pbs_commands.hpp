// tt/scheduler/pbs_commands.hpp: what to ask PBS Professional or OpenPBS, word by word. Nothing here runs anything.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tt/scheduler/pbs_programs.hpp"
#include "tt/scheduler/scheduler.hpp"

namespace tt::scheduler::pbs {

using Words = std::vector<std::string>;

// "tt-abcdefgh23": what a job is found by.
std::string job_name(const Token& token);

// The value of -J, or nothing for a job that is no array. PBS takes ranges with a step only, and no array of one
// element: index 3 alone is "3-4:2", index 0 alone a plain job. Throws Error for a set of indices that is no range
// (what a retry leaves of an array gets new indices; its task file says which run each one is).
std::optional<std::string> array_range(std::span<const int> indices);
// The same with "%N" where it is wanted and the version knows it.
std::optional<std::string> array_option(std::span<const int> indices, std::optional<int> throttle,
                                        std::string_view version);

// -f: no helper in the background, which would go on submitting after a time-out. -C: #PBS, whatever PBS_DPREFIX says.
// The token is the one variable that travels by -v; every user of the server can read it.
Words submit_command(const Programs& programs, const SubmitRequest& request);

// Everything about one just-returned id, to see whether it is there at all.
Words look_up_command(const Programs& programs, const std::string& id);

enum class History { no, yes };  // yes: ended jobs too (an error where the server keeps none)
Words find_command(const Programs& programs, const Token& token, History history);

// JSON of a single id is what every version prints correctly. Several ids in one call print only the first job as JSON
// with some versions (without another version number), so those are asked for as delimited text.
enum class Format { json, delimited };
Words status_command(const Programs& programs, std::span<const std::string> ids, Format format, History history);

Words cancel_command(const Programs& programs, std::span<const std::string> ids);
Words hold_command(const Programs& programs, std::span<const std::string> ids);
Words release_command(const Programs& programs, std::span<const std::string> ids);
Words server_command(const Programs& programs);  // max_array_size, for one
// Jobs and elements of this user that wait or run.
Words count_command(const Programs& programs, const Environment& environment);

// Elements of an array as few words: {1,2,3,7} of "123[]" → "123[1-3]", "123[7]".
Words element_ranges(const std::string& array_key, std::vector<int> indices);

// "HH:MM:SS" with all hours in HH: PBS reads "1:30" as 90 seconds and refuses days.
std::string walltime_word(Seconds duration);

}  // namespace tt::scheduler::pbs
