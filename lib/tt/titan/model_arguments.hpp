// tt/titan/model_arguments.hpp: the arguments a checkout builds a model from, and the architecture they make.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tt/titan/architecture.hpp"
#include "tt/titan/python_source.hpp"

namespace tt::titan {

// What cannot be read makes the whole model unknown; this says why. Caught in checkout_flavors.cpp.
struct NotReadable {
  std::string reason;
};

// Arguments given in a call, else the defaults of the class or function that is called.
class Arguments {
 public:
  Arguments(const python::Expression& call, const python::Names& defaults, const python::Names& locals,
            const python::Names& globals);
  const python::Expression& given() const { return call_; }
  const python::Names& defaults() const { return defaults_; }
  bool has(std::string_view name) const;
  bool is_given(std::string_view name) const;
  python::Expression value(std::string_view name) const;  // throws NotReadable when there is no such argument
  std::int64_t integer(std::string_view name) const;      // throws NotReadable unless it is a whole number
  std::optional<std::int64_t> integer_or_none(std::string_view name) const;
  std::optional<double> number_or_none(std::string_view name) const;
  bool flag(std::string_view name) const;
  std::string text(std::string_view name) const;
  // The arguments of a call that is itself an argument.
  Arguments call(std::string_view name, const python::Names& defaults) const;

 private:
  python::Expression call_;
  const python::Names& defaults_;
  const python::Names& locals_;
  const python::Names& globals_;
};

// llama's rule: two thirds of four times dim, times the multiplier, rounded up; each product cut to an integer.
std::int64_t llama_ffn_size(std::int64_t dim, std::int64_t multiple_of, std::optional<double> multiplier);

// Eras with TOML: `models` are the classes beside the flavors (MoEArgs among them, where there is one).
Architecture architecture_of_arguments(std::string_view family, const Arguments& arguments,
                                       const python::Module& classes);
// Era 0.3.0: the configuration a function returns.
Architecture architecture_of_function(std::string_view family, const python::Function& function,
                                      const python::Module& module);

}  // namespace tt::titan
