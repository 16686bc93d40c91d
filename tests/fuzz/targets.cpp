#include "fuzz/targets.hpp"

#include <algorithm>
#include <memory>
#include <optional>

#include "support/expression_scraps.hpp"
#include "tt/base/text.hpp"
#include "tt/config/document.hpp"
#include "tt/sweep/expression.hpp"
#include "tt/sweep/sandbox.hpp"
#include "tt/sweep/spec.hpp"
#include "tt/sweep/yaml.hpp"

namespace tt::fuzz {
namespace {

SourceRef source_of(const std::string& text, const std::string& name) {
  return std::make_shared<const SourceText>(name, text);
}

void hold(bool promise, const std::string& what) {
  if (!promise) throw Broken(what);
}

// Every problem can be told, and a place lies in its file.
Outcome refused(const std::vector<Problem>& problems, const std::string& text) {
  hold(!problems.empty(), "refused without a problem");
  const std::size_t lines = 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) +
                            static_cast<std::size_t>(std::count(text.begin(), text.end(), '\r'));
  for (const Problem& problem : problems) {
    hold(!problem.message.empty(), "a problem without a sentence");
    hold(problem.place.line <= lines, "a place behind the end of the file: " + problem.message);
    hold(is_utf8(describe(problem, "tt")), "a report that is not UTF-8: " + problem.message);
  }
  return Outcome::refused;
}

// --- YAML ------------------------------------------------------------------------------------------------------------

void walk(const sweep::Node& node, const std::string& text) {
  hold(node.place.line >= 1 || node.is_null(), "a node that stands nowhere");
  hold(is_utf8(node.spelled), "a scalar that is not UTF-8");
  hold(node.spelled.size() <= text.size() * 3 + 1, "a scalar longer than its file");
  sweep::to_value(node);
  for (const sweep::Node& item : node.items) walk(item, text);
  for (std::size_t i = 0; i < node.entries.size(); ++i) {
    hold(node.find(node.entries[i].key) == &node.entries[i], "a key that is there twice");
    walk(node.entries[i].value, text);
  }
}

Outcome feed_yaml(const std::string& text) {
  const SourceRef source = source_of(text, "sweep.yaml");
  try {
    walk(sweep::read_yaml(source), text);
  } catch (const BadInput& bad) {
    return refused(bad.problems(), text);
  }
  try {
    sweep::read_spec(source);
    return Outcome::read;
  } catch (const BadInput& bad) {
    return refused(bad.problems(), text);
  }
}

const std::string yaml_seed =
    "# a sweep\nsweep: fuzz\nbase: base.toml\nmodel: m\ntorchtitan: {root: \"${R}\", version: 0.2.2, apply: both}\n"
    "fixed: {training.steps: 50}\nenv: {NCCL_ALGO: Ring}\nalias: {tp: parallelism.tensor_parallel_degree}\n"
    "matrix:\n  tp: [1, 2, 4]\n  training.seq_len: {from: 1024, to: 4096, times: 2}\n  compile.enable: [true, false]\n"
    "zip:\n  - {training.steps: [7, 9], activation_checkpoint.mode: [none, 'full']}\nexclude: [{tp: 4}]\n"
    "include:\n  - {tp: 8}\nwhere:\n  - tp * 2 <= 16\n  - |\n    tp > 0\nderive: {training.global_batch_size: tp * "
    "64}\n"
    "repeat: {debug.seed: [1, 2]}\nsample: {count: 2, seed: 7}\nresources: {gpus: 8, walltime: \"00:30:00\"}\n"
    "name: \"_tp{tp}\"\n";

// --- expressions -----------------------------------------------------------------------------------------------------

const std::vector<Value>& pool() {
  static const std::vector<Value> values{
      Value(0),     Value(-7),     Value(INT64_MAX), Value(INT64_MIN), Value(0.5),
      Value(1e308), Value("text"), Value(true),      Value(3),         Value(Value::List{1, "x"})};
  return values;
}

Outcome feed_expression(const std::string& text) {
  if (!is_utf8(text)) return Outcome::refused;  // the reader of the file refused it
  const sweep::Aliases aliases{{"a", {"training.seq_len", {}}}, {"b", {"optimizer.name", {}}}};
  const SourceRef source = source_of(text, "sweep.yaml");
  Problems problems;
  const auto conditions = sweep::read_conditions({text, place_at(source, 0, 1)}, aliases, problems);
  const std::uint64_t choice = std::hash<std::string>{}(text);
  for (const sweep::Expression& one : conditions) {
    sweep::Sandbox sandbox;
    const int program = sandbox.compile(one);
    std::vector<const Value*> values;
    for (std::size_t key = 0; key < one.keys.size(); ++key) values.push_back(&pool()[(choice >> key) % pool().size()]);
    const sweep::Computed first = sandbox.compute(program, values);
    hold(first.trouble.empty() || first.value.is_null(), "a result beside its trouble");
    const sweep::Computed second = sandbox.compute(program, values);
    hold(first.trouble == second.trouble && same_value(first.value, second.value), "two answers to one question");
  }
  return problems.has_errors() ? refused(problems.all(), text) : Outcome::read;
}

// --- splicing --------------------------------------------------------------------------------------------------------

// The assignments follow from the text itself, so that an input says all of a case.
Overrides assignments_for(const config::Document& document, const std::string& text) {
  std::uint64_t state = std::hash<std::string>{}(text) | 1U;
  const auto below = [&](std::size_t count) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::size_t>((state >> 33U) % count);
  };
  const std::vector<Value> values{8,
                                  "text",
                                  "q\"'\\\n",
                                  2.5e-4,
                                  true,
                                  Value::List{1, 2},
                                  "",
                                  "é\t",
                                  1e300,
                                  -3,
                                  Value::Table{{"x", 1}, {"y z", "w"}}};
  const std::vector<std::string> news{"new", "training.new", "new_table.a.b", "'odd key'.\"x\"", "a.0.b"};
  const std::vector<std::string> old = document.keys();
  Overrides wanted;
  for (std::size_t i = 1 + below(3); i > 0; --i) {
    const std::string key = !old.empty() && below(3) > 0 ? old[below(old.size())] : news[below(news.size())];
    wanted.push_back({key, values[below(values.size())]});
  }
  return wanted;
}

bool is_below(const std::string& key, const std::string& set) {
  const auto a = *config::split_key(key), b = *config::split_key(set);
  const std::size_t common = std::min(a.size(), b.size());
  return std::equal(b.begin(), b.begin() + static_cast<std::ptrdiff_t>(common), a.begin());
}

std::string written_at(const config::Document& document, const std::string& key) {
  const Place place = document.place_of(key).value();
  return document.source()->text().substr(document.source()->offset_of_byte_column(place.line, place.column),
                                          place.length);
}

Outcome feed_splice(const std::string& text) {
  try {
    const config::Document base = config::Document::parse(source_of(text, "base.toml"));
    hold(base.with({}) == text, "setting nothing changed the text");
    const Overrides wanted = assignments_for(base, text);
    const std::string patched = base.with(wanted);  // compares the whole tree with the intended one
    const config::Document after = config::Document::parse(source_of(patched, "patched.toml"));
    for (const Assignment& one : wanted) {
      const auto found = after.find(one.key);
      hold(found && same_value(*found, one.value), one.key + " does not say what was set");
    }
    for (const std::string& key : base.keys()) {
      if (std::any_of(wanted.begin(), wanted.end(), [&](const Assignment& one) { return is_below(key, one.key); }))
        continue;
      hold(written_at(after, key) == written_at(base, key), key + " was not set and is written differently");
    }
    return Outcome::read;
  } catch (const BadInput& bad) {
    return refused(bad.problems(), text);
  }
}

const std::string toml_seed =
    "# base\ntitle = \"T\" # c\nwhen = 1979-05-27T07:32:00Z\n[training]\nsteps = 1_000\nlr = 3.0e-4\nlist = [1, [2, "
    "3],\n"
    "  4, # in\n]\n'quoted key' = 'lit'\ndotted.a.b = true\ninline = { x = 1, y = { z = \"é\" } }\n\n[a.b]\n"
    "text = \"\"\"\nlong\\\n  line\"\"\"\nraw = '''x'y'''\n[[jobs]]\nn = 0x1F\n[[jobs]]\nn = -inf\n[jobs.more]\nk = "
    "0b1\n"
    "[new_table]\n[\"odd.name\"]\n\t  t = 00:00:01\r\n";

}  // namespace

const std::vector<Target>& targets() {
  static const std::vector<Target> all{
      {"yaml",
       feed_yaml,
       {yaml_seed, "a: [1, {b: c}]\n", "- |2\n   x\n- >-\n  y\n", "{a: 'x''y', \"b\\u00e9\": ~}\r\n"},
       {": ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "'",
        "\"",
        "\n",
        "\n  ",
        "&a ",
        "*a",
        "!!str ",
        "|",
        ">",
        "%YAML",
        "---\n",
        "? ",
        "<<: ",
        "010",
        "yes",
        ".nan",
        "0x1",
        "1e999",
        "#",
        "\t",
        "\r\n",
        "\\x41",
        "\xC3",
        "\xEF\xBB\xBF",
        "~",
        "99999999999999999999",
        "{from: 1, to: 9, step: 2}",
        "where: ",
        "\"\\U0010FFFF\"",
        "\xE2\x80\xA8"}},
      {"expression",
       feed_expression,
       {"a * 2 <= 16 and b == 'x'", "one_of(a, 1, 2, {3})", "key(\"x.y\") // 2 ^ #b", "training.seq_len % 7 ~= 0"},
       test::expression_scraps()},
      {"splice",
       feed_splice,
       {toml_seed, "a = 1", "[a]\nb.c = { d = [ ] }\n", "\xEF\xBB\xBFx = ''\r\n[y]\r\n"},
       {"[",         "]",    "[[",        "]]",         "{",        "}",     "=",
        ".",         ",",    "\"",        "'",          "\"\"\"",   "'''",   "\n",
        "\r\n",      "#",    "\\u00e9",   "\t",         " = 1\n",   "[a]\n", "[[a]]\n",
        "a.b = 2\n", "inf",  "nan",       "1979-05-27", "0x",       "_",     "+",
        "\xC3\xA9",  "\xFF", "{ x = 1 }", "[1, 2]",     "\"\\\"\"", "true",  "\xEF\xBB\xBF",
        "e5",        "\\\n"}}};
  return all;
}

}  // namespace tt::fuzz
