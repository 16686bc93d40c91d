#include "tt/comm/trace_input.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"

namespace tt::comm {
namespace {

constexpr std::size_t kPackedPiece = std::size_t{256} * 1024;
constexpr int kGzipWindow = 15 + 16;  // the largest window, with a gzip header and its checksum

}  // namespace

struct TraceInput::State {
  int file = -1;
  bool packed = false;
  z_stream unpack{};
  bool in_member = false;         // between a gzip header and its checksum
  std::uint64_t members = 0;      // finished
  std::uint64_t packed_read = 0;  // bytes of the file handed to zlib
  std::vector<char> piece;        // of the file: what was read to look at its first bytes, then packed data
  std::size_t next = 0;           // first byte of it not yet handed on
  std::size_t held = 0;

  ~State() {
    if (packed) inflateEnd(&unpack);
    if (file >= 0) ::close(file);
  }
  std::size_t read_file(char* into, std::size_t size, const std::string& name) const {
    for (;;) {
      const ssize_t got = ::read(file, into, size);
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) throw Error(fmt::format("cannot read {}: {}", name, std::strerror(errno)));
    }
  }
};

TraceInput::TraceInput(std::string name, const std::filesystem::path& path)
    : name_(std::move(name)), state_(std::make_unique<State>()) {
  State& state = *state_;
  if (std::filesystem::is_directory(path))
    throw BadInput(Problem{whole_file(name_), "is a folder", "name the trace files in it"});
  state.file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (state.file < 0) throw BadInput(Problem{whole_file(name_), std::strerror(errno), ""});
  state.piece.resize(kPackedPiece);
  while (state.held < 2) {
    const std::size_t got = state.read_file(state.piece.data() + state.held, kPackedPiece - state.held, name_);
    if (got == 0) break;
    state.held += got;
  }
  if (state.held >= 2 && state.piece[0] == '\x1f' && state.piece[1] == '\x8b') {
    if (inflateInit2(&state.unpack, kGzipWindow) != Z_OK) throw Error("zlib has no memory to unpack " + name_);
    state.packed = true;
    state.in_member = true;
  }
}

TraceInput::~TraceInput() = default;

bool TraceInput::is_packed() const { return state_->packed; }

void TraceInput::refuse(std::uint64_t byte, const std::string& message, const std::string& hint) const {
  const std::string_view of = is_packed() ? " of the unpacked text" : "";
  const std::string where = fmt::format("byte {}{}", with_thousands(static_cast<std::int64_t>(byte)), of);
  throw BadInput(Problem{whole_file(name_), where + ": " + message, hint});
}

std::size_t TraceInput::read(char* into, std::size_t size) {
  State& state = *state_;
  if (size == 0) return 0;
  if (!state.packed) {
    std::size_t got = std::min(size, state.held - state.next);
    if (got > 0) {
      std::memcpy(into, state.piece.data() + state.next, got);
      state.next += got;
    } else {
      got = state.read_file(into, size, name_);
    }
    bytes_read_ += got;
    return got;
  }
  z_stream& unpack = state.unpack;
  unpack.next_out = reinterpret_cast<Bytef*>(into);
  unpack.avail_out = static_cast<uInt>(std::min<std::size_t>(size, 1U << 30U));
  const uInt wanted = unpack.avail_out;
  while (unpack.avail_out == wanted) {
    if (state.next == state.held) {
      state.next = 0;
      state.held = state.read_file(state.piece.data(), kPackedPiece, name_);
      if (state.held == 0) {
        if (!state.in_member) return 0;
        refuse(bytes_read_, "the gzip data ends here, before its own end mark: the file was cut short",
               "copy it again, or take the trace of another rank");
      }
    }
    if (!state.in_member) {  // gzip files may stand one behind the other
      inflateReset(&unpack);
      state.in_member = true;
    }
    unpack.next_in = reinterpret_cast<Bytef*>(state.piece.data() + state.next);
    unpack.avail_in = static_cast<uInt>(state.held - state.next);
    const int answer = inflate(&unpack, Z_NO_FLUSH);
    state.packed_read += state.held - state.next - unpack.avail_in;
    state.next = state.held - unpack.avail_in;
    if (answer == Z_STREAM_END) {
      state.in_member = false;
    } else if (answer != Z_OK && answer != Z_BUF_ERROR) {
      refuse(bytes_read_ + (wanted - unpack.avail_out),
             fmt::format("the gzip data is damaged near byte {} of the file ({})",
                         with_thousands(static_cast<std::int64_t>(state.packed_read)),
                         unpack.msg != nullptr ? unpack.msg : "zlib gives no reason"),
             "copy it again, or take the trace of another rank");
    }
  }
  const std::size_t got = wanted - unpack.avail_out;
  bytes_read_ += got;
  return got;
}

}  // namespace tt::comm
