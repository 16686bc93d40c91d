// TOML documents written inside a test, and what becomes of them.
#pragma once

#include <functional>
#include <string>

#include "tt/config/document.hpp"

namespace tt::test {

config::Document document(const std::string& text, const std::string& name = "base.toml");
// The text with the assignments set.
std::string patched(const std::string& text, const Overrides& assignments);
// Everything `act` complains about: "file:line:column: message (hint)", one a line; "" when it does not throw BadInput.
std::string complaints(const std::function<void()>& act);
std::string complaints_of_patch(const std::string& text, const Overrides& assignments);

}  // namespace tt::test
