// tt/titan/translate.hpp: the settings of a whole run in another era's words: also those that one setting alone cannot
// say, because they need the value of another key.
#pragma once

#include "tt/job/run.hpp"
#include "tt/titan/era.hpp"
#include "tt/titan/settings.hpp"

namespace tt::titan {

// Beside in_words_of of aliases.hpp, setting by setting:
// - optimizer.beta1 and beta2 become the list of 0.3.0, and the other way round; the one that is not set comes from
//   the base;
// - the count of pipeline microbatches becomes the size of one, and the other way round, by the batch size;
// - float8.enable_float8_linear adds its converter to those of the base, or takes it away.
// `base` answers in the words of `era`. The order stays; two settings that become one key must agree.
// Throws Error (bad_input) with a sentence where something cannot be carried over.
Overrides in_words_of(Era era, const Overrides& overrides, const BaseLookup& base);

}  // namespace tt::titan
