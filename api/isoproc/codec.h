// How values travel between processes: what may travel, and as which bytes.
//
// These types travel by value:
//   - numbers, bool, enumerations, and trivially copyable classes (as bytes)
//   - std::string, the standard containers, std::array, bitset, chrono, complex, optional, pair,
//     tuple, variant, and unique_ptr and shared_ptr to a type that travels
//   - plain aggregates of such types, of up to 100 members, without any boilerplate
//   - whatever has the hooks of the cereal library: serialize, save and load
//   - handles of shared objects, as arguments of Process::Start and of tasks, in messages of pipes
//     and in items of queues: sync.h. Connections, as arguments of Process::Start and in messages:
//     pipe.h
// These do not, and using them is a compile error: pointers, references, views (std::string_view,
// spans), iterators, functions, unions, weak_ptr, std::error_code and other classes of the standard
// library that hold pointers, aggregates that hold one of these, trivially copyable ranges,
// and lambdas with captures.
//
// The bytes are for the processes of one program. They carry the type's name, so that another type
// is refused; they are read with bounds checks, so that no bytes, whatever they hold, make the
// reader leave its buffer, or take more memory than a small multiple of the message and of the
// values that it holds.
#ifndef ISOPROC_CODEC_H_
#define ISOPROC_CODEC_H_

#ifndef __cpp_concepts
#error "isoproc needs C++20: -std=c++20, or CXX_STANDARD 20 in CMake"
#endif
#if !defined(__cpp_rtti) && !defined(_CPPRTTI)
#error "isoproc needs run-time type information: leave out -fno-rtti"
#endif

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "isoproc/internal/archive.h"
#include "isoproc/internal/travel.h"
#include "isoproc/internal/type_tag.h"

namespace isoproc {

namespace internal {

// As Encode and Decode, for what may have handles in it.
template <class T>
absl::StatusOr<std::string> EncodeWith(const T& value, Luggage* luggage) {
  WriteArchive archive(luggage);
  const absl::Status status = GuardEncode([&] {
    archive.Write(TypeTag<T>());
    archive(value);
  });
  if (!status.ok()) return status;
  return std::move(archive).bytes();
}
template <class T>
absl::StatusOr<T> DecodeWith(absl::Span<const std::byte> bytes, const Delivery* delivery) {
  ReadArchive archive(bytes, delivery);
  std::optional<Box<T>> box;
  const absl::Status status = GuardDecode([&] {
    archive.ReadTag(TypeTag<T>());
    box.emplace();  // runs the user's constructor
    box->ReadFrom(archive);
    archive.ExpectEnd();
  });
  if (!status.ok()) return status;
  return std::move(*box).value();
}

}  // namespace internal

// True for types that travel as arguments of Process::Start and in messages of pipes. Incomplete
// types are an error.
template <class T>
inline constexpr bool kTravels = internal::kWayOf<T> != internal::Way::kNone;
// True for those that travel as bytes alone as well: all but the handles of shared objects (sync.h)
// and what holds one.
template <class T>
inline constexpr bool kTravelsAsBytes = internal::TravelsAsBytes<T>();

// The bytes of `value`.
// Blocks:  never.  Thread safety: any thread, if nobody changes `value` meanwhile.
// Errors:  InvalidArgument: a serialisation hook of the type threw, or gave away a handle of a
//          shared object, which bytes alone cannot keep; ResourceExhausted: no memory.
template <class T>
absl::StatusOr<std::string> Encode(const T& value) {
  static_assert(kTravels<T>, "isoproc: this type cannot travel to another process; see codec.h");
  static_assert(kTravelsAsBytes<T> || !kTravels<T>,
                "isoproc: handles of shared objects do not travel as bytes, but as arguments of "
                "Process::Start and in messages");
  return internal::EncodeWith(value, nullptr);
}

// The value that `bytes` were made of.
// Blocks:  never.  Thread safety: any thread.
// Errors:  DataLoss: `bytes` are not exactly one T: of another type, cut short, too long, out of
//          range, nested deeper than 1,000 objects, or a hook of the type threw.
//          ResourceExhausted: no memory.
template <class T>
absl::StatusOr<T> Decode(absl::Span<const std::byte> bytes) {
  static_assert(kTravels<T>, "isoproc: this type cannot travel to another process; see codec.h");
  static_assert(kTravelsAsBytes<T> || !kTravels<T>,
                "isoproc: handles of shared objects do not travel as bytes, but as arguments of "
                "Process::Start and in messages");
  return internal::DecodeWith<T>(bytes, nullptr);
}
template <class T>
absl::StatusOr<T> Decode(const std::string& bytes) {
  return Decode<T>(
      absl::MakeConstSpan(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()));
}

}  // namespace isoproc

#endif  // ISOPROC_CODEC_H_
