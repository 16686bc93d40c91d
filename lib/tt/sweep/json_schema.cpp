#include "tt/sweep/json_schema.hpp"

#include <fmt/format.h>

#include <initializer_list>
#include <set>
#include <string>

#include "tt/base/text.hpp"
#include "tt/comm/fabric.hpp"
#include "tt/titan/aliases.hpp"
#include "tt/titan/rules.hpp"
#include "tt/titan/schema.hpp"

namespace tt::sweep {
namespace {

Value type(const char* name) { return Value::object().set("type", name); }
Value ref(const std::string& name) { return Value::object().set("$ref", "#/$defs/" + name); }

Value words(const std::vector<std::string>& list) {
  Value all = Value::array();
  for (const std::string& word : list) all.push(word);
  return all;
}

Value any_of(std::initializer_list<Value> choices) {
  Value list = Value::array();
  for (const Value& choice : choices) list.push(choice);
  return Value::object().set("anyOf", std::move(list));
}

Value list_of(Value items) { return type("array").set("items", std::move(items)); }
Value described(Value schema, const std::string& text) { return std::move(schema.set("description", text)); }
// Nothing fits: for keys a sweep cannot set. (Not `false`, for which some validators forget to say where.)
Value nothing() { return described(Value::object().set("not", Value::object()), "set by a config function only"); }
Value full_list_of(Value items) { return list_of(std::move(items)).set("minItems", 1); }

Value closed(Value properties, std::initializer_list<const char*> required = {}) {
  Value schema = type("object").set("properties", std::move(properties)).set("additionalProperties", false);
  if (required.size() == 0) return schema;
  Value names = Value::array();
  for (const char* name : required) names.push(name);
  return schema.set("required", std::move(names));
}

Value string_with(const std::vector<std::string>& allowed) {
  return allowed.empty() ? type("string") : Value::object().set("enum", words(allowed));
}

Value form_schema(const titan::KeyInfo& key, titan::ValueForm form) {
  using Form = titan::ValueForm;
  switch (form) {
    case Form::integer:
      return type("integer");
    case Form::floating:
    case Form::number:
      return type("number");
    case Form::boolean:
      return type("boolean");
    case Form::string:
      return string_with(key.allowed);
    case Form::strings:
      return list_of(string_with(key.allowed));
    case Form::strings_or_string:
      return any_of({list_of(string_with(key.allowed)), type("string")});
    case Form::string_lists:
      return list_of(list_of(type("string")));
    case Form::floats:
      return list_of(type("number"));
    case Form::opaque:
      break;
  }
  return nothing();
}

std::string sentence_of(const titan::KeyInfo& key) {
  std::string text = key.note;
  if (!text.empty()) text += ". ";
  return text + fmt::format("{}, default {}", key.type,
                            key.default_value.is_table()     ? "{}"
                            : key.default_value.is_list()    ? fmt::format("[{}]", plain_text(key.default_value))
                            : key.default_value == Value("") ? "\"\""
                                                             : plain_text(key.default_value));
}

Value value_schema(const titan::KeyInfo& key) {
  const titan::ValueType what = titan::type_of(key);
  Value schema = form_schema(key, what.form);
  if (what.optional) schema = any_of({std::move(schema), type("null")});
  return described(std::move(schema), sentence_of(key));
}

// Every name that some era has and this one does not: editors accept it, TorchTitan gets it translated.
std::vector<std::string> keys_of_other_eras(titan::Era era) {
  std::set<std::string> all;
  for (const std::string& name : titan::era_names())
    for (const titan::KeyInfo& key : titan::keys(*titan::parse_era(name))) all.insert(key.key);
  for (const titan::Move& move : titan::moves()) {
    if (move.old_key.find(':') == std::string::npos) all.insert(move.old_key);
    if (!move.new_key.empty() && move.new_key.find(':') == std::string::npos) all.insert(move.new_key);
  }
  for (const titan::KeyInfo& key : titan::keys(era)) all.erase(key.key);
  return {all.begin(), all.end()};
}

class SchemaMaker {
 public:
  explicit SchemaMaker(titan::Era era) : era_(era) {}

  Value make() {
    Value schema =
        Value::object()
            .set("$schema", "https://json-schema.org/draft/2020-12/schema")
            .set("title", fmt::format("A sweep of TorchTitan {}", titan::to_string(era_)))
            .set("description", "Written by tt-sweep schema --json-schema. tt-sweep check has the last word.")
            .set("type", "object")
            .set("properties", sections())
            .set("required", Value::array().push("sweep").push("base"))
            .set("additionalProperties", false);
    schema.set("if", Value::object()
                         .set("properties", Value::object().set("allow_new_keys", Value::object().set("const", true)))
                         .set("required", Value::array().push("allow_new_keys")));
    schema.set("else", Value::object().set("properties", checked_names()));
    return schema.set("$defs", definitions());
  }

 private:
  Value definitions() {
    Value all = Value::object();
    for (const titan::KeyInfo& key : titan::keys(era_))
      if (titan::type_of(key).form != titan::ValueForm::opaque) all.set(key.key, value_schema(key));
    all.set("sweep-key", sweep_key());
    all.set("scalar", Value::object().set("type", words({"string", "number", "boolean"})));
    all.set("base", base());
    all.set("range", range());
    all.set("axis", described(any_of({full_list_of(Value(true)), ref("range")}),
                              "a list of values, or a range {from, to, step} or {from, to, times}"));
    all.set("cells", type("object").set("properties", values()));
    all.set("axes", type("object").set("properties", axes()).set("additionalProperties", ref("axis")));
    all.set("count", type("integer").set("minimum", 1));
    all.set("count-or-expression", any_of({ref("count"), type("string").set("minLength", 1)}));
    return all;
  }

  // Dotted keys of this era or another, aliases, and what else can be swept.
  Value sweep_key() {
    Value own = Value::array();
    for (const titan::KeyInfo& key : titan::keys(era_)) own.push(key.key);
    return described(
        any_of({Value::object().set("enum", std::move(own)), Value::object().set("pattern", R"(^[^.{}" ]+$)"),
                Value::object().set("pattern", "^env\\.[A-Za-z_][A-Za-z0-9_]*$"),
                Value::object().set(
                    "enum", words({"resources.gpus", "resources.nodes", "resources.walltime", "torchtitan.root"})),
                Value::object().set("pattern", "^optimizer\\.param_groups\\.[0-9]+\\."),
                Value::object().set("pattern", "^(encoder|eval|inference|data|hf_transformers)\\."),
                Value::object().set("enum", words(keys_of_other_eras(era_)))}),
        "a key of TorchTitan, an alias, env.NAME, resources.gpus, resources.nodes, resources.walltime, base or "
        "torchtitan.root");
  }

  Value base() {
    return described(
        any_of({type("string").set("minLength", 1),
                closed(Value::object()
                           .set("module", described(type("string"), "module of the registry, such as llama3"))
                           .set("config", described(type("string"), "its config function, such as llama3_8b")),
                       {"module", "config"})}),
        "path of a TOML config, relative to this file, ${VAR} expands; or {module, config} for TorchTitan 0.3");
  }

  Value range() {
    Value schema = closed(Value::object()
                              .set("from", type("number"))
                              .set("to", described(type("number"), "included, and must be hit"))
                              .set("step", described(type("number"), "added each time"))
                              .set("times", described(type("number"), "multiplied each time")),
                          {"from", "to"});
    Value one_of = Value::array();
    for (const char* name : {"step", "times"}) one_of.push(Value::object().set("required", Value::array().push(name)));
    return schema.set("oneOf", std::move(one_of));
  }

  // The sections that can be swept or set beside the configuration.
  static std::vector<std::pair<std::string, Value>> other_values() {
    return {{"base", ref("base")},
            {"torchtitan.root", type("string")},
            {"resources.gpus", ref("count")},
            {"resources.nodes", ref("count")},
            {"resources.walltime", walltime()}};
  }

  Value values() {
    Value properties = Value::object();
    for (const titan::KeyInfo& key : titan::keys(era_))
      properties.set(key.key, titan::type_of(key).form == titan::ValueForm::opaque ? nothing() : ref(key.key));
    for (auto& [name, schema] : other_values()) properties.set(name, std::move(schema));
    return properties;
  }

  Value axes() {
    Value properties = Value::object();
    for (const titan::KeyInfo& key : titan::keys(era_)) {
      const titan::ValueForm form = titan::type_of(key).form;
      const bool is_number =
          form == titan::ValueForm::integer || form == titan::ValueForm::floating || form == titan::ValueForm::number;
      const Value list = full_list_of(ref(key.key));
      properties.set(key.key, form == titan::ValueForm::opaque ? nothing()
                              : is_number                      ? any_of({list, ref("range")})
                                                               : list);
    }
    for (auto& [name, schema] : other_values()) {
      const bool is_number = name == "resources.gpus" || name == "resources.nodes";
      const Value list = full_list_of(std::move(schema));
      properties.set(name, is_number ? any_of({list, ref("range")}) : list);
    }
    return properties;
  }

  static Value walltime() {
    return described(Value::object().set("type", words({"string", "integer"})), "such as \"00:30:00\"");
  }

  Value derived() {
    Value properties = Value::object();
    const Value expression = any_of({ref("scalar"), type("array")});
    for (const titan::KeyInfo& key : titan::keys(era_))
      properties.set(key.key, described(expression, "an expression; " + sentence_of(key)));
    return type("object").set("properties", std::move(properties)).set("additionalProperties", expression);
  }

  static Value environment() {
    return type("object")
        .set("propertyNames", Value::object().set("pattern", "^[A-Za-z_][A-Za-z0-9_]*$"))
        .set("additionalProperties", ref("scalar"));
  }

  Value torchtitan() {
    std::vector<std::string> versions = titan::era_names();
    Value version = described(any_of({Value::object().set("enum", words(versions)),
                                      Value::object().set("type", words({"string", "number"}))}),
                              "release of TorchTitan; without it the base or the installation tells");
    return closed(
        Value::object()
            .set("root",
                 described(type("string"), "folder of the checkout, or of the virtual environment; ${VAR} expands"))
            .set("version", std::move(version))
            .set("script", described(type("string"), "the script that starts a training, relative to root"))
            .set("apply", described(Value::object().set("enum", words({"config", "flags", "both"})),
                                    "how settings reach TorchTitan: in the config, on the command line, both")));
  }

  static Value resources() {
    return closed(
        Value::object()
            .set("gpus", described(ref("count-or-expression"), "all GPUs of a run: a number or an expression"))
            .set("nodes", described(ref("count-or-expression"), "nodes of a run, in place of gpus"))
            .set("walltime", walltime()));
  }

  static Value rules() {
    Value names = Value::object();
    for (const titan::Rule& rule : titan::rules())
      names.set(rule.name, described(type("string").set("minLength", 1), rule.summary + " Say why it is let through."));
    return closed(Value::object().set("warn", described(closed(std::move(names)), "rule: why it only warns here")));
  }

  static Value where() {
    const Value expression = type("string").set("minLength", 1);
    return any_of({expression, full_list_of(expression)});
  }

  Value sections() {
    const Value text = type("string").set("minLength", 1);
    const Value title = Value::object().set("type", words({"string", "number"}));
    Value all = Value::object();
    const auto add = [&](const char* name, Value schema, const char* description) {
      all.set(name, described(std::move(schema), description));
    };
    add("sweep", title, "name of the sweep");
    add("base", ref("base"), "the config every run begins with: a TOML file, or {module, config} for TorchTitan 0.3");
    add("model", title, "folder of the runs below logs/; without it the name of the base");
    add("torchtitan", torchtitan(), "which TorchTitan, and how it is started");
    add("fixed", ref("cells"), "settings of every run");
    add("env", environment(), "environment variables of the training");
    add("matrix", ref("axes"), "axes whose every combination is a run; the first key is the slowest");
    add("zip", any_of({ref("axes"), list_of(ref("axes"))}), "groups of axes that move together");
    add("include", list_of(ref("cells")), "single points beside the product");
    add("exclude", list_of(described(ref("cells"), "a row").set("minProperties", 1)),
        "points to leave out: all keys of a row equal");
    add("alias",
        type("object")
            .set("additionalProperties", text)
            .set("propertyNames", Value::object().set("pattern", R"(^[^.{}" ]+$)")),
        "short names for keys");
    add("where", where(), "expressions a point must satisfy, all of them");
    add("derive", derived(), "settings worked out from others: expressions");
    add("repeat", ref("axes"), "the same point several times; the fastest axis");
    add("sample", closed(Value::object().set("count", ref("count")).set("seed", type("integer")), {"count"}),
        "a random part of the points, the same on every machine");
    add("resources", resources(), "what a run takes");
    add("name", text, "template of the run's name, such as \"_bs{bs}_tp{tp}\"");
    add("order", Value::object().set("enum", words({"as-written", "cheapest-first"})),
        "order in which runs are queued");
    add("rules", rules(), "rules that only warn in this sweep");
    add("allow_new_keys", type("boolean"), "let keys through that no table of TorchTitan's keys has");
    add("architecture", text, "file that describes the model: sizes for rules and estimates");
    add("hardware", Value::object().set("enum", words(comm::hardware_names())),
        "links and cards of the estimates, where the site's are not known");
    return all;
  }

  Value checked_names() {
    const Value names = Value::object().set("propertyNames", ref("sweep-key"));
    Value all = Value::object();
    for (const char* section : {"fixed", "matrix", "derive", "repeat"}) all.set(section, names);
    all.set("zip", any_of({list_of(names).set("type", "array"),
                           Value::object().set("type", "object").set("propertyNames", ref("sweep-key"))}));
    for (const char* section : {"include", "exclude"}) all.set(section, Value::object().set("items", names));
    return all;
  }

  titan::Era era_;
};

}  // namespace

Value sweep_json_schema(titan::Era era) { return SchemaMaker(era).make(); }

}  // namespace tt::sweep
