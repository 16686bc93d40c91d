// Thousands of random TOML documents and patches: what is spliced in is there, and nothing else has moved.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/documents.hpp"
#include "support/random_toml.hpp"
#include "tt/config/document.hpp"
#include "tt/config/layout.hpp"
#include "tt/config/splice.hpp"
#include "tt/config/wishes.hpp"

namespace tt::config {
namespace {

constexpr std::uint64_t documents = 1000;
constexpr int patches_per_document = 3;

// What a document says by its own account.
Value everything(const Document& document) {
  Value all = Value::object();
  const Layout layout = read_layout(document.source()->text());
  for (const Node* node : layout.root().children) all.set(node->name, *document.find(join_key({node->name})));
  return all;
}

std::string written(const Document& document, const std::string& key) {
  const Place place = *document.place_of(key);
  return document.source()->text().substr(document.source()->offset_of_byte_column(place.line, place.column),
                                          place.length);
}

std::vector<Edit> edits_for(const Document& base, const Overrides& assignments) {
  Problems problems;
  const Wishes wishes(assignments, "base.toml", problems);
  const Layout layout = read_layout(base.source()->text());
  std::vector<Edit> edits = plan_edits(base.source(), layout, wishes.all(), problems);
  problems.throw_if_any();
  return edits;
}

// The base again: added text taken out of the result, and replaced literals put back.
std::string undone(const Document& base, std::string result, const std::vector<Edit>& edits) {
  for (auto edit = edits.rbegin(); edit != edits.rend(); ++edit) {
    std::size_t at = edit->offset;
    for (auto before = std::next(edit); before != edits.rend(); ++before) at += before->text.size() - before->removed;
    EXPECT_EQ(result.substr(at, edit->text.size()), edit->text);
    result.replace(at, edit->text.size(), base.source()->text(), edit->offset, edit->removed);
  }
  return result;
}

// Added text is whole lines, or entries inside braces.
bool is_tidy(const std::string& base, const Edit& edit) {
  const bool line_begins = edit.offset == 0 || base[edit.offset - 1] == '\n' || (edit.offset == 3 && base[0] == '\xEF');
  if (line_begins) return edit.text.ends_with('\n');
  if (edit.offset == base.size()) return edit.text.starts_with('\n') || edit.text.starts_with("\r\n");
  return edit.text.find('\n') == std::string::npos && (edit.text.starts_with(", ") || base[edit.offset - 1] == '{');
}

void expect_only_the_wanted_edits(const Document& base, const test::RandomPatch& patch, const std::string& result) {
  const std::vector<Edit> edits = edits_for(base, patch.assignments);
  std::multiset<std::string> removed, replaced;
  std::size_t done = 0;
  for (const Edit& edit : edits) {
    EXPECT_GE(edit.offset, done);
    done = edit.offset + edit.removed;
    if (edit.removed > 0)
      removed.insert(std::to_string(edit.offset) + " " + base.source()->text().substr(edit.offset, edit.removed));
    EXPECT_TRUE(edit.removed > 0 || is_tidy(base.source()->text(), edit)) << edit.offset << ": " << edit.text;
  }
  for (const std::string& key : patch.replaced) {
    const Place place = *base.place_of(key);
    replaced.insert(std::to_string(base.source()->offset_of_byte_column(place.line, place.column)) + " " +
                    written(base, key));
  }
  EXPECT_EQ(removed, replaced);
  EXPECT_EQ(undone(base, result, edits), base.source()->text());
}

void expect_other_literals_untouched(const Document& base, const test::RandomPatch& patch, const Document& after) {
  for (const std::string& key : base.keys()) {
    const auto path = *split_key(key);
    const bool touched =
        std::any_of(patch.assignments.begin(), patch.assignments.end(), [&](const Assignment& assignment) {
          const auto set = *split_key(assignment.key);
          const std::size_t common = std::min(set.size(), path.size());
          return std::equal(set.begin(), set.begin() + static_cast<std::ptrdiff_t>(common), path.begin());
        });
    if (touched) continue;
    EXPECT_EQ(written(after, key), written(base, key)) << key;
  }
}

std::string described(std::uint64_t seed, const std::string& text, const Overrides& assignments) {
  std::string all = "seed " + std::to_string(seed) + "\n--- base\n" + text + "\n--- set\n";
  for (const Assignment& assignment : assignments)
    all += assignment.key + " = " + toml_literal(assignment.value) + "\n";
  return all + "---";
}

TEST(SpliceProperty, DocumentsSayWhatTheyWereWrittenToSay) {
  for (std::uint64_t seed = 1; seed <= documents; ++seed) {
    test::Dice dice(seed);
    const auto [text, meaning] = test::random_toml(dice);
    SCOPED_TRACE(described(seed, text, {}));
    const Document base = test::document(text);
    EXPECT_TRUE(same_value(everything(base), meaning.value())) << to_json(everything(base)) << "\n"
                                                               << to_json(meaning.value());
    EXPECT_EQ(base.with({}), text);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(SpliceProperty, PatchedDocumentsSayWhatWasIntendedAndChangeNothingElse) {
  std::size_t set = 0;
  for (std::uint64_t seed = 1; seed <= documents; ++seed) {
    test::Dice dice(seed);
    const auto [text, meaning] = test::random_toml(dice);
    const Document base = test::document(text);
    for (int i = 0; i < patches_per_document; ++i) {
      const test::RandomPatch patch = test::random_patch(dice, meaning);
      SCOPED_TRACE(described(seed, text, patch.assignments));
      const std::string result = base.with(patch.assignments);
      SCOPED_TRACE("result:\n" + result);
      const Document after = test::document(result);
      const Value intended = patch.intended.value();
      EXPECT_TRUE(same_value(everything(after), intended)) << to_json(everything(after)) << "\n" << to_json(intended);
      expect_only_the_wanted_edits(base, patch, result);
      expect_other_literals_untouched(base, patch, after);
      set += patch.assignments.size();
      if (testing::Test::HasFailure()) return;
    }
  }
  EXPECT_GT(set, documents * 3);  // else the documents have become too small to prove anything
}

TEST(SpliceProperty, APatchOnAPatchIsAPatch) {
  for (std::uint64_t seed = 1; seed <= documents / 3; ++seed) {
    test::Dice dice(seed);
    const auto [text, meaning] = test::random_toml(dice);
    const test::RandomPatch patch = test::random_patch(dice, meaning);
    SCOPED_TRACE(described(seed, text, patch.assignments));
    const std::string once = test::document(text).with(patch.assignments);
    std::string stepwise = text;
    for (const Assignment& assignment : patch.assignments) stepwise = test::document(stepwise).with({assignment});
    EXPECT_TRUE(same_value(everything(test::document(once)), everything(test::document(stepwise)))) << once << "\n---\n"
                                                                                                    << stepwise;
    if (testing::Test::HasFailure()) return;
  }
}

// Whatever the bytes: a document, or a problem with a place. Never a crash, never two readings that disagree.
TEST(SpliceProperty, DamagedDocumentsAreReadOrRefused) {
  std::size_t read = 0, refused = 0;
  for (std::uint64_t seed = 1; seed <= documents * 3; ++seed) {
    test::Dice dice(seed);
    std::string text = test::random_toml(dice).text;
    for (std::size_t damage = 1 + dice.below(3); damage > 0 && !text.empty(); --damage) {
      const std::size_t at = dice.below(text.size());
      const std::size_t length = 1 + dice.below(6);
      const std::string_view bytes = "\"'[]{}=,.#\n\r \t\\ab01-:_eTZ\xC3\xA9\xEF";
      switch (dice.below(4)) {
        case 0:
          text.erase(at, length);
          break;
        case 1:
          text.insert(at, text.substr(dice.below(text.size()), length));
          break;
        case 2:
          text[at] = bytes[dice.below(bytes.size())];
          break;
        default:
          text.insert(at, 1, bytes[dice.below(bytes.size())]);
      }
    }
    SCOPED_TRACE(described(seed, text, {}));
    try {
      const Document base = test::document(text);
      ++read;
      EXPECT_EQ(base.with({}), text);
      for (const std::string& key : base.keys())
        EXPECT_EQ(test::document(base.with({{key, 7}})).find(key), Value(7)) << key;
    } catch (const BadInput& bad) {
      ++refused;
      EXPECT_GT(bad.problems().front().place.line, 0u);
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
    }
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(read, documents / 10);
  EXPECT_GT(refused, documents / 10);
}

}  // namespace
}  // namespace tt::config
