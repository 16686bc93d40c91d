// tt/config/wishes.hpp: the assignments of a run as a tree, free of contradictions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tt/base/error.hpp"
#include "tt/config/key_path.hpp"
#include "tt/job/run.hpp"

namespace tt::config {

// One assignment, its key taken apart. The value is the caller's.
struct Wish {
  KeyPath path;
  const Value* value = nullptr;
  const std::string* key = nullptr;  // as the caller spells it
};

// A node either has a value or wishes below it.
struct WishTree {
  std::map<std::string, WishTree, std::less<>> below;
  const Wish* wish = nullptr;
};

std::string shown_key(const std::string& key);  // in quotes, safe to print

class Wishes {
 public:
  // Adds to `problems` what is wrong with the assignments themselves; such assignments are left out.
  Wishes(const Overrides& assignments, const std::string& file, Problems& problems);
  Wishes(const Wishes&) = delete;
  Wishes& operator=(const Wishes&) = delete;

  const std::vector<Wish>& all() const { return all_; }  // in the caller's order
  const WishTree& tree() const { return tree_; }

 private:
  std::vector<Wish> all_;
  WishTree tree_;
};

}  // namespace tt::config
