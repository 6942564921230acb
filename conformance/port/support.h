// What cases of the port contract have in common.
#ifndef ISOPROC_CONFORMANCE_PORT_SUPPORT_H_
#define ISOPROC_CONFORMANCE_PORT_SUPPORT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "conformance/harness/environment.h"
#include "platform/port/port.h"

namespace isoproc::conformance {

inline absl::Span<const std::byte> AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

// A deadline that has passed.
inline port::Deadline Expired() { return port::Deadline::At(absl::ZeroDuration()); }

// Writes all of `text`, waiting for room.
inline absl::Status WriteAll(port::Stream& stream, std::string_view text) {
  const port::Deadline deadline = Patiently();
  while (!text.empty()) {
    const absl::StatusOr<size_t> n = stream.Write(AsBytes(text), deadline);
    if (!n.ok()) return n.status();
    if (*n == 0 || *n > text.size()) return absl::InternalError("Write gave an impossible number");
    text.remove_prefix(*n);
  }
  return absl::OkStatus();
}

// Reads until there are `size` bytes, or fewer at the end of the stream.
inline absl::StatusOr<std::string> ReadUpTo(port::Stream& stream, size_t size,
                                            port::Deadline deadline) {
  std::string text(size, '\0');
  size_t done = 0;
  while (done < size) {
    const absl::StatusOr<size_t> n = stream.Read(
        absl::MakeSpan(reinterpret_cast<std::byte*>(text.data()) + done, size - done), deadline);
    if (!n.ok()) return n.status();
    if (*n == 0) break;
    done += *n;
  }
  text.resize(done);
  return text;
}

inline absl::StatusOr<std::string> ReadExactly(port::Stream& stream, size_t size) {
  absl::StatusOr<std::string> text = ReadUpTo(stream, size, Patiently());
  if (text.ok() && text->size() != size) return absl::OutOfRangeError("end of stream");
  return text;
}

inline absl::StatusOr<std::string> ReadToEnd(port::Stream& stream) {
  const port::Deadline deadline = Patiently();
  std::string all;
  while (true) {
    absl::StatusOr<std::string> part = ReadUpTo(stream, 1, deadline);
    if (!part.ok()) return part.status();
    if (part->empty()) return all;
    all += *part;
  }
}

// For a child: returns when its case has let go of the stream, or died.
inline void WaitForEnd(port::Stream& stream) {
  std::byte byte;
  absl::StatusOr<size_t> n = 1;
  while (n.ok() && *n > 0) n = stream.Read({&byte, 1}, port::Deadline::Never());
}

// Plain values over a stream.
template <class T>
absl::Status WriteValue(port::Stream& stream, const T& value) {
  return WriteAll(stream, {reinterpret_cast<const char*>(&value), sizeof(value)});
}
template <class T>
absl::StatusOr<T> ReadValue(port::Stream& stream) {
  const absl::StatusOr<std::string> text = ReadExactly(stream, sizeof(T));
  if (!text.ok()) return text.status();
  T value;
  std::memcpy(&value, text->data(), sizeof(value));
  return value;
}

// Whether `object` is ready now, as a status: OK or kDeadlineExceeded.
inline absl::Status Ready(port::Waitable& object, port::Deadline deadline) {
  port::Waitable* const objects[] = {&object};
  return TestPort().WaitAny(objects, deadline).status();
}

// Asks again and again, for things that become true "soon" and have no notice.
template <class Condition>
bool Eventually(Condition condition) {
  const port::Deadline deadline = Patiently();
  while (!condition()) {
    if (deadline.Expired(TestPort().Now())) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

// A pattern in which each place is told from its neighbours.
inline std::string Pattern(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>((i * 7 + i / 251) & 0xFF);
  return text;
}

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_PORT_SUPPORT_H_
