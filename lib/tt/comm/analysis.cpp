#include "tt/comm/analysis.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/error.hpp"
#include "tt/base/terminal.hpp"
#include "tt/base/text.hpp"

namespace tt::comm {

namespace {

std::string two_digits(double number) { return fmt::format("{:.2f}", number); }

std::string section(const Case& one) {
  const BlockTraffic traffic = block(inputs_of(one));
  const std::string title = fmt::format("{}, {}", one.model, strategy(one));
  std::string text = fmt::format("{}\n{}\n", title, std::string(display_width(title), '-'));
  text += fmt::format("hidden_size {}, intermediate_size {}, seq_length {}, batch_size {}, tp {}, pp {}\n",
                      one.hidden_size, one.intermediate_size, one.seq_length, one.batch_size, one.tp, one.pp);
  const std::pair<const char*, double> lines[] = {{"Forward reduce-scatter", traffic.forward_reduce_scatter_mib},
                                                  {"Forward all-gather", traffic.forward_all_gather_mib},
                                                  {"Backward reduce-scatter", traffic.backward_reduce_scatter_mib},
                                                  {"Backward all-gather", traffic.backward_all_gather_mib},
                                                  {"Total per block", traffic.total_mib},
                                                  {"Pipeline activation", traffic.pipeline_block_mib},
                                                  {"Pipeline gradient", traffic.pipeline_block_mib}};
  for (const auto& [name, amount] : lines) text += fmt::format("{:<24}{:>10} MB\n", name, two_digits(amount));
  return text + "\n";
}

std::string summary(std::span<const Case> cases) {
  TextTable table({{"Model"},
                   {"Strategy"},
                   {"Fwd RS (MB)", Align::right},
                   {"Fwd AG (MB)", Align::right},
                   {"Bwd RS (MB)", Align::right},
                   {"Bwd AG (MB)", Align::right},
                   {"Activation MB", Align::right},
                   {"Gradient MB", Align::right}});
  for (const Case& one : cases) {
    const BlockTraffic traffic = block(inputs_of(one));
    table.add({{one.model},
               {strategy(one)},
               {two_digits(traffic.forward_reduce_scatter_mib)},
               {two_digits(traffic.forward_all_gather_mib)},
               {two_digits(traffic.backward_reduce_scatter_mib)},
               {two_digits(traffic.backward_all_gather_mib)},
               {two_digits(traffic.pipeline_block_mib)},
               {two_digits(traffic.pipeline_block_mib)}});
  }
  return "Summary\n-------\n" + table.text(Terminal{});
}

// Reads one case and reports what is missing or wrong with it.
class CaseReader {
 public:
  CaseReader(const Value& table, std::string label, const std::string& what, Problems& problems)
      : table_(table), label_(std::move(label)), what_(what), problems_(problems) {}

  Case read() {
    if (!table_.is_table()) {
      complain(fmt::format("is {}, it must be a table", kind_name(table_.kind())), "");
      return {};
    }
    Case one;
    one.model = name();
    one.hidden_size = size("hidden_size", required);
    one.intermediate_size = size("intermediate_size", 0);
    one.seq_length = size("seq_length", required);
    one.batch_size = size("batch_size", required);
    one.tp = size("tp", 1);
    one.pp = size("pp", 1);
    refuse_other_keys();
    return one;
  }

 private:
  static constexpr std::int64_t required = -1;
  static inline const std::vector<std::string> keys_{
      "model", "hidden_size", "intermediate_size", "seq_length", "batch_size", "tp", "pp"};

  void complain(const std::string& sentence, const std::string& hint) {
    problems_.add(whole_file(what_), label_ + " " + sentence, hint);
  }

  std::string name() {
    const Value* value = table_.find("model");
    if (value != nullptr && value->is_string() && !value->as_string().empty()) return value->as_string();
    complain("has no name under 'model'", "");
    return {};
  }

  std::int64_t size(const std::string& key, std::int64_t fallback) {
    const Value* value = table_.find(key);
    if (value == nullptr || value->is_null()) {
      if (fallback == required) complain(fmt::format("lacks '{}'", key), "");
      return fallback == required ? 1 : fallback;
    }
    if (value->is_integer() && value->as_integer() >= 1) return value->as_integer();
    complain(fmt::format("has {} = {}, it must be a whole number of 1 or more", key, printable(plain_text(*value))),
             "");
    return 1;
  }

  void refuse_other_keys() {
    for (const auto& [key, value] : table_.as_table()) {
      if (std::find(keys_.begin(), keys_.end(), key) != keys_.end()) continue;
      const auto near = nearest(key, keys_);
      complain(fmt::format("has an unknown key '{}'", printable(key)),
               near ? fmt::format("did you mean '{}'?", *near) : "the keys are " + join(keys_, ", "));
    }
  }

  const Value& table_;
  std::string label_;
  const std::string& what_;
  Problems& problems_;
};

}  // namespace

std::string strategy(const Case& one) { return fmt::format("TP{}xPP{}", one.tp, one.pp); }

BlockInputs inputs_of(const Case& one) {
  return {one.hidden_size, one.intermediate_size, one.seq_length, one.batch_size, one.tp, 2};
}

std::vector<Case> published_cases() {
  return {{"llama3_8b", 4096, 14336, 1024, 8, 1, 4}, {"llama3_8b", 4096, 14336, 1024, 8, 2, 2},
          {"llama3_8b", 4096, 14336, 1024, 8, 4, 1}, {"qwen_1_5b", 1536, 8960, 2048, 16, 1, 4},
          {"qwen_1_5b", 1536, 8960, 2048, 16, 2, 2}, {"qwen_0_5b", 896, 4864, 2048, 32, 1, 4},
          {"qwen_0_5b", 896, 4864, 2048, 32, 2, 2}};
}

std::vector<Case> read_cases(const Value& value, const std::string& what) {
  const Value& list = value.is_table() ? value.at("cases") : value;
  if (!list.is_list())
    throw BadInput(Problem{whole_file(what), "a list of cases was expected",
                           "each case has model, hidden_size, intermediate_size, seq_length, batch_size, tp, pp"});
  if (list.as_list().empty()) throw BadInput(Problem{whole_file(what), "the list of cases is empty", ""});
  Problems problems;
  std::vector<Case> cases;
  for (std::size_t index = 0; index < list.as_list().size(); ++index)
    cases.push_back(CaseReader(list.as_list()[index], fmt::format("case {}", index + 1), what, problems).read());
  problems.throw_if_any();
  return cases;
}

std::string analysis_text(std::span<const Case> cases) {
  std::string text =
      "Communication analysis, model published\n"
      "Wire bytes sent per GPU (ring) by one transformer block, whole batch as one microbatch, 2 bytes an element.\n"
      "MB = 2^20 bytes. FSDP, context, expert and data parallelism are not in this model.\n\n";
  for (const Case& one : cases) text += section(one);
  return text + summary(cases) + "\n" + what_published_leaves_out() + "\n";
}

Value analysis_record(std::span<const Case> cases) {
  Value rows = Value::array();
  for (const Case& one : cases) {
    Value row = Value::object();
    row.set("name", one.model)
        .set("strategy", strategy(one))
        .set("hidden_size", one.hidden_size)
        .set("intermediate_size", one.intermediate_size)
        .set("seq_length", one.seq_length)
        .set("batch_size", one.batch_size)
        .set("tp", one.tp)
        .set("pp", one.pp);
    const Value traffic = block_record(block(inputs_of(one)));
    for (const auto& [key, number] : traffic.as_table())
      if (key.ends_with("_mib")) row.set(key, number);
    rows.push(row);
  }
  Value record = Value::object();
  record.set("schema", "tt.comm.analysis/1").set("model", "published").set("cases", rows);
  return record;
}

}  // namespace tt::comm
