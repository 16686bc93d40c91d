// tt/comm/trace_input.hpp: the bytes of a recorded trace, from a plain or a gzip file, a piece at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace tt::comm {

class TraceInput {
 public:
  // `name` is what messages call the file. Throws Error when it cannot be opened.
  TraceInput(std::string name, const std::filesystem::path& path);
  ~TraceInput();
  TraceInput(const TraceInput&) = delete;
  TraceInput& operator=(const TraceInput&) = delete;

  // Up to `size` bytes of the (unpacked) text; 0 at its end. gzip data that is damaged or ends early throws BadInput.
  std::size_t read(char* into, std::size_t size);

  const std::string& name() const { return name_; }
  bool is_packed() const;
  std::uint64_t bytes_read() const { return bytes_read_; }  // of the unpacked text

  // Throws BadInput: "NAME: byte 1,234: MESSAGE". Bytes count from 0 and are those of the unpacked text.
  [[noreturn]] void refuse(std::uint64_t byte, const std::string& message, const std::string& hint = "") const;

 private:
  struct State;
  std::string name_;
  std::unique_ptr<State> state_;
  std::uint64_t bytes_read_ = 0;
};

}  // namespace tt::comm
