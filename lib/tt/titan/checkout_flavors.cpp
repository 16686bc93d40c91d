#include "tt/titan/checkout_flavors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include "tt/titan/model_arguments.hpp"
#include "tt/titan/parameters.hpp"

namespace tt::titan {

using python::Expression;
using Kind = Expression::Kind;

namespace {

// Where a family lives below the root: its folder, and where its classes of arguments are.
struct Home {
  std::string_view family;
  std::string_view folder;
};
constexpr std::array<Home, 8> homes{{{"llama3", "torchtitan/models/llama"},
                                     {"llama3", "torchtitan/models/llama3"},
                                     {"llama4", "torchtitan/experiments/llama4"},
                                     {"llama4", "torchtitan/models/llama4"},
                                     {"deepseek_v3", "torchtitan/models/deepseek_v3"},
                                     {"qwen3", "torchtitan/models/qwen3"},
                                     {"gpt_oss", "torchtitan/experiments/gpt_oss"},
                                     {"gpt_oss", "torchtitan/models/gpt_oss"}}};
constexpr std::array<std::string_view, 3> files_of_arguments{"model/args.py", "args.py", "model.py"};
constexpr std::array<std::string_view, 2> files_of_experts{"torchtitan/models/moe/moe.py", "torchtitan/models/moe.py"};

Architecture architecture_of_call(std::string_view family, const Expression& call, const python::Module& module,
                                  const python::Module& classes) {
  const auto fields = classes.classes.find(call.text);
  if (fields == classes.classes.end()) throw NotReadable{fmt::format("there is no class {} to read", call.text)};
  return architecture_of_arguments(family, Arguments(call, fields->second, {}, module.assigned), classes);
}

Architecture architecture_of_entry(std::string_view family, const Expression& entry, const python::Module& module,
                                   const python::Module& classes) {
  const Expression value = python::resolve(entry, {}, module.assigned);
  if (value.kind == Kind::call) return architecture_of_call(family, value, module, classes);
  if (value.kind == Kind::name)
    if (const auto function = module.functions.find(value.text); function != module.functions.end())
      return architecture_of_function(family, function->second, module);
  throw NotReadable{"it is neither a call nor a function that can be read"};
}

// The dict of flavors is told by its name: llama3_args, llama4_configs, qwen3_configs, ...
bool holds_flavors(std::string_view name, const Expression& value) {
  return value.kind == Kind::dict && (name.ends_with("_args") || name.ends_with("_configs"));
}

void read_entry(std::string_view family, const std::string& flavor, const Expression& entry,
                const python::Module& module, const python::Module& classes, CheckoutFlavors& found) {
  try {
    Architecture model = architecture_of_entry(family, entry, module, classes);
    model.flavor = flavor;
    if (model.vocab_size && !count_parameters(model)) throw NotReadable{"its sizes make no model"};
    found.known.push_back(std::move(model));
  } catch (const NotReadable& trouble) {
    found.unknown.push_back({std::string(family), flavor, trouble.reason});
  }
}

void append(CheckoutFlavors& to, CheckoutFlavors more) {
  std::move(more.known.begin(), more.known.end(), std::back_inserter(to.known));
  std::move(more.unknown.begin(), more.unknown.end(), std::back_inserter(to.unknown));
}

std::optional<std::string> read_source(const fs::path& path) {
  return is_folder(path) ? std::nullopt : read_file_if_there(path);
}

// The table knows more than the files do where the vocabulary is the tokenizer's.
bool is_as_shipped(const Architecture& model, Era era) {
  const Architecture* shipped = find_shipped_architecture(era, model.family, model.flavor);
  if (shipped == nullptr) return false;
  Architecture same = model;
  if (!same.vocab_size) same.vocab_size = shipped->vocab_size;
  return same == *shipped;
}

}  // namespace

CheckoutFlavors read_flavors(std::string_view family, std::string_view init, const std::vector<std::string>& more) {
  const python::Module module = python::read_module(init);
  python::Module classes;
  for (const std::string& text : more) {
    python::Module read = python::read_module(text);
    classes.classes.merge(read.classes);
  }
  CheckoutFlavors found;
  for (const auto& [name, value] : module.assigned) {
    if (!holds_flavors(name, value)) continue;
    for (const auto& [flavor, entry] : value.named) {
      if (value.find(flavor) != &entry) continue;  // a later one of the same name counts
      read_entry(family, flavor, entry, module, classes, found);
    }
  }
  return found;
}

CheckoutFlavors load_checkout_flavors(const fs::path& root) {
  std::vector<std::string> experts;
  for (const auto name : files_of_experts)
    if (auto text = read_source(root / name)) experts.push_back(std::move(*text));
  CheckoutFlavors found;
  for (const auto& [family, folder] : homes) {
    const auto init = read_source(root / folder / "__init__.py");
    if (!init) continue;
    std::vector<std::string> more = experts;
    for (const auto name : files_of_arguments)
      if (auto text = read_source(root / folder / name)) more.push_back(std::move(*text));
    append(found, read_flavors(family, *init, more));
  }
  return found;
}

void add_flavors(const CheckoutFlavors& flavors, Era era, Architectures& architectures) {
  for (const Architecture& model : flavors.known)
    if (!is_as_shipped(model, era)) architectures.add(model);
  for (const UnknownFlavor& flavor : flavors.unknown) architectures.add_unknown(flavor.family, flavor.flavor);
}

}  // namespace tt::titan
