#include "tt/config/wishes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/text.hpp"
#include "tt/config/document.hpp"
#include "tt/config/literal.hpp"

namespace tt::config {

std::string shown_key(const std::string& key) { return "'" + printable(key) + "'"; }

namespace {

// The wish itself is fine; nullopt after a problem was added.
std::optional<Wish> read_wish(const Assignment& assignment, const std::string& file, Problems& problems) {
  const std::string name = shown_key(assignment.key);
  auto path = is_utf8(assignment.key) ? split_key(assignment.key) : std::nullopt;
  if (!path) {
    problems.add(whole_file(file), name + " is not a key that TOML can have",
                 "write parts joined by dots, and put other characters than A-Z a-z 0-9 _ - into quotes");
    return std::nullopt;
  }
  if (path->size() > most_key_parts) {
    problems.add(whole_file(file),
                 fmt::format("the key {} has {} parts; the most is {}", name, path->size(), most_key_parts));
    return std::nullopt;
  }
  if (const auto trouble = trouble_with(assignment.value)) {
    problems.add(whole_file(file), fmt::format("{} cannot be set: {}", name, *trouble),
                 assignment.value.is_null() ? "leave the key out to keep what the file says" : "");
    return std::nullopt;
  }
  return Wish{std::move(*path), &assignment.value, &assignment.key};
}

const Wish& first_below(const WishTree& tree) {
  const WishTree* at = &tree;
  while (!at->wish) at = &at->below.begin()->second;
  return *at->wish;
}

// Why `wish` cannot be granted next to those already in the tree; empty when it can (and then it is in the tree).
std::string add_to(WishTree& tree, const Wish& wish) {
  WishTree* at = &tree;
  for (const std::string& part : wish.path) {
    at = &at->below[part];
    if (at->wish && &part == &wish.path.back()) return fmt::format("{} is set twice", shown_key(*wish.key));
    if (at->wish)
      return fmt::format("{} is set, and so is {} inside it", shown_key(*at->wish->key), shown_key(*wish.key));
  }
  if (!at->below.empty()) {
    return fmt::format("{} is set, and so is {} inside it", shown_key(*wish.key), shown_key(*first_below(*at).key));
  }
  at->wish = &wish;
  return "";
}

}  // namespace

Wishes::Wishes(const Overrides& assignments, const std::string& file, Problems& problems) {
  all_.reserve(assignments.size());  // the tree points into it
  for (const Assignment& assignment : assignments) {
    auto wish = read_wish(assignment, file, problems);
    if (!wish) continue;
    all_.push_back(std::move(*wish));
    const std::string conflict = add_to(tree_, all_.back());
    if (conflict.empty()) continue;
    problems.add(whole_file(file), conflict, "set it in one place only");
    all_.pop_back();
  }
}

}  // namespace tt::config
