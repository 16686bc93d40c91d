#include <cstdio>

#include "tt/base/error.hpp"
#include "tt/config/document.hpp"

int main() {
  const auto source = std::make_shared<const tt::SourceText>("a.toml", "a = 1\n");
  const auto document = tt::config::Document::parse(source);
  const std::string patched = document.with({{"a", 2}});
  std::fputs(patched.c_str(), stdout);
  return patched == "a = 2\n" ? 0 : 1;
}
