// tt/render/template.hpp: mustache templates whose values are shell words.
//
// `{{x}}` is a value quoted for the shell, `{{{x}}}` the bare text, `{{> job/claim}}` another template, and
// `{{#list}}..{{/list}}`, `{{^list}}..{{/list}}` are sections. Mustache leaves out what it does not know; here that is
// an error that says where.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "tt/base/value.hpp"

namespace tt::render {

// Renders "local/job": <folder>/local/job.sh.mustache when there is such a file, else the embedded template. Partials
// are found in the same way. (A name with an ending keeps it: "x/main.py" is x/main.py.mustache.) `data` is a table;
// numbers are printed in their shortest form, null and false are absent. Throws Error for an unknown template, partial
// or variable, and for a template that is not well formed.
std::string render_template(std::string_view name, const Value& data,
                            const std::optional<std::filesystem::path>& folder = std::nullopt);

// The same for a template that lies in a file of its own (a site's job_template).
std::string render_template_file(const std::filesystem::path& file, const Value& data,
                                 const std::optional<std::filesystem::path>& folder = std::nullopt);

}  // namespace tt::render
