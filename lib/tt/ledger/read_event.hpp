// tt/ledger/read_event.hpp: one line of the journal back into an event. The one reader of simdjson is behind it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tt/ledger/events.hpp"

namespace tt::ledger {

// Bytes that must be readable (whatever they hold) after a line handed to EventReader.
extern const std::size_t kLinePadding;

class EventReader {
 public:
  EventReader();
  ~EventReader();
  // nullopt when the line is no event; `why` then says what is wrong with it.
  std::optional<Event> read(std::string_view line, std::string& why);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace tt::ledger
