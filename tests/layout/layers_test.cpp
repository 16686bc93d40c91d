// The tree itself: includes point down only, heavy headers have one home, the top level is what the guide says.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "support/temp_folder.hpp"

namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using tt::test::read;

const fs::path kRoot = TT_SOURCE_DIR;

std::map<std::string, std::set<std::string>> layers() {
  std::map<std::string, std::set<std::string>> allowed;
  std::istringstream lines(read(kRoot / "lib/tt/LAYERS"));
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    const std::size_t colon = line.find(':');
    std::istringstream words(line.substr(colon + 1));
    auto& known = allowed[line.substr(0, colon)];
    for (std::string word; words >> word;) known.insert(word);
  }
  return allowed;
}

std::vector<fs::path> sources_below(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string suffix = entry.path().extension().string();
    if (suffix == ".cpp" || suffix == ".hpp") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> includes_of(const fs::path& file) {
  std::vector<std::string> names;
  std::istringstream lines(read(file));
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("#include", 0) != 0) continue;
    const std::size_t begin = line.find_first_of("<\"") + 1;
    names.push_back(line.substr(begin, line.find_first_of(">\"", begin) - begin));
  }
  return names;
}

TEST(Layout, IncludesPointOnlyWhereLayersAllows) {
  const auto allowed = layers();
  std::vector<std::string> wrong;
  for (const fs::path& file : sources_below(kRoot / "lib/tt")) {
    const std::string module = (*std::next(file.lexically_relative(kRoot / "lib").begin())).string();
    ASSERT_TRUE(allowed.contains(module)) << module << " is not in lib/tt/LAYERS";
    for (const std::string& name : includes_of(file)) {
      if (name.rfind("tt/", 0) != 0) continue;
      const std::string other = name.substr(3, name.find('/', 3) - 3);
      if (other != module && !allowed.at(module).contains(other)) {
        wrong.push_back(file.lexically_relative(kRoot).string() + " includes " + name);
      }
    }
  }
  EXPECT_THAT(wrong, IsEmpty());
}

TEST(Layout, LayersHaveNoCycle) {
  const auto allowed = layers();
  std::set<std::string> placed;
  while (placed.size() < allowed.size()) {
    const std::size_t before = placed.size();
    for (const auto& [module, known] : allowed) {
      if (std::includes(placed.begin(), placed.end(), known.begin(), known.end())) placed.insert(module);
    }
    ASSERT_GT(placed.size(), before) << "a cycle among the modules that are left";
  }
}

TEST(Layout, EveryHeavyHeaderHasOneHome) {
  const std::vector<std::string> heavy = {"toml++/toml.h", "yaml-cpp/yaml.h", "kainjow/mustache.hpp", "simdjson.h",
                                          "nlohmann/json.hpp"};
  std::map<std::string, std::vector<std::string>> homes;
  for (const fs::path& file : sources_below(kRoot / "lib/tt")) {
    for (const std::string& name : includes_of(file)) {
      if (std::find(heavy.begin(), heavy.end(), name) != heavy.end()) homes[name].push_back(file.filename().string());
    }
  }
  // simdjson has three: the journal's lines, the index of a sweep and the events of traces, which know nothing of each
  // other.
  for (const auto& [header, files] : homes)
    EXPECT_EQ(files.size(), header == "simdjson.h" ? 3U : 1U)
        << header << " is included by " << testing::PrintToString(files);
}

TEST(Layout, TheTopLevelIsTheOneOfTheGuide) {
  std::vector<std::string> folders;
  for (const auto& entry : fs::directory_iterator(kRoot)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && name.front() != '.' && name != "build" && name != "demo") folders.push_back(name);
  }
  std::sort(folders.begin(), folders.end());
  EXPECT_THAT(folders, ElementsAre("lib", "site", "sweeps", "templates", "tests", "tools"));
}

TEST(Layout, HeadersBeginWithTheirNameAndSayWhatTheyAreFor) {
  std::vector<std::string> silent;
  for (const fs::path& file : sources_below(kRoot / "lib/tt")) {
    if (file.extension() != ".hpp") continue;
    const std::string name = file.lexically_relative(kRoot / "lib").string();
    if (read(file).rfind("// " + name + ": ", 0) != 0) silent.push_back(name);
  }
  EXPECT_THAT(silent, IsEmpty());
}

TEST(Layout, NoFileOfTheLibraryHasASecondJob) {
  std::vector<std::string> longer;
  for (const char* folder : {"lib/tt", "tools"}) {
    for (const fs::path& file : sources_below(kRoot / folder)) {
      const std::string text = read(file);
      const auto lines = std::count(text.begin(), text.end(), '\n');
      if (lines > 500)
        longer.push_back(file.lexically_relative(kRoot).string() + " has " + std::to_string(lines) + " lines");
    }
  }
  EXPECT_THAT(longer, IsEmpty());
}

TEST(Layout, ProgramsAreStartedThroughTheOneDoorOnly) {
  std::vector<std::string> other_doors;
  for (const fs::path& file : sources_below(kRoot / "lib/tt")) {
    if (file.filename() == "process.cpp") continue;
    const std::string text = read(file);
    for (const char* call : {"std::system(", "popen(", "posix_spawn(", "fork("}) {
      if (text.find(call) != std::string::npos) other_doors.push_back(file.filename().string() + ": " + call);
    }
  }
  EXPECT_THAT(other_doors, IsEmpty());
}

}  // namespace
