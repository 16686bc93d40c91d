// tt/sweep/fingerprint.hpp: the settings fingerprint: what two runs must share to be the same training.
//
// Resolved values of all keys (the sweep's, else the base's, else the era's default), environment, resources, repeat
// index. Not the name, not the dump folder, not how a value was spelled. The part every run shares is made once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tt/base/value.hpp"
#include "tt/job/run.hpp"
#include "tt/titan/era.hpp"

namespace tt::sweep {

class SettingsPrinter {
 public:
  // `resolved`: every key with its value where the sweep is silent (fitted to its type), in any order.
  SettingsPrinter(titan::Era era, const Overrides& resolved);
  // `root`: the checkout, where it varies in the sweep; empty otherwise.
  std::string print(const Overrides& overrides, const Variables& environment, const Resources& resources,
                    std::optional<int> repeat, const std::string& root = "") const;

 private:
  std::vector<std::pair<std::string, std::string>> lines_;  // sorted by key: key, "key=value\n"
  std::string dump_folder_key_;
};

// "r" and 16 hexadecimal digits.
RunId run_id(const std::string& sweep, const std::string& settings_fingerprint);

}  // namespace tt::sweep
