// tt/config/literal.hpp: single TOML literals: where a quoted one ends, what it says, and how one is spelled.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "tt/base/value.hpp"

namespace tt::config {

enum class Quotes { basic, literal };  // "…" and '…'

// The end (behind the closing quote) of a one-line string that begins at `at`; nullopt when it does not end.
std::optional<std::size_t> end_of_quoted(std::string_view text, std::size_t at);
// The end of any scalar literal that begins at `at`: strings of all four kinds, numbers, booleans, dates and times.
// nullopt when a string does not end. The text is known to be TOML.
std::optional<std::size_t> end_of_scalar(std::string_view text, std::size_t at);

// The inside of a basic string with its escapes resolved; nullopt when an escape is not one of TOML's.
std::optional<std::string> unescaped(std::string_view inside);
// Literal quotes are kept to when the text allows them, else basic ones are used.
std::string quoted(std::string_view text, Quotes quotes);

// Why a value has no TOML literal ("null", "a string that is not UTF-8"); nullopt when it has one.
std::optional<std::string> trouble_with(const Value& value);
// toml_literal, in the quotes of the literal it takes the place of.
std::string literal_like(const Value& value, std::string_view replaced);

}  // namespace tt::config
