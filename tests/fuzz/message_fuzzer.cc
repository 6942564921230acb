// Any bytes as what comes over a connection: the first two say how they come.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "platform/core/connection/message_reader.h"
#include "platform/testing/byte_stream.h"

namespace {

using isoproc::internal::MessageReader;
using isoproc::port::ByteStream;

// What a receiver does with its messages: reads them; asks for the size of each before that; or
// discards those of which it knows the size.
enum class Way { kRead, kAskAndRead, kAskAndDiscard };

// What a receiver gets, to the end or until nothing but errors follow; if there is `into`, there.
std::vector<std::string> ReceiveAll(const std::string& bytes, size_t pause, uint64_t limit,
                                    absl::Span<std::byte> into = {}, Way way = Way::kRead) {
  const auto never = isoproc::port::Deadline::Never();
  ByteStream stream(bytes, pause);
  MessageReader reader;
  std::vector<std::string> all;
  int errors = 0;
  while (errors < 2) {
    absl::Status status;
    if (way != Way::kRead) status = reader.NextSize(stream, never).status();
    if (status.ok() && way == Way::kAskAndDiscard) {
      status = reader.Discard(stream, never);
      if (status.ok()) {
        errors = 0;
        continue;
      }
    }
    if (status.ok()) status = reader.Read(stream, limit, never, into);
    if (absl::IsResourceExhausted(status)) status = reader.Read(stream, ~uint64_t{0}, never, into);
    if (absl::IsDeadlineExceeded(status)) {
      if (!reader.MayHaveHandles()) reader = MessageReader(reader.Consumed());
    } else if (status.ok()) {
      const auto& enclosed = reader.enclosed();
      const absl::Span<const std::byte> payload = reader.payload();
      all.push_back(std::string(reinterpret_cast<const char*>(payload.data()), payload.size()) +
                    std::to_string(enclosed.parcel) + "," + std::to_string(enclosed.handles()));
      reader.Pop();
      errors = 0;
    } else {
      all.push_back(absl::StatusCodeToString(status.code()));
      ++errors;
    }
  }
  reader.Pop();
  if (ByteStream::open_handles() != 0) std::abort();
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  // How the bytes come changes nothing, nor does where they go.
  const auto at_once = ReceiveAll(bytes, ByteStream::kAll, ~uint64_t{0});
  if (ReceiveAll(bytes, data[0] + size_t{1}, data[1]) != at_once) std::abort();
  if (ReceiveAll(bytes, data[1] + size_t{1}, ~uint64_t{0}, {}, Way::kAskAndRead) != at_once) {
    std::abort();
  }
  // Who gets none of them ends as they do.
  const std::vector<std::string> ends(at_once.end() - 2, at_once.end());
  for (const size_t pause : {ByteStream::kAll, data[0] + size_t{1}}) {
    if (ReceiveAll(bytes, pause, ~uint64_t{0}, {}, Way::kAskAndDiscard) != ends) std::abort();
  }
  static std::vector<std::byte> buffer(64 << 10);
  if (ReceiveAll(bytes, 37 * data[0] + size_t{1}, ~uint64_t{0}, absl::MakeSpan(buffer)) !=
      at_once) {
    std::abort();
  }
  return 0;
}
