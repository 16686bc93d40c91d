#include "tt/job/asked.hpp"

#include <array>

#include "tt/base/text.hpp"

namespace tt {
namespace {

struct AskedWord {
  const char* name;
  std::string Asked::*value;
};
constexpr std::array<AskedWord, 4> kAskedWords{{{"account", &Asked::account},
                                                {"partition", &Asked::partition},
                                                {"qos", &Asked::qos},
                                                {"constraint", &Asked::constraint}}};

}  // namespace

Asked over(const Asked& stronger, const Asked& weaker) {
  Asked both = stronger;
  for (const AskedWord& word : kAskedWords) {
    if ((both.*word.value).empty()) both.*word.value = weaker.*word.value;
  }
  if (!both.throttle) both.throttle = weaker.throttle;
  return both;
}

std::string describe(const Asked& asked) {
  std::string text;
  const auto say = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) text += (text.empty() ? "--" : " --") + name + " " + printable(value);
  };
  for (const AskedWord& word : kAskedWords) say(word.name, asked.*word.value);
  if (asked.throttle) say("throttle", std::to_string(*asked.throttle));
  return text;
}

Value to_value(const Asked& asked) {
  Value json = Value::object();
  for (const AskedWord& word : kAskedWords) {
    if (!(asked.*word.value).empty()) json.set(word.name, asked.*word.value);
  }
  if (asked.throttle) json.set("throttle", *asked.throttle);
  return json;
}

Asked read_asked(const Value& json) {
  Asked asked;
  if (!json.is_table()) return asked;
  for (const AskedWord& word : kAskedWords) asked.*word.value = json.text_or(word.name);
  if (const Value& throttle = json.at("throttle"); throttle.is_integer())
    asked.throttle = static_cast<int>(throttle.as_integer());
  return asked;
}

}  // namespace tt
