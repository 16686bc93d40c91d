// tt/base/files.hpp: files, written so that a crash or a full disk leaves the old or the new, never half.
//
// Every function throws Error with the path and the system's reason. Paths are std::filesystem::path.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tt {

namespace fs = std::filesystem;

enum class Sync { no, yes };

std::string read_file(const fs::path& path);
// nullopt when there is no such file (any other trouble throws).
std::optional<std::string> read_file_if_there(const fs::path& path);
// Reads from `offset` to the end; shorter files give an empty text.
std::string read_file_from(const fs::path& path, std::uintmax_t offset);

// What tells that a file or folder is still as it was, without reading all of it: where it lies, size, times, and of a
// file a fingerprint of its first and last 4 KiB. So an append shows also where the file system's clock stood still. Of
// a folder it changes when a name comes or goes. "" where nothing is there or it cannot be read.
std::string stamp_of(const fs::path& path);

// Writes to a new name in the same folder, then renames. With Sync::yes file and folder are synced.
void write_file(const fs::path& path, std::string_view content, Sync sync = Sync::no);
// Over the bytes that stand there, which are as many: for a line of one length that is written often and may be lost.
// A rename makes some file systems write to the disk at once, which takes longer than all else a short command does.
// False where nothing of that length stands there to be written over, or it could not be written.
bool overwrite_file(const fs::path& path, std::string_view content);
// Plain create-and-write, no temporary name: for files inside a folder that has its own commit mark.
void write_new_file(const fs::path& path, std::string_view content);
// Appends in one write() and syncs.
void append_to_file(const fs::path& path, std::string_view content, Sync sync);
void sync_folder(const fs::path& folder);

void make_folders(const fs::path& folder);
void remove_tree(const fs::path& path);
void rename_path(const fs::path& from, const fs::path& to);
// Makes `link` a symbolic link to `target`, replacing what is there in one step.
void replace_link(const fs::path& link, const fs::path& target);

// Hard link `existing` to `name`; false when `name` exists already. The O_EXCL that also works on NFS:
// judge by what `name` then holds, not by this answer.
bool link_file(const fs::path& existing, const fs::path& name);
// Creates with O_EXCL; false when it exists already.
bool create_exclusive(const fs::path& path, std::string_view content);

bool is_there(const fs::path& path);
bool is_folder(const fs::path& path);
bool is_same_file(const fs::path& a, const fs::path& b);  // under two names, it may be; false where one is not there
// Names in a folder, sorted; empty when the folder is not there.
std::vector<std::string> list_folder(const fs::path& folder);
// Absolute, with . and .. resolved as text (the path need not exist).
fs::path absolute_path(const fs::path& path, const fs::path& relative_to);

// A name nobody else uses: ".<stem>.<host>.<pid>.<counter>.<random>".
std::string unique_name(std::string_view stem);

}  // namespace tt
