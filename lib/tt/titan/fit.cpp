// misfit and fitted of schema.hpp: does a value suit the type of a key?
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tt/base/text.hpp"
#include "tt/titan/schema.hpp"

namespace tt::titan {

namespace {

using Form = ValueForm;

Form form_of(std::string_view name) {
  if (name == "int") return Form::integer;
  if (name == "float") return Form::floating;
  if (name == "float|int" || name == "Union") return Form::number;
  if (name == "bool") return Form::boolean;
  if (name == "str") return Form::string;
  if (name == "list[str]") return Form::strings;
  if (name == "list[str]|str") return Form::strings_or_string;
  if (name == "list[list[str]]") return Form::string_lists;
  if (name == "list[float]") return Form::floats;
  if (name.starts_with("list[str|")) return Form::strings;
  return Form::opaque;
}

std::string_view wanted(Form form) {
  switch (form) {
    case Form::integer:
      return "an integer key";
    case Form::floating:
    case Form::number:
      return "a number key";
    case Form::boolean:
      return "a boolean key";
    case Form::string:
      return "a string key";
    case Form::strings:
      return "a key for a list of strings";
    case Form::strings_or_string:
      return "a key for a list of strings or a string";
    case Form::string_lists:
      return "a key for a list of lists of strings";
    case Form::floats:
      return "a key for a list of numbers";
    case Form::opaque:
      break;
  }
  return "a key of a config function";
}

std::string shown(const Value& value) {
  if (value.is_null()) return "none";
  if (value.is_table()) return "a table";
  if (value.is_string()) return fmt::format("the string '{}'", printable(value.as_string()));
  if (value.is_list()) return fmt::format("the list [{}]", printable(plain_text(value)));
  return plain_text(value);
}

bool is_whole(double number) { return std::trunc(number) == number && std::abs(number) < 9.2e18; }

bool all_strings(const Value& value) {
  return value.is_list() && std::all_of(value.as_list().begin(), value.as_list().end(),
                                        [](const Value& element) { return element.is_string(); });
}

bool suits(Form form, const Value& value) {
  switch (form) {
    case Form::integer:
      return value.is_integer() || (value.is_floating() && is_whole(value.as_number()));
    case Form::floating:
    case Form::number:
      return value.is_number() && !std::isnan(value.as_number());  // nothing can be trained with it
    case Form::boolean:
      return value.is_boolean();
    case Form::string:
      return value.is_string();
    case Form::strings:
      return all_strings(value);
    case Form::strings_or_string:
      return value.is_string() || all_strings(value);
    case Form::string_lists:
      return value.is_list() && std::all_of(value.as_list().begin(), value.as_list().end(), all_strings);
    case Form::floats:
      return value.is_list() && std::all_of(value.as_list().begin(), value.as_list().end(),
                                            [](const Value& element) { return element.is_number(); });
    case Form::opaque:
      return false;
  }
  return false;
}

std::string hint(Form form, const Value& value) {
  if (form == Form::string && (value.is_number() || value.is_boolean()))
    return fmt::format("; write \"{}\"", plain_text(value));
  if (form == Form::boolean && value.is_string()) {
    const std::string word = lower(value.as_string());
    if (word == "true" || word == "false") return fmt::format("; write {} without quotes", word);
  }
  if (value.is_string() && (form == Form::integer || form == Form::floating || form == Form::number) &&
      to_double(value.as_string()))
    return fmt::format("; write {} without quotes", value.as_string());
  if (form == Form::strings && value.is_string()) return fmt::format("; write [\"{}\"]", printable(value.as_string()));
  return {};
}

std::string or_list(const std::vector<std::string>& words) {
  if (words.size() == 1) return words.front();
  const std::span<const std::string> head(words.data(), words.size() - 1);
  return join(head, ", ") + " or " + words.back();
}

std::optional<std::string> not_a_choice(const KeyInfo& key, const std::string& word) {
  if (key.allowed.empty() || std::find(key.allowed.begin(), key.allowed.end(), word) != key.allowed.end())
    return std::nullopt;
  std::string sentence = fmt::format("takes {}, got '{}'", or_list(key.allowed), printable(word));
  if (const auto near = nearest(word, key.allowed)) sentence += fmt::format("; did you mean '{}'?", *near);
  return sentence;
}

std::optional<std::string> none_misfit(const KeyInfo& key, const ValueType& type, Apply apply) {
  if (!type.optional) return fmt::format("is {}, got none", wanted(type.form));
  if (!has_toml(key.era) || (apply == Apply::flags && key.era >= Era::v0_1_0)) return std::nullopt;
  return key.default_value.is_null()
             ? "cannot be set to none: TOML has no such value; leave the key out, its default is none"
             : "cannot be set to none: TOML has no such value, only the command line has (apply: flags)";
}

}  // namespace

ValueType type_of(const KeyInfo& key) {
  constexpr std::string_view none = "|None";
  std::string_view name = key.type;
  const bool optional = name.ends_with(none);
  if (optional) name.remove_suffix(none.size());
  ValueType type{form_of(name), optional || key.default_value.is_null()};
  // argparse split "a,b" by itself and left a list of a TOML file alone.
  if (type.form == Form::strings && key.era < Era::v0_1_0) type.form = Form::strings_or_string;
  return type;
}

std::optional<std::string> misfit(const KeyInfo& key, const Value& value, Apply apply) {
  const ValueType type = type_of(key);
  if (type.form == Form::opaque) return "is set by a config function only, a sweep cannot set it";
  if (value.is_null()) return none_misfit(key, type, apply);
  if (!suits(type.form, value))
    return fmt::format("is {}, got {}{}", wanted(type.form), shown(value), hint(type.form, value));
  if (value.is_string()) return not_a_choice(key, value.as_string());
  if (value.is_list() && type.form != Form::floats)
    for (const Value& element : value.as_list())
      if (element.is_string())
        if (auto sentence = not_a_choice(key, element.as_string())) return sentence;
  return std::nullopt;
}

Value fitted(const KeyInfo& key, const Value& value) {
  switch (type_of(key).form) {
    case Form::integer:
      return value.is_floating() && is_whole(value.as_number()) ? Value(static_cast<std::int64_t>(value.as_number()))
                                                                : value;
    case Form::floating:
      return value.is_integer() ? Value(value.as_number()) : value;
    case Form::floats: {
      Value list = value;
      if (list.is_list())
        for (Value& element : list.as_list())
          if (element.is_integer()) element = element.as_number();
      return list;
    }
    default:
      return value;
  }
}

}  // namespace tt::titan
