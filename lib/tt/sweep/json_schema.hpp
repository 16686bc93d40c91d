// tt/sweep/json_schema.hpp: the sweep file as a JSON Schema (draft 2020-12), so that editors complete and check it.
//
// It is as strict as an editor can be without the base file, the aliases' meaning and the site: `tt-sweep check` has
// the last word. Keys of other eras pass, for they are translated.
#pragma once

#include "tt/base/value.hpp"
#include "tt/titan/era.hpp"

namespace tt::sweep {

Value sweep_json_schema(titan::Era era);

}  // namespace tt::sweep
