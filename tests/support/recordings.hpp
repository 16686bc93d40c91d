// Recorded communication of tests/transcripts/traces, and rows of it as one line each.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tt/comm/trace.hpp"

namespace tt::test {

std::filesystem::path recording(const std::string& name);

// "mesh_tp [0,1] all_gather BFloat16 8 24576 49152 49152": group, ranks, operation (or the recorder's name of it),
// type, calls, bytes in, out, logical; "-" where it is not known.
std::vector<std::string> lines_of(const comm::Recording& recording);

// Loads a file that holds one process; `name` is what messages call it.
comm::Recording load(const std::filesystem::path& path, const std::string& name = "trace");
// The same of a text, written to a file first.
comm::Recording load_text(const std::string& text);
// The sentences of the BadInput that loading throws; "(nothing thrown)" when it does not.
std::string refusal_of(const std::string& text);

std::string gzip(const std::string& text);

}  // namespace tt::test
