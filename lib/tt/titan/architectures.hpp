// tt/titan/architectures.hpp: where a model's sizes are looked up: what the user brought, then what TorchTitan ships.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tt/titan/architecture.hpp"

namespace tt::titan {

// The user's own comes first: a checkout that changed its "8B" is believed. Copies share what was added.
class Architectures {
 public:
  // Found by family and flavor as it names them, in every era. A later one of the same name takes its place.
  void add(const Architecture& architecture);
  // A flavor that is there, but whose sizes nobody could read: it is not known, whatever the shipped table says.
  void add_unknown(std::string family, std::string flavor);
  // Null: not known. The answer lives as long as this object and its copies. In era 0.3.0 `flavor` may be the name of a
  // shipped config function.
  const Architecture* find(Era era, std::string_view model, std::string_view flavor) const;
  // By the name estimates use ("llama3_8b"). Null: not known.
  const Architecture* find_named(Era era, std::string_view name) const;
  // "llama3_8b", ...: every name find_named knows, the user's own first, each once.
  std::vector<std::string> names(Era era) const;

 private:
  struct Own {
    std::string family;
    std::string flavor;
    std::string name;                                  // of estimates
    std::shared_ptr<const Architecture> architecture;  // null: not known
  };
  const Own* find_own(std::string_view family, std::string_view flavor) const;
  void put(Own own);

  std::vector<Own> own_;
};

// Nothing but the shipped table.
const Architectures& shipped_architectures();

}  // namespace tt::titan
