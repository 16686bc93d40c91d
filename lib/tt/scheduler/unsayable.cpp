#include "tt/scheduler/unsayable.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/text.hpp"

namespace tt::scheduler {
namespace {

const std::string& value_of(const site::Profile& site, std::string_view what) {
  if (what == "account") return site.account;
  if (what == "partition") return site.partition;
  if (what == "qos") return site.qos;
  return site.constraint;
}

// Where somebody may have said it: the value is known, not who said it.
std::string said(const site::Profile& site, std::string_view what) {
  std::string variable = "TT_" + std::string(what);
  for (char& c : variable) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return fmt::format("{} '{}' (--{}, {}, or launch.{} of site '{}')", what, printable(value_of(site, what)), what,
                     variable, what, site.name);
}

// The first character that no such name has; empty: all are good.
std::string unfit_character(std::string_view name, std::string_view more) {
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || byte >= 0x80;
    if (!plain && std::string_view("_-.").find(c) == std::string_view::npos && more.find(c) == std::string_view::npos)
      return printable(std::string(1, c));
  }
  return "";
}

std::string allowed_text(std::string_view more) {
  std::string text = "letters, digits and _ - .";
  for (const char c : more) text += c == ' ' ? std::string(" blanks") : std::string(" ") + c;
  return text;
}

}  // namespace

std::vector<std::string> unsayable(const site::Profile& site, std::string_view here, std::span<const Wording> wordings,
                                   const SaidAlways& said_always) {
  std::vector<std::string> sentences;
  for (const Wording& wording : wordings) {
    if (value_of(site, wording.what).empty()) continue;
    const std::string option(wording.option);
    if (option.empty()) {
      sentences.push_back(fmt::format("{} means nothing to {}: {}", said(site, wording.what), here,
                                      wording.instead.empty() ? "leave it out" : wording.instead));
      continue;
    }
    if (const std::string bad =
            wording.name_with ? unfit_character(value_of(site, wording.what), *wording.name_with) : "";
        !bad.empty()) {
      sentences.push_back(fmt::format("{} is no name that {} takes: it has '{}', and may have {}",
                                      said(site, wording.what), here, bad, allowed_text(*wording.name_with)));
    }
    if (std::find(site.never.begin(), site.never.end(), option) != site.never.end()) {
      sentences.push_back(fmt::format("{} cannot be said: launch.never of the site's profile forbids {}",
                                      said(site, wording.what), option));
    }
    if (const std::string entry = said_always(option); !entry.empty()) {
      sentences.push_back(
          fmt::format("{} would be overruled by '{}' in launch.always of the site's profile: only one of "
                      "them can say it",
                      said(site, wording.what), printable(entry)));
    }
  }
  return sentences;
}

std::string names_of(std::span<const std::string> nodes) {
  std::vector<std::string> all(nodes.begin(), nodes.end());
  if (all.size() < 2) return all.empty() ? "" : all.front();
  const std::string last = all.back();
  all.pop_back();
  return fmt::format("{} and {}", join(all, ", "), last);
}

}  // namespace tt::scheduler
