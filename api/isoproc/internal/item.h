// How an item of a queue becomes bytes. Decided at compile time:
//   plain        trivially copyable, without hooks: its bytes, as they are in memory
//   contiguous   a string or vector of plain elements: the elements' bytes
//   others       as arguments of Process::Start, by the archives
// The queue knows the type of its items, so that no message needs to name it.
#ifndef ISOPROC_INTERNAL_ITEM_H_
#define ISOPROC_INTERNAL_ITEM_H_

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "isoproc/internal/archive.h"
#include "isoproc/internal/fields.h"
#include "isoproc/internal/travel.h"

namespace isoproc::internal {

template <class T>
consteval bool IsPlain();

template <class... Ts>
consteval bool ArePlain(Types<Ts...>) {
  return (IsPlain<std::remove_cv_t<Ts>>() && ...);
}
template <class T>
struct IsPlainArray : std::false_type {};
template <class T, size_t kSize>
struct IsPlainArray<std::array<T, kSize>> : std::bool_constant<kSize != 0 && IsPlain<T>()> {};

template <class T>
consteval bool IsPlain() {
  if constexpr (!std::is_trivially_copyable_v<T>) {
    return false;
  } else if constexpr (kWayOf<T> == Way::kBytes || kWayOf<T> == Way::kBool) {
    return true;
  } else if constexpr (kWayOf<T> == Way::kFields) {
    return ArePlain(typename FieldsOf<T>::Type{});
  } else {
    return IsPlainArray<T>::value;
  }
}

// Whose elements are one after the other, and nothing else.
template <class T>
inline constexpr bool kIsContiguous = false;
template <class Char, class Traits, class Allocator>
inline constexpr bool kIsContiguous<std::basic_string<Char, Traits, Allocator>> = true;
template <class T, class Allocator>
inline constexpr bool kIsContiguous<std::vector<T, Allocator>> =
    !std::is_same_v<T, bool> && std::default_initializable<T> && IsPlain<T>();

// Of all items alike; 0: they differ.
template <class T>
inline constexpr uint64_t kItemSize = IsPlain<T>() ? sizeof(T) : 0;

// Calls `use` with the bytes of `item` and what travels beside them, and gives what it gives.
// Errors: as Encode.
template <class T>
absl::Status WithBytesOf(
    const T& item,
    absl::FunctionRef<absl::Status(absl::Span<const std::byte>, const Luggage* luggage)> use) {
  if constexpr (IsPlain<T>()) {
    return use({reinterpret_cast<const std::byte*>(std::addressof(item)), sizeof(T)}, nullptr);
  } else if constexpr (kIsContiguous<T>) {
    return use({reinterpret_cast<const std::byte*>(item.data()),
                item.size() * sizeof(typename T::value_type)},
               nullptr);
  } else {
    Luggage luggage;
    WriteArchive archive(&luggage);
    const absl::Status status = GuardEncode([&] { archive(item); });
    if (!status.ok()) return status;
    const std::string bytes = std::move(archive).bytes();
    return use({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, &luggage);
  }
}

// What MakeItem replaces. To say that there is no item yet costs more than a small one does.
template <class T>
absl::StatusOr<T> NoItemYet() {
  if constexpr (IsPlain<T>() && std::is_nothrow_default_constructible_v<T> && sizeof(T) <= 128) {
    return absl::StatusOr<T>(absl::in_place);
  } else {
    return absl::StatusOr<T>();
  }
}

// Makes the item that such bytes were made of, in its place: an item may be large. Or says there
// why it cannot. `item` is as NoItemYet gives it.
// Errors: as Decode.
template <class T>
void MakeItem(absl::Span<const std::byte> bytes, absl::StatusOr<T>& item) {
  if constexpr (IsPlain<T>()) {
    if (bytes.size() != sizeof(T)) {
      item = absl::DataLossError("an item of another size");
    } else if constexpr (std::is_nothrow_default_constructible_v<T>) {
      item.emplace();
      std::memcpy(static_cast<void*>(std::addressof(*item)), bytes.data(), sizeof(T));
    } else {
      // Other constructors are not run: the bytes are all that there is.
      std::array<std::byte, sizeof(T)> copy;
      std::memcpy(copy.data(), bytes.data(), sizeof(T));
      item.emplace(std::bit_cast<T>(copy));
    }
  } else if constexpr (kIsContiguous<T>) {
    using Element = typename T::value_type;
    if (bytes.size() % sizeof(Element) != 0) {
      item = absl::DataLossError("part of an element");
      return;
    }
    const absl::Status status = GuardDecode([&] {
      item.emplace();
      item->resize(bytes.size() / sizeof(Element));
    });
    if (!status.ok()) {
      item = status;
    } else if (!bytes.empty()) {
      std::memcpy(item->data(), bytes.data(), bytes.size());
    }
  } else {
    ReadArchive archive(bytes);
    const absl::Status status = GuardDecode([&] {
      Box<T> box;  // runs the user's constructors
      box.ReadFrom(archive);
      archive.ExpectEnd();
      item.emplace(std::move(box).value());
    });
    if (!status.ok()) item = status;
  }
}

// The same, as a value.
template <class T>
absl::StatusOr<T> ItemOf(absl::Span<const std::byte> bytes) {
  absl::StatusOr<T> item = NoItemYet<T>();
  MakeItem(bytes, item);
  return item;
}

}  // namespace isoproc::internal

#endif  // ISOPROC_INTERNAL_ITEM_H_
