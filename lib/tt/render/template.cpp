#include "tt/render/template.hpp"

#include <fmt/format.h>

#include <kainjow/mustache.hpp>
#include <map>
#include <vector>

#include "tt/base/embedded.hpp"
#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/source_text.hpp"
#include "tt/base/text.hpp"
#include "tt/render/quote.hpp"

namespace tt::render {
namespace {

using Mustache = kainjow::mustache::mustache;
using Data = kainjow::mustache::data;

// More partials than any template needs: one of them includes itself.
constexpr int kMostPartials = 1000;

// "job/claim" → "job/claim.sh.mustache"; a name with an ending keeps it.
std::string file_name(std::string_view name) {
  const bool has_ending = name.substr(name.rfind('/') + 1).find('.') != std::string_view::npos;
  return std::string(name) + (has_ending ? ".mustache" : ".sh.mustache");
}

std::optional<std::string> load_template(std::string_view name, const std::optional<fs::path>& folder) {
  if (folder) {
    if (auto text = read_file_if_there(*folder / file_name(name))) return text;
  }
  if (const auto text = embedded::find(embedded::templates(), file_name(name))) return std::string(*text);
  return std::nullopt;
}

Data to_data(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::null:
      return Data(false);
    case Value::Kind::boolean:
      return Data(value.as_boolean());
    case Value::Kind::list: {
      Data list(Data::type::list);
      for (const Value& item : value.as_list()) list.push_back(to_data(item));
      return list;
    }
    case Value::Kind::table: {
      Data table(Data::type::object);
      for (const auto& [key, item] : value.as_table()) table.set(key, to_data(item));
      return table;
    }
    default:
      return Data(plain_text(value));
  }
}

// Where a tag that names `name` stands: for messages, so the first one in the order of loading will do.
struct LoadedTemplate {
  std::string name;
  std::string text;
};
std::string place_of_tag(const std::vector<LoadedTemplate>& loaded, const std::string& name) {
  for (const LoadedTemplate& one : loaded) {
    for (std::size_t at = one.text.find("{{"); at != std::string::npos; at = one.text.find("{{", at + 2)) {
      const std::size_t end = one.text.find("}}", at);
      const std::string_view tag = std::string_view(one.text).substr(at + 2, end - at - 2);
      const std::size_t begin = tag.find_first_not_of("{#^&>/ ");
      if (begin == std::string_view::npos || trim(tag.substr(begin)) != name) continue;
      return fmt::format("{}:{}", one.name, SourceText(one.name, one.text).position(at).line);
    }
  }
  return loaded.front().name;
}

// Looks names up, and refuses those there are not.
class StrictContext final : public kainjow::mustache::context<std::string> {
 public:
  StrictContext(const Data* data, std::string name, std::string text, const std::optional<fs::path>& folder)
      : context(data), folder_(folder), loaded_{{std::move(name), std::move(text)}} {}

  const Data* get(const std::string& name) const override {
    const Data* found = context::get(name);
    if (found == nullptr) {
      throw Error(fmt::format("template {} wants '{}', and there is no such value", place_of_tag(loaded_, name), name));
    }
    return found;
  }

  const Data* get_partial(const std::string& name) const override {
    if (++partials_ > kMostPartials) {
      throw Error(fmt::format("template {} includes itself through '{}'", place_of_tag(loaded_, name), name));
    }
    const auto [place, is_new] = partial_texts_.try_emplace(name);
    if (is_new) place->second = Data(checked_partial(name));
    return &place->second;
  }

 private:
  std::string checked_partial(const std::string& name) const {
    const auto text = load_template(name, folder_);
    if (!text) {
      throw Error(fmt::format("template {} includes '{}', and there is no template {}", place_of_tag(loaded_, name),
                              name, file_name(name)));
    }
    loaded_.push_back({file_name(name), *text});
    const Mustache parsed(*text);
    if (!parsed.is_valid()) {
      throw Error(fmt::format("template {} is not well formed: {}", file_name(name), parsed.error_message()));
    }
    return *text;
  }

  std::optional<fs::path> folder_;
  mutable std::vector<LoadedTemplate> loaded_;
  mutable std::map<std::string, Data> partial_texts_;
  mutable int partials_ = 0;
};

std::string render_text(const std::string& name, const std::string& text, const Value& data,
                        const std::optional<fs::path>& folder) {
  Mustache parsed(text);
  if (!parsed.is_valid()) throw Error(fmt::format("template {} is not well formed: {}", name, parsed.error_message()));
  parsed.set_custom_escape([](const std::string& value) { return shell_word(value); });
  const Data root = to_data(data);
  StrictContext context(&root, name, text, folder);
  std::string rendered = parsed.render(context);
  if (!parsed.is_valid()) throw Error(fmt::format("template {}: {}", name, parsed.error_message()));
  return rendered;
}

}  // namespace

std::string render_template(std::string_view name, const Value& data, const std::optional<fs::path>& folder) {
  const auto text = load_template(name, folder);
  if (!text) throw Error(fmt::format("there is no template {}", file_name(name)));
  return render_text(file_name(name), *text, data, folder);
}

std::string render_template_file(const fs::path& file, const Value& data, const std::optional<fs::path>& folder) {
  return render_text(file.string(), read_file(file), data, folder);
}

}  // namespace tt::render
