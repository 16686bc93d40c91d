// tt/titan/key_lookup.hpp: what an era makes of a key, in a sweep or in a base file: known, called otherwise, gone,
// too new, or nobody's; with the advice for a person.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tt/titan/era.hpp"

namespace tt::titan {

enum class KeyStanding {
  known,           // a key of the era
  renamed,         // the era calls it otherwise: `name`; in_words_of carries values over, or says why it cannot
  untranslatable,  // a key of another era that has no counterpart in this one
  unknown          // no era has it: a typing error, or a key of an extension module
};

struct KeyVerdict {
  KeyStanding standing = KeyStanding::unknown;
  std::string name;    // the era's name of it, when known or renamed
  std::string advice;  // "did you mean ...", the newer or older name, why it is gone; empty when known or no idea
};
KeyVerdict judge_key(Era era, std::string_view key);

// Has any era such a key (also under a name that lived only between two releases, or that is newer than the newest
// era)?
bool is_known_in_some_era(std::string_view key);

// What each era calls a key of any era, from the oldest on; `name` is empty where it has nothing of the kind.
struct NameInEra {
  Era era;
  std::string name;
};
std::vector<NameInEra> names_of(std::string_view key);

}  // namespace tt::titan
