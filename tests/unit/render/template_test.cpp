#include "tt/render/template.hpp"

#include <gtest/gtest.h>

#include "support/error_text.hpp"
#include "support/temp_folder.hpp"

namespace tt::render {
namespace {

using test::error_text;
using test::TempFolder;

class Template : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) { folder_.write(name + ".sh.mustache", text); }
  std::string render(const Value& data = Value::object()) { return render_template("main", data, folder_.path()); }
  TempFolder folder_;
};

TEST_F(Template, QuotesDoubleBracesAndLeavesTripleBracesRaw) {
  write("main", "echo {{text}} # {{{text}}}\n");
  EXPECT_EQ(render(Value::object().set("text", "a 'b'")), "echo 'a '\\''b'\\''' # a 'b'\n");
}

TEST_F(Template, AValueIsNeverReadAsATemplate) {
  write("main", "{{{text}}} {{text}}\n");
  EXPECT_EQ(render(Value::object().set("text", "{{x}}{{> y}}")), "{{x}}{{> y}} '{{x}}{{> y}}'\n");
}

TEST_F(Template, PrintsNumbersInTheirShortestForm) {
  write("main", "{{whole}} {{small}}\n");
  EXPECT_EQ(render(Value::object().set("whole", 30).set("small", 0.0003)), "30 0.0003\n");
}

TEST_F(Template, RepeatsASectionForEachOfAList) {
  write("main",
        "{{#each}}\n{{name}}={{value}}\n{{/each}}\n{{^none}}\nnothing\n{{/none}}\n{{#plain}}\n{{.}}\n{{/plain}}\n");
  Value each = Value::array();
  each.push(Value::object().set("name", "A").set("value", "1 2"));
  each.push(Value::object().set("name", "B").set("value", ""));
  EXPECT_EQ(
      render(Value::object().set("each", each).set("none", Value::array()).set("plain", Value::array().push("x y"))),
      "A='1 2'\nB=''\nnothing\n'x y'\n");
}

TEST_F(Template, TakesPartialsFromTheFolderFirst) {
  write("main", "{{> job/claim}}\n");
  write("job/claim", "mine {{x}}");
  EXPECT_EQ(render(Value::object().set("x", "a b")), "mine 'a b'\n");
}

TEST_F(Template, TakesPartialsThatAreNotInTheFolderFromTheEmbeddedOnes) {
  write("main", "{{> job/claim}}\n");
  EXPECT_NE(render().find("tt_claim() {"), std::string::npos);
}

TEST_F(Template, NamesAnUnknownValueAndItsLine) {
  write("main", "#!/bin/sh\necho {{grace_tlod}}\n");
  EXPECT_EQ(error_text([&] { render(Value::object().set("grace_told", 1)); }),
            "template main.sh.mustache:2 wants 'grace_tlod', and there is no such value");
}

TEST_F(Template, NamesThePartialThatWantsAnUnknownValue) {
  write("main", "a\n{{> part}}\n");
  write("part", "\n\n{{#missing}}\nx\n{{/missing}}\n");
  EXPECT_EQ(error_text([&] { render(); }), "template part.sh.mustache:3 wants 'missing', and there is no such value");
}

TEST_F(Template, NamesAnUnknownPartial) {
  write("main", "a\n{{> job/nothing}}\n");
  EXPECT_EQ(error_text([&] { render(); }),
            "template main.sh.mustache:2 includes 'job/nothing', and there is no template job/nothing.sh.mustache");
}

TEST_F(Template, NamesATemplateThatIncludesItself) {
  write("main", "{{> loop}}\n");
  write("loop", "{{> loop}}\n");
  EXPECT_EQ(error_text([&] { render(); }), "template main.sh.mustache:1 includes itself through 'loop'");
}

TEST_F(Template, NamesATemplateThatIsNotWellFormed) {
  write("main", "{{#open}}\nx\n");
  EXPECT_EQ(error_text([&] { render(); }).rfind("template main.sh.mustache is not well formed: ", 0), 0u);
}

TEST_F(Template, SaysWhenThereIsNoSuchTemplate) {
  EXPECT_EQ(error_text([] { render_template("lsf/job", Value::object()); }),
            "there is no template lsf/job.sh.mustache");
}

TEST_F(Template, RendersAFileOfASite) {
  const auto file = folder_.write("own.sh", "own {{x}}\n");
  EXPECT_EQ(render_template_file(file, Value::object().set("x", "1")), "own 1\n");
}

}  // namespace
}  // namespace tt::render
