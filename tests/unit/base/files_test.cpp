#include "tt/base/files.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <set>

#include "support/error_text.hpp"
#include "support/forked.hpp"
#include "support/small_disk.hpp"
#include "support/temp_folder.hpp"

namespace tt {
namespace {

using test::error_text;
using test::read;
using test::TempFolder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(ReadFile, GivesEveryByte) {
  TempFolder folder;
  const std::string bytes("a\0b\r\n\xff", 6);
  EXPECT_EQ(read_file(folder.write("f", bytes)), bytes);
}

TEST(ReadFile, ReadsWhatHasNoSize) {
  EXPECT_THAT(read_file("/proc/self/stat"), StartsWith(std::to_string(::getpid()) + " ("));
}

TEST(ReadFile, NamesThePathAndTheReason) {
  TempFolder folder;
  const std::string path = (folder / "none").string();
  EXPECT_EQ(error_text([&] { read_file(path); }), "cannot read " + path + ": No such file or directory");
}

TEST(ReadFile, RefusesAFolder) {
  TempFolder folder;
  EXPECT_EQ(error_text([&] { read_file(folder.path()); }),
            "cannot read " + folder.path().string() + ": Is a directory");
}

TEST(ReadFileIfThere, TellsAMissingFileFromAnEmptyOne) {
  TempFolder folder;
  EXPECT_EQ(read_file_if_there(folder / "none"), std::nullopt);
  EXPECT_EQ(read_file_if_there(folder.write("empty", "")), "");
}

TEST(ReadFileIfThere, HasNothingBelowAFile) {
  TempFolder folder;
  EXPECT_EQ(read_file_if_there(folder.write("file", "x") / "below"), std::nullopt);
}

TEST(ReadFileIfThere, ThrowsOnAnyOtherTrouble) {
  TempFolder folder;
  const fs::path loop = folder / "loop";
  fs::create_symlink("loop", loop);
  EXPECT_EQ(error_text([&] { read_file_if_there(loop); }),
            "cannot read " + loop.string() + ": Too many levels of symbolic links");
  EXPECT_EQ(error_text([&] { read_file_if_there(folder.path()); }),
            "cannot read " + folder.path().string() + ": Is a directory");
}

TEST(ReadFileFrom, BeginsAtTheOffset) {
  TempFolder folder;
  const fs::path path = folder.write("f", "0123456789");
  EXPECT_EQ(read_file_from(path, 0), "0123456789");
  EXPECT_EQ(read_file_from(path, 7), "789");
}

TEST(ReadFileFrom, GivesNothingAtOrPastTheEnd) {
  TempFolder folder;
  const fs::path path = folder.write("f", "0123456789");
  EXPECT_EQ(read_file_from(path, 10), "");
  EXPECT_EQ(read_file_from(path, 5000), "");
}

TEST(WriteFile, ReplacesTheOldContentAndLeavesNothingElse) {
  TempFolder folder;
  const fs::path path = folder.write("f", "a much longer old content");
  write_file(path, "new", Sync::yes);
  EXPECT_EQ(test::snapshot(folder.path()), "== f\nnew\n");
}

TEST(WriteFile, GivesReadersTheOldOrTheNewNeverHalf) {
  TempFolder folder;
  const fs::path path = folder.write("f", "old");
  const int reader = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  write_file(path, "new content");
  char buffer[64];
  const ssize_t got = ::read(reader, buffer, sizeof buffer);
  ::close(reader);
  EXPECT_EQ(std::string(buffer, static_cast<std::size_t>(got)), "old");
  EXPECT_EQ(read(path), "new content");
}

TEST(WriteFile, WritesIntoTheFolderWeAreIn) {
  TempFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  write_file("plain", "text", Sync::yes);
  fs::current_path(before);
  EXPECT_EQ(read(folder / "plain"), "text");
}

TEST(WriteFile, NamesTheFileAskedForNotTheTemporaryOne) {
  TempFolder folder;
  const std::string path = (folder / "no/such/f").string();
  EXPECT_EQ(error_text([&] { write_file(path, "x"); }), "cannot write " + path + ": No such file or directory");
}

TEST(WriteFile, LeavesNothingBehindWhenItCannotReplace) {
  TempFolder folder;
  fs::create_directory(folder / "taken");
  const std::string path = (folder / "taken").string();
  EXPECT_EQ(error_text([&] { write_file(path, "x"); }), "cannot write " + path + ": Is a directory");
  EXPECT_THAT(list_folder(folder.path()), ElementsAre("taken"));
}

TEST(WriteFile, TakesTheLongestNameTheSystemTakes) {
  TempFolder folder;
  const fs::path path = folder / std::string(255, 'n');
  write_file(path, "x");
  EXPECT_EQ(read(path), "x");
}

// `--output /dev/null` as root must not turn the device into a file.
TEST(WriteFile, WritesThroughToWhatIsNoPlainFile) {
  TempFolder folder;
  fs::create_symlink("/dev/null", folder / "null");
  write_file(folder / "null", "gone");
  EXPECT_EQ(test::snapshot(folder.path()), "== null\n-> /dev/null\n");
}

TEST(WriteFile, LeavesTheOldContentWhenTheDiskIsFull) {
  test::SmallDisk disk;
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  const fs::path path = disk / "f";
  write_file(path, "old");
  const std::string too_much(1024 * 1024, 'x');
  EXPECT_EQ(error_text([&] { write_file(path, too_much); }),
            "cannot write " + path.string() + ": No space left on device");
  EXPECT_EQ(test::snapshot(disk.path()), "== f\nold\n");
}

TEST(WriteFile, LeavesTheOldContentAtTheSizeLimitOfAProcess) {
  TempFolder folder;
  const fs::path path = folder.write("f", "old");
  const std::string too_much(1024 * 1024, 'x');
  const std::string expected = "cannot write " + path.string() + ": File too large";
  const auto answers = test::in_forked_processes(1, [&](int) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{4096, 4096};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    return error_text([&] { write_file(path, too_much); }) == expected ? 0 : 1;
  });
  EXPECT_THAT(answers, ElementsAre(0));
  EXPECT_EQ(test::snapshot(folder.path()), "== f\nold\n");
}

TEST(WriteNewFile, IsGoneAgainWhenTheDiskIsFull) {
  test::SmallDisk disk;
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  const std::string too_much(1024 * 1024, 'x');
  EXPECT_EQ(error_text([&] { write_new_file(disk / "f", too_much); }),
            "cannot write " + (disk / "f").string() + ": No space left on device");
  EXPECT_THAT(list_folder(disk.path()), IsEmpty());
}

TEST(WriteNewFile, StartsAnewOverAnOldFile) {
  TempFolder folder;
  const fs::path path = folder.write("f", "a much longer old content");
  write_new_file(path, "new");
  EXPECT_EQ(read(path), "new");
}

TEST(WriteFile, ServesManyProcessesThatWereForkedAfterAFirstName) {
  TempFolder folder;
  unique_name("first");  // whatever it remembers is shared by the copies of this process
  const auto answers = test::in_forked_processes(8, [&](int k) {
    for (int i = 0; i < 50; ++i) write_file(folder / "f", std::string(4000, static_cast<char>('a' + k)));
    return 0;
  });
  EXPECT_THAT(answers, ElementsAre(0, 0, 0, 0, 0, 0, 0, 0));
  const std::string text = read(folder / "f");
  EXPECT_EQ(text, std::string(4000, text.at(0)));
}

TEST(AppendToFile, MakesTheFileAndThenGrowsIt) {
  TempFolder folder;
  append_to_file(folder / "f", "one\n", Sync::yes);
  append_to_file(folder / "f", "two\n", Sync::no);
  EXPECT_EQ(read(folder / "f"), "one\ntwo\n");
}

TEST(AppendToFile, KeepsTheLinesOfEightProcessesWhole) {
  TempFolder folder;
  constexpr int processes = 8, lines = 100;
  test::in_forked_processes(processes, [&](int k) {
    const std::string line = std::string(200, static_cast<char>('a' + k)) + "\n";
    for (int i = 0; i < lines; ++i) append_to_file(folder / "f", line, Sync::no);
    return 0;
  });
  const std::string text = read(folder / "f");
  ASSERT_EQ(text.size(), std::size_t{processes * lines * 201});
  for (std::size_t begin = 0; begin < text.size(); begin += 201) {
    ASSERT_EQ(text.substr(begin, 201), std::string(200, text[begin]) + "\n");
  }
}

TEST(AppendToFile, SaysThatTheDiskIsFull) {
  EXPECT_EQ(error_text([] { append_to_file("/dev/full", "x", Sync::no); }),
            "cannot append to /dev/full: No space left on device");
}

TEST(SyncFolder, NamesTheFolderThatIsNotThere) {
  TempFolder folder;
  const std::string path = (folder / "none").string();
  EXPECT_EQ(error_text([&] { sync_folder(path); }), "cannot sync " + path + ": No such file or directory");
}

TEST(MakeFolders, MakesAllOfThemAndIsContentWithWhatIsThere) {
  TempFolder folder;
  make_folders(folder / "a/b/c");
  make_folders(folder / "a/b/c");
  EXPECT_TRUE(fs::is_directory(folder / "a/b/c"));
}

TEST(MakeFolders, DoesNotTakeAFileForAFolder) {
  TempFolder folder;
  const std::string path = folder.write("file", "x").string();
  EXPECT_EQ(error_text([&] { make_folders(path); }), "cannot make folder " + path + ": Not a directory");
}

TEST(RemoveTree, RemovesLinksButNotWhatTheyPointTo) {
  TempFolder folder;
  folder.write("kept/f", "x");
  folder.write("tree/sub/f", "x");
  fs::create_directory_symlink(folder / "kept", folder / "tree/link");
  remove_tree(folder / "tree");
  remove_tree(folder / "never was there");
  EXPECT_EQ(test::snapshot(folder.path()), "== kept\n(folder)\n== kept/f\nx\n");
}

TEST(RenamePath, NamesBothEndsWhenItCannot) {
  TempFolder folder;
  const std::string from = (folder / "a").string(), to = (folder / "b").string();
  EXPECT_EQ(error_text([&] { rename_path(from, to); }),
            "cannot rename to " + to + " from " + from + ": No such file or directory");
}

TEST(ReplaceLink, PutsTheNewTargetInThePlaceOfTheOld) {
  TempFolder folder;
  replace_link(folder / "log.txt", "attempt-1/log.txt");
  replace_link(folder / "log.txt", "attempt-2/log.txt");
  EXPECT_EQ(test::snapshot(folder.path()), "== log.txt\n-> attempt-2/log.txt\n");
}

TEST(ReplaceLink, ReplacesAPlainFileToo) {
  TempFolder folder;
  folder.write("log.txt", "old");
  replace_link(folder / "log.txt", "attempt-1/log.txt");
  EXPECT_EQ(test::snapshot(folder.path()), "== log.txt\n-> attempt-1/log.txt\n");
}

TEST(LinkFile, HasOneWinnerAmongEightProcesses) {
  TempFolder folder;
  constexpr int won = 1, lost = 0;
  for (int round = 0; round < 25; ++round) {
    const fs::path name = folder / ("claim-" + std::to_string(round));
    const auto answers = test::in_forked_processes(8, [&](int k) {
      const fs::path own = folder / ("own-" + std::to_string(round) + "-" + std::to_string(k));
      write_new_file(own, std::to_string(k));
      return link_file(own, name) ? won : lost;
    });
    ASSERT_EQ(std::count(answers.begin(), answers.end(), won), 1);
    ASSERT_EQ(std::count(answers.begin(), answers.end(), lost), 7);
    const auto winner = std::find(answers.begin(), answers.end(), won) - answers.begin();
    ASSERT_EQ(read(name), std::to_string(winner));
  }
}

TEST(LinkFile, DoesNotTouchWhatIsThere) {
  TempFolder folder;
  folder.write("mine", "mine");
  folder.write("claim-1", "theirs");
  EXPECT_FALSE(link_file(folder / "mine", folder / "claim-1"));
  EXPECT_EQ(read(folder / "claim-1"), "theirs");
}

TEST(LinkFile, ThrowsWhenItFailsForAnyOtherReason) {
  TempFolder folder;
  folder.write("mine", "mine");
  const std::string name = (folder / "no/claim-1").string();
  EXPECT_EQ(error_text([&] { link_file(folder / "mine", name); }),
            "cannot make " + name + ": No such file or directory");
}

TEST(CreateExclusive, HasOneWinnerAmongEightProcesses) {
  TempFolder folder;
  for (int round = 0; round < 25; ++round) {
    const fs::path name = folder / std::to_string(round);
    const auto answers =
        test::in_forked_processes(8, [&](int k) { return create_exclusive(name, std::to_string(k)) ? 1 : 0; });
    ASSERT_EQ(std::count(answers.begin(), answers.end(), 1), 1);
    ASSERT_EQ(read(name), std::to_string(std::find(answers.begin(), answers.end(), 1) - answers.begin()));
  }
}

TEST(CreateExclusive, LeavesTheNameFreeWhenTheDiskIsFull) {
  test::SmallDisk disk;
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  const std::string too_much(1024 * 1024, 'x');
  EXPECT_EQ(error_text([&] { create_exclusive(disk / "f", too_much); }),
            "cannot make " + (disk / "f").string() + ": No space left on device");
  EXPECT_TRUE(create_exclusive(disk / "f", "small"));
}

TEST(IsThere, FollowsLinks) {
  TempFolder folder;
  folder.write("file", "x");
  fs::create_symlink("file", folder / "good");
  fs::create_symlink("none", folder / "dangling");
  EXPECT_TRUE(is_there(folder / "good"));
  EXPECT_FALSE(is_there(folder / "dangling"));
  EXPECT_TRUE(is_there(folder.path()));
}

TEST(IsFolder, IsFalseForFilesAndForNothing) {
  TempFolder folder;
  EXPECT_TRUE(is_folder(folder.path()));
  EXPECT_FALSE(is_folder(folder.write("file", "x")));
  EXPECT_FALSE(is_folder(folder / "none"));
}

TEST(ListFolder, SortsTheNames) {
  TempFolder folder;
  for (const char* name : {"b", "a", ".hidden", "c/d"}) folder.write(name, "");
  EXPECT_THAT(list_folder(folder.path()), ElementsAre(".hidden", "a", "b", "c"));
}

TEST(ListFolder, IsEmptyWhenThereIsNoFolder) {
  TempFolder folder;
  EXPECT_THAT(list_folder(folder / "none"), IsEmpty());
  EXPECT_THAT(list_folder(folder.write("file", "x")), IsEmpty());
}

TEST(AbsolutePath, ResolvesDotsAsText) {
  EXPECT_EQ(absolute_path("c", "/a/b"), "/a/b/c");
  EXPECT_EQ(absolute_path("./c", "/a/b"), "/a/b/c");
  EXPECT_EQ(absolute_path("../c", "/a/b"), "/a/c");
  EXPECT_EQ(absolute_path("../../../c", "/a/b"), "/c");
  EXPECT_EQ(absolute_path("/x/./y/../z", "/a/b"), "/x/z");
}

TEST(AbsolutePath, HasNoSlashAtItsEnd) {
  EXPECT_EQ(absolute_path("c/", "/a").string(), "/a/c");
  EXPECT_EQ(absolute_path("c/.", "/a").string(), "/a/c");
  EXPECT_EQ(absolute_path(".", "/a").string(), "/a");
  EXPECT_EQ(absolute_path("..", "/a/b").string(), "/a");
  EXPECT_EQ(absolute_path("", "/a").string(), "/a");
  EXPECT_EQ(absolute_path("/a//", "/").string(), "/a");
}

TEST(OverwriteFile, PutsAsManyBytesInTheSamePlace) {
  TempFolder folder;
  write_file(folder / "f", "2026-11-29\n");
  EXPECT_TRUE(overwrite_file(folder / "f", "2026-11-30\n"));
  EXPECT_EQ(read(folder / "f"), "2026-11-30\n");
  EXPECT_FALSE(overwrite_file(folder / "f", "longer than that\n"));
  EXPECT_FALSE(overwrite_file(folder / "f", ""));
  EXPECT_EQ(read(folder / "f"), "2026-11-30\n");
  EXPECT_FALSE(overwrite_file(folder / "not there", ""));
  EXPECT_FALSE(is_there(folder / "not there"));
  fs::create_symlink(folder / "f", folder / "link");
  EXPECT_FALSE(overwrite_file(folder / "link", "2026-12-01\n")) << "what a link leads to is somebody else's";
}

// The file system's clock may stand still for milliseconds: size and ends tell, too.
TEST(StampOf, ChangesWithTheFile) {
  TempFolder folder;
  const fs::path file = folder / "f";
  std::set<std::string> seen;
  const auto is_new = [&] { return seen.insert(stamp_of(file)).second; };
  const std::string middle(20000, 'm');
  write_file(file, "begin" + middle + "end");
  EXPECT_TRUE(is_new());
  EXPECT_FALSE(is_new()) << "nothing happened";
  append_to_file(file, "+", Sync::no);
  EXPECT_TRUE(is_new());
  write_new_file(file, "BEGIN" + middle + "end+");
  EXPECT_TRUE(is_new());
  write_new_file(file, "BEGIN" + middle + "end-");
  EXPECT_TRUE(is_new());
  fs::rename(file, folder / "g");
  EXPECT_EQ(stamp_of(file), "");
  write_file(file, "BEGIN" + middle + "end-");
  EXPECT_TRUE(is_new()) << "another file";
}

TEST(StampOf, SeesAMiddleThatChangedByItsTime) {
  TempFolder folder;
  const fs::path file = folder / "f";
  write_file(file, std::string(20000, 'm'));
  const std::string before = stamp_of(file);
  fs::last_write_time(file, fs::last_write_time(file) + std::chrono::nanoseconds(1));
  EXPECT_NE(stamp_of(file), before);
}

TEST(StampOf, OfAFolderChangesWithItsNames) {
  TempFolder folder;
  const std::string empty = stamp_of(folder.path());
  EXPECT_NE(empty, "");
  fs::last_write_time(folder.path(), fs::last_write_time(folder.path()) - std::chrono::seconds(1));
  const std::string earlier = stamp_of(folder.path());
  write_file(folder / "f", "");
  EXPECT_NE(stamp_of(folder.path()), earlier);
}

TEST(StampOf, IsNothingWhereNothingCanBeRead) {
  TempFolder folder;
  EXPECT_EQ(stamp_of(folder / "not there"), "");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(stamp_of(folder / "pipe"), "") << "and nobody waits for a writer";
}

TEST(AbsolutePath, KeepsTheRoot) {
  EXPECT_EQ(absolute_path("/", "/a").string(), "/");
  EXPECT_EQ(absolute_path("..", "/").string(), "/");
}

TEST(AbsolutePath, StartsWhereWeAreWhenItIsToldNothing) {
  const fs::path here = fs::current_path();
  EXPECT_EQ(absolute_path("c", ""), here / "c");
  EXPECT_EQ(absolute_path("", ""), here);
  EXPECT_EQ(absolute_path("c", "d"), here / "d/c");
}

TEST(UniqueName, IsHiddenAndNeverTheSame) {
  const std::string name = unique_name("claim");
  EXPECT_THAT(name, StartsWith(".claim."));
  EXPECT_EQ(name.find('/'), std::string::npos);
  EXPECT_NE(unique_name("claim"), name);
}

TEST(UniqueName, DiffersBetweenCopiesOfAProcess) {
  TempFolder folder;
  unique_name("first");
  test::in_forked_processes(8, [&](int k) {
    write_new_file(folder / std::to_string(k), unique_name("f"));
    return 0;
  });
  std::set<std::string> names;
  for (const std::string& file : list_folder(folder.path())) names.insert(read(folder / file));
  EXPECT_EQ(names.size(), 8u);
}

}  // namespace
}  // namespace tt
