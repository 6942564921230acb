#include "platform/core/wire.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/types/span.h"
#include "platform/base/bootstrap_marker.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

constexpr std::string_view kMagic = "isoproc child 1\n";
static_assert(kMagic.size() == 16);
using port::kBootstrapMarker;

struct Header {
  uint32_t kind;
  uint32_t magic;
  uint64_t size;
};
constexpr uint32_t kHeaderMagic = 0x69736f70;

// A payload grows as its bytes arrive, so that a wrong size is no wrong allocation.
constexpr size_t kReadPiece = size_t{1} << 20;

}  // namespace

Preamble MakePreamble(port::Port& port) {
  Preamble preamble;
  std::memcpy(preamble.data(), kMagic.data(), kMagic.size());
  port.RandomBytes(absl::MakeSpan(preamble).subspan(kMagic.size()));
  return preamble;
}

absl::Span<const std::byte> PreambleText() {
  return absl::MakeConstSpan(reinterpret_cast<const std::byte*>(kMagic.data()), kMagic.size());
}

std::string BootstrapPrefix(const Preamble& preamble) {
  const absl::string_view nonce(reinterpret_cast<const char*>(preamble.data()) + kMagic.size(),
                                preamble.size() - kMagic.size());
  return std::string(kBootstrapMarker) + absl::BytesToHexString(nonce) + ",";
}

std::optional<BootstrapArgument> ParseBootstrapArgument(std::string_view argument) {
  constexpr size_t kHexSize = 2 * (sizeof(Preamble) - kMagic.size());
  if (argument.substr(0, kBootstrapMarker.size()) != kBootstrapMarker) return std::nullopt;
  argument.remove_prefix(kBootstrapMarker.size());
  if (argument.size() <= kHexSize || argument[kHexSize] != ',') return std::nullopt;
  const std::string_view hex = argument.substr(0, kHexSize);
  if (hex.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
  const std::string nonce = absl::HexStringToBytes(absl::string_view(hex.data(), hex.size()));
  BootstrapArgument parsed;
  std::memcpy(parsed.preamble.data(), kMagic.data(), kMagic.size());
  std::memcpy(parsed.preamble.data() + kMagic.size(), nonce.data(), nonce.size());
  parsed.token = argument.substr(kHexSize + 1);
  return parsed;
}

std::string FrameHeader(FrameKind kind, uint64_t size) {
  const Header header{static_cast<uint32_t>(kind), kHeaderMagic, size};
  return std::string(reinterpret_cast<const char*>(&header), sizeof(header));
}

absl::Status WriteAll(port::Stream& stream, std::string_view& bytes, port::Deadline deadline) {
  while (!bytes.empty()) {
    const absl::StatusOr<size_t> written = stream.Write(
        absl::MakeConstSpan(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()),
        deadline);
    if (!written.ok()) return written.status();
    bytes.remove_prefix(*written);
  }
  return absl::OkStatus();
}

absl::Status WriteFrame(port::Stream& stream, FrameKind kind, std::string_view payload,
                        port::Deadline deadline) {
  // One write, so that the frame is whole or absent when the writer is killed.
  const std::string frame = FrameHeader(kind, payload.size()).append(payload);
  std::string_view rest = frame;
  return WriteAll(stream, rest, deadline);
}

absl::Status ReadAll(port::Stream& stream, absl::Span<std::byte> into, port::Deadline deadline) {
  bool read_some = false;
  while (!into.empty()) {
    const absl::StatusOr<size_t> read = stream.Read(into, deadline);
    if (!read.ok()) return read.status();
    if (*read == 0) {
      return read_some ? absl::DataLossError("the stream ended inside a message")
                       : absl::OutOfRangeError("end of stream");
    }
    read_some = true;
    into.remove_prefix(*read);
  }
  return absl::OkStatus();
}

absl::StatusOr<Frame> ReadFrame(port::Stream& stream, port::Deadline deadline) {
  Header header;
  absl::Status status = ReadAll(
      stream, absl::MakeSpan(reinterpret_cast<std::byte*>(&header), sizeof(header)), deadline);
  if (!status.ok()) return status;
  if (header.magic != kHeaderMagic) return absl::DataLossError("not a message of isoproc");
  Frame frame{static_cast<FrameKind>(header.kind), {}};
  while (frame.payload.size() < header.size) {
    const size_t have = frame.payload.size();
    const size_t piece =
        static_cast<size_t>(std::min<uint64_t>(header.size - have, std::max(kReadPiece, have)));
    frame.payload.resize(have + piece);
    status = ReadAll(
        stream, absl::MakeSpan(reinterpret_cast<std::byte*>(frame.payload.data()) + have, piece),
        deadline);
    if (absl::IsOutOfRange(status)) {
      return absl::DataLossError("the stream ended inside a message");
    }
    if (!status.ok()) return status;
  }
  return frame;
}

}  // namespace isoproc::internal
