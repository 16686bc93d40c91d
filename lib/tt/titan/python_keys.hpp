// tt/titan/python_keys.hpp: configuration keys read out of TorchTitan's Python sources, as text: options of an argument
// parser ("--training.steps"), fields of configuration classes.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tt::titan {

// Every "--section.name" that stands in quotes.
std::set<std::string> argparse_keys(std::string_view python);

struct Field {
  std::string name;
  std::string type;  // the name before any bracket: "int", "list", "Checkpoint"
};
using ClassFields = std::map<std::string, std::vector<Field>, std::less<>>;
// The fields of every class at the top level; text in triple quotes is passed over.
ClassFields class_fields(std::string_view python);
// The keys below a class whose fields are sections: fields of a class of the same file open a section.
std::set<std::string> keys_below(const ClassFields& classes, const std::string& class_name,
                                 const std::string& prefix = "");

}  // namespace tt::titan
