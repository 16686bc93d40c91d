#include "tt/base/terminal.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <stdexcept>

namespace tt {
namespace {

using namespace std::chrono_literals;
using testing::internal::CaptureStderr;
using testing::internal::GetCapturedStderr;

const Terminal plain{};
const Terminal colourful{true, true, 0};

Environment variables(std::map<std::string, std::string, std::less<>> all) { return Environment(std::move(all)); }

// A terminal without anybody in front of it.
class PseudoTerminal {
 public:
  explicit PseudoTerminal(unsigned short columns) : master_(::posix_openpt(O_RDWR | O_NOCTTY)) {
    EXPECT_EQ(::grantpt(master_), 0);
    EXPECT_EQ(::unlockpt(master_), 0);
    stream_ = std::fopen(::ptsname(master_), "r+");
    if (stream_ == nullptr) throw std::runtime_error("cannot open a pseudo terminal");
    const winsize size{24, columns, 0, 0};
    EXPECT_EQ(::ioctl(::fileno(stream_), TIOCSWINSZ, &size), 0);
  }
  ~PseudoTerminal() {
    std::fclose(stream_);
    ::close(master_);
  }
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;
  std::FILE* stream() const { return stream_; }

 private:
  int master_;
  std::FILE* stream_ = nullptr;
};

TEST(Terminal, IsReadFromTheStream) {
  const PseudoTerminal pseudo(97);
  const Terminal terminal = terminal_of(pseudo.stream(), variables({{"TERM", "xterm"}}));
  EXPECT_TRUE(terminal.is_terminal);
  EXPECT_TRUE(terminal.colour);
  EXPECT_EQ(terminal.width, 97u);
  EXPECT_EQ(terminal.height, 24u);
  EXPECT_TRUE(terminal.can_rewrite);
}

TEST(Terminal, ThatIsDumbCannotBeRewritten) {
  const PseudoTerminal pseudo(80);
  EXPECT_FALSE(terminal_of(pseudo.stream(), variables({{"TERM", "dumb"}})).can_rewrite);
  EXPECT_FALSE(terminal_of(pseudo.stream(), Environment()).can_rewrite);
  EXPECT_TRUE(terminal_of(pseudo.stream(), variables({{"TERM", "vt100"}, {"NO_COLOR", "1"}})).can_rewrite);
}

TEST(Terminal, LosesItsColourWhereSomebodySaysSo) {
  const PseudoTerminal pseudo(80);
  EXPECT_FALSE(terminal_of(pseudo.stream(), variables({{"TERM", "xterm"}, {"NO_COLOR", "1"}})).colour);
  EXPECT_TRUE(terminal_of(pseudo.stream(), variables({{"TERM", "xterm"}, {"NO_COLOR", ""}})).colour);
  EXPECT_FALSE(terminal_of(pseudo.stream(), variables({{"TERM", "dumb"}})).colour);
  EXPECT_FALSE(terminal_of(pseudo.stream(), Environment()).colour);
}

TEST(Terminal, TakesColumnsWhenItDoesNotKnowItsWidth) {
  const PseudoTerminal pseudo(0);
  EXPECT_EQ(terminal_of(pseudo.stream(), variables({{"COLUMNS", "66"}})).width, 66u);
  EXPECT_EQ(terminal_of(pseudo.stream(), variables({{"COLUMNS", "wide"}})).width, 0u);
}

TEST(Terminal, IsNotAFile) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  const Terminal terminal = terminal_of(file, variables({{"TERM", "xterm"}, {"COLUMNS", "66"}}));
  std::fclose(file);
  EXPECT_FALSE(terminal.is_terminal);
  EXPECT_FALSE(terminal.colour);
  EXPECT_EQ(terminal.width, 0u);
}

TEST(Tinted, ColoursOnlyWhereThereIsColour) {
  EXPECT_EQ(tinted("done", Tint::good, colourful), "\x1b[32mdone\x1b[0m");
  EXPECT_EQ(tinted("failed", Tint::bad, colourful), "\x1b[31mfailed\x1b[0m");
  EXPECT_EQ(tinted("done", Tint::good, plain), "done");
  EXPECT_EQ(tinted("done", Tint::none, colourful), "done");
  EXPECT_EQ(tinted("", Tint::good, colourful), "");
}

TEST(TextTable, AlignsColumnsTwoSpacesApart) {
  TextTable table({{"run", Align::left}, {"steps", Align::right}, {"state", Align::left}});
  table.add({{"lr-0.0003"}, {"100"}, {"completed"}});
  table.add({{"lr-1"}, {"12345678"}, {"failed"}});
  EXPECT_EQ(table.text(plain),
            "run           steps  state\n"
            "lr-0.0003       100  completed\n"
            "lr-1       12345678  failed\n");
  EXPECT_EQ(table.rows(), 2u);
}

TEST(TextTable, RowsThatAreAlikeAreAsIfEachWasAdded) {
  const std::vector<std::string_view> firsts = {"_bs1", "", "日本語", "a\nb", "_bs16_a_longer_name"};
  const std::vector<std::vector<Cell>> some_others = {{{"queued", Tint::busy}, {"12"}, {"a reason"}},
                                                      {{"failed", Tint::bad}},
                                                      {},
                                                      {{"x"}, {""}, {"out of\tmemory", Tint::dim}}};
  Terminal narrow;
  narrow.width = 24;
  for (const Terminal& terminal : {plain, colourful, narrow}) {
    TextTable together({{"run"}, {"state"}, {"n", Align::right}, {"reason"}});
    TextTable apart({{"run"}, {"state"}, {"n", Align::right}, {"reason"}});
    for (const auto& others : some_others) {
      together.add_alike(firsts, others);
      for (const std::string_view first : firsts) {
        std::vector<Cell> row = {{std::string(first)}};
        row.insert(row.end(), others.begin(), others.end());
        apart.add(row);
      }
    }
    EXPECT_EQ(together.rows(), firsts.size() * some_others.size());
    EXPECT_EQ(together.text(terminal), apart.text(terminal));
  }
}

TEST(TextTable, TrimsTrailingSpacesAndFillsShortRows) {
  TextTable table({{"a", Align::left}, {"b", Align::left}, {"c", Align::right}});
  table.add({{"long text"}});
  table.add({{"x"}, {"y"}, {"z"}});
  EXPECT_EQ(table.text(plain),
            "a          b  c\n"
            "long text\n"
            "x          y  z\n");
}

TEST(TextTable, MeasuresColumnsAsTheyAreSeen) {
  TextTable table({{"name", Align::left}, {"n", Align::right}});
  table.add({{"日本語"}, {"1"}});
  table.add({{"é"}, {"2"}});
  EXPECT_EQ(table.text(plain),
            "name    n\n"
            "日本語  1\n"
            "é       2\n");
}

TEST(TextTable, DoesNotCountColourAsWidth) {
  TextTable table({{"state", Align::left}, {"n", Align::right}});
  table.add({{"ok", Tint::good}, {"1"}});
  EXPECT_EQ(table.text(colourful),
            "state  n\n"
            "\x1b[32mok\x1b[0m     1\n");
}

TEST(TextTable, ShortensTheWidestLeftColumnOnANarrowTerminal) {
  TextTable table({{"run", Align::left}, {"state", Align::left}, {"tps", Align::right}});
  table.add({{"optimizer.lr=0.0003"}, {"completed"}, {"123456"}});
  table.add({{"b"}, {"failed"}, {"1"}});
  EXPECT_EQ(table.text({true, false, 32}),
            "run            state         tps\n"
            "optimizer.lr…  completed  123456\n"
            "b              failed          1\n");
}

TEST(TextTable, StopsShorteningWhereNamesWouldSayNothing) {
  TextTable table({{"run", Align::left}, {"tps", Align::right}});
  table.add({{"optimizer.lr"}, {"12345678901234567890"}});
  EXPECT_EQ(table.text({true, false, 10}),
            "run                        tps\n"
            "optimiz…  12345678901234567890\n");
}

TEST(TextTable, NeedsNoTitles) {
  TextTable table({{"", Align::left}, {"", Align::left}});
  table.add({{"site"}, {"local"}});
  EXPECT_EQ(table.text(plain), "site  local\n");
}

TEST(TextTable, WithoutRowsIsItsTitles) {
  EXPECT_EQ(TextTable({{"run", Align::left}, {"state", Align::left}}).text(plain), "run  state\n");
}

TEST(TextTable, DoesNotLetACellBreakTheLine) {
  TextTable table({{"a", Align::left}});
  table.add({{"x\ny"}});
  EXPECT_EQ(table.text(plain), "a\nx\\x0ay\n");
}

TEST(Progress, RewritesItsLineOnATerminalAndWipesIt) {
  CaptureStderr();
  {
    Progress progress({true, false, 80}, false);
    const auto start = std::chrono::steady_clock::now();
    progress.show("writing 100 of 200", start);
    progress.show("done", start + 60ms);
    progress.done();
  }
  EXPECT_EQ(GetCapturedStderr(),
            "\rwriting 100 of 200"
            "\rdone              "
            "\r    \r");
}

TEST(Progress, DoesNotRewriteFasterThanAnEyeReads) {
  CaptureStderr();
  {
    Progress progress({true, false, 80}, false);
    const auto start = std::chrono::steady_clock::now();
    progress.show("1", start);
    progress.show("2", start + 1ms);
    progress.show("3", start + 49ms);
    progress.show("4", start + 51ms);
  }
  EXPECT_EQ(GetCapturedStderr(), "\r1\r4\r \r");
}

TEST(Progress, FitsItsLineIntoTheTerminal) {
  CaptureStderr();
  { Progress({true, false, 10}, false).show("0123456789abcdef"); }
  EXPECT_EQ(GetCapturedStderr(), "\r01234567…\r         \r");
}

TEST(Progress, PrintsALineASecondElsewhereWhenItChanged) {
  CaptureStderr();
  {
    Progress progress(plain, false);
    const auto start = std::chrono::steady_clock::now();
    progress.show("1 of 9");
    progress.show("2 of 9", start + 1100ms);
    progress.show("3 of 9", start + 1900ms);
    progress.show("2 of 9", start + 2500ms);
    progress.show("5 of 9", start + 2600ms);
  }
  EXPECT_EQ(GetCapturedStderr(), "2 of 9\n5 of 9\n");
}

TEST(Progress, SaysNothingWhenQuiet) {
  CaptureStderr();
  {
    Progress on_terminal({true, true, 80}, true);
    on_terminal.show("1 of 9");
    Progress elsewhere(plain, true);
    elsewhere.show("1 of 9", std::chrono::steady_clock::now() + 10s);
  }
  EXPECT_EQ(GetCapturedStderr(), "");
}

}  // namespace
}  // namespace tt
