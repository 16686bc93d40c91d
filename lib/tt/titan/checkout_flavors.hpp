// tt/titan/checkout_flavors.hpp: the flavors of a TorchTitan checkout, read from its Python files without running them.
//
// A user's own checkout may have flavors nobody shipped, or other sizes under a known name. Eras with TOML keep them in
// a dict of constructor calls, with defaults in a class beside it; era 0.3.0 in a dict of functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tt/base/files.hpp"
#include "tt/titan/architectures.hpp"

namespace tt::titan {

struct UnknownFlavor {
  std::string family;
  std::string flavor;
  std::string reason;  // "n_layers is not a number that can be read"
};

struct CheckoutFlavors {
  std::vector<Architecture> known;
  std::vector<UnknownFlavor> unknown;
};

// The files of one model as texts: `init` is its __init__.py; `more` the files that hold its classes of arguments.
CheckoutFlavors read_flavors(std::string_view family, std::string_view init, const std::vector<std::string>& more);
// Every model below torchtitan/models (and the experiments that became models) whose family we know. Nothing found:
// both lists are empty.
CheckoutFlavors load_checkout_flavors(const fs::path& root);
// What the era ships stays; other sizes and new names become the user's own; the unreadable are not known from then on.
void add_flavors(const CheckoutFlavors& flavors, Era era, Architectures& architectures);

}  // namespace tt::titan
