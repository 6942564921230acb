// The archives that cereal writes to and reads from: plain memory, bounds-checked.
#ifndef ISOPROC_INTERNAL_ARCHIVE_H_
#define ISOPROC_INTERNAL_ARCHIVE_H_

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <forward_list>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <unordered_map>
#include <utility>
#include <valarray>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "cereal/cereal.hpp"
#include "isoproc/internal/fields.h"
#include "isoproc/internal/travel.h"

namespace isoproc::internal {

// Run `body`, which may throw what archives, allocators and users' hooks throw, and say so by
// status.
absl::Status GuardEncode(absl::FunctionRef<void()> body);
absl::Status GuardDecode(absl::FunctionRef<void()> body);

// Ends a GuardDecode with kDataLoss.
[[noreturn]] void ThrowBadBytes(const char* reason);
// Ends a GuardEncode or GuardDecode with `status`.
[[noreturn]] void ThrowStatus(absl::Status status);

// What a handle holds.
class SharedObject;

// Memory of its own, which other processes may map.
class SharedBlock;
using SharedBlocks = std::vector<std::shared_ptr<SharedBlock>>;

// An end of a pipe, before and after.
class MovingEnd;
class ArrivedEnd;

// What travels beside the bytes of a message. Whoever sends it keeps it until it has arrived.
struct Luggage {
  std::vector<std::shared_ptr<SharedObject>> kept;
  // The receiver gets these too, in this order.
  SharedBlocks blocks;
  std::vector<std::shared_ptr<MovingEnd>> ends;

  bool empty() const { return kept.empty() && blocks.empty() && ends.empty(); }
};

// What has come beside the bytes of a message.
struct Delivery {
  SharedBlocks blocks;
  std::vector<std::shared_ptr<ArrivedEnd>> ends;
};

class WriteArchive : public cereal::OutputArchive<WriteArchive> {
 public:
  // Without `luggage`, nothing travels but bytes.
  explicit WriteArchive(Luggage* luggage = nullptr) : OutputArchive(this), luggage_(luggage) {}

  Luggage* luggage() { return luggage_; }

  void WriteBytes(const void* data, size_t size) {
    bytes_.append(static_cast<const char*>(data), size);
  }
  template <class T>
  void Write(const T& value) {
    WriteBytes(std::addressof(value), sizeof(value));
  }

  // Around each object. One that has nothing to write is a byte all the same, so that an honest
  // count of objects is never larger than the bytes that follow it.
  void Enter() { begin_ = bytes_.size(); }
  void Leave() {
    if (bytes_.size() == begin_) bytes_.push_back('\0');
  }

  std::string bytes() && { return std::move(bytes_); }

 private:
  std::string bytes_;
  size_t begin_ = 0;  // of the object that was entered last
  Luggage* luggage_;
};

class ReadArchive : public cereal::InputArchive<ReadArchive> {
 public:
  explicit ReadArchive(absl::Span<const std::byte> bytes, const Delivery* delivery = nullptr)
      : InputArchive(this), rest_(bytes), delivery_(delivery) {}

  // What came beside the bytes; null: nothing can.
  const Delivery* delivery() const { return delivery_; }

  void ReadBytes(void* into, size_t size) {
    if (size > rest_.size()) ThrowBadBytes("the bytes end too early");
    if (size != 0) std::memcpy(into, rest_.data(), size);
    rest_.remove_prefix(size);
  }
  template <class T>
  void Read(T& value) {
    if (sizeof(value) > rest_.size()) ThrowBadBytes("the bytes end too early");
    std::memcpy(std::addressof(value), rest_.data(), sizeof(value));
    rest_.remove_prefix(sizeof(value));
  }
  void ReadTag(uint64_t expected) {
    uint64_t tag = 0;
    Read(tag);
    if (tag != expected) ThrowBadBytes("the bytes are of another type");
  }
  // How many elements follow, each of `least` bytes at least. More than the bytes that are left is
  // a lie which must not be allowed to allocate, nor to loop.
  size_t ReadCount(size_t least = 1) {
    uint64_t count = 0;
    Read(count);
    if (count > rest_.size() / least) ThrowBadBytes("a count is larger than what follows");
    return static_cast<size_t>(count);
  }
  size_t left() const { return rest_.size(); }
  void ExpectEnd() const {
    if (!rest_.empty()) ThrowBadBytes("bytes are left over");
  }

  // What the shared pointer of that id was made as. cereal would cast it to whatever is asked for.
  void NoteShared(uint32_t id, const std::type_info& type) { shared_types_[id] = &type; }
  void ExpectShared(uint32_t id, const std::type_info& type) const {
    const auto found = shared_types_.find(id);
    if (found == shared_types_.end() || *found->second != type) {
      ThrowBadBytes("a shared pointer is of another type");
    }
  }

  // Around each object, as in WriteArchive. Hostile bytes could nest until the stack ends.
  void Enter() {
    if (++depth_ > kMaxDepth) ThrowBadBytes("the value is nested too deeply");
    left_at_begin_ = rest_.size();
  }
  void Leave() {
    --depth_;
    if (rest_.size() != left_at_begin_) return;
    uint8_t nothing = 0;
    Read(nothing);
    if (nothing != 0) ThrowBadBytes("a value without content has some");
  }

 private:
  static constexpr int kMaxDepth = 1000;
  absl::Span<const std::byte> rest_;
  const Delivery* delivery_;
  std::unordered_map<uint32_t, const std::type_info*> shared_types_;
  int depth_ = 0;
  size_t left_at_begin_ = 0;  // of the object that was entered last
};

// What cereal finds by argument-dependent lookup. The archive comes first among the constraints, so
// that the others are not looked at, in a circle, while cereal is asked what it knows.
// Only classes nest, and of those not what cereal wraps them in.
template <class T>
inline constexpr bool kNests = std::is_class_v<T>;
template <class T>
inline constexpr bool kNests<cereal::NameValuePair<T>> = false;
template <class T>
inline constexpr bool kNests<cereal::memory_detail::PtrWrapper<T>> = false;
template <class T>
inline constexpr bool kNests<cereal::SizeTag<T>> = false;
template <class T>
inline constexpr bool kNests<cereal::BinaryData<T>> = false;
template <class T>
  requires kNests<T>
void prologue(WriteArchive& archive, const T&) { archive.Enter(); }
template <class T>
  requires kNests<T>
void epilogue(WriteArchive& archive, const T&) { archive.Leave(); }
template <class T>
  requires kNests<T>
void prologue(ReadArchive& archive, const T&) { archive.Enter(); }
template <class T>
  requires kNests<T>
void epilogue(ReadArchive& archive, const T&) { archive.Leave(); }

template <std::same_as<WriteArchive> Archive, class T>
  requires(!kKnownToCereal<T> && kWayOf<T> == Way::kBytes)
void CEREAL_SAVE_FUNCTION_NAME(Archive& archive, const T& value) { archive.Write(value); }
template <std::same_as<ReadArchive> Archive, class T>
  requires(!kKnownToCereal<T> && kWayOf<T> == Way::kBytes)
void CEREAL_LOAD_FUNCTION_NAME(Archive& archive, T& value) { archive.Read(value); }

template <std::same_as<WriteArchive> Archive, class T>
  requires(kWayOf<T> == Way::kBool)
void CEREAL_SAVE_FUNCTION_NAME(Archive& archive, const T& value) {
  archive.Write(static_cast<uint8_t>(value));
}
template <std::same_as<ReadArchive> Archive, class T>
  requires(kWayOf<T> == Way::kBool)
void CEREAL_LOAD_FUNCTION_NAME(Archive& archive, T& value) {
  uint8_t byte = 0;
  archive.Read(byte);
  if (byte > 1) ThrowBadBytes("a bool is neither 0 nor 1");
  value = byte != 0;
}

// By values, not by references to the members, which may be bit-fields.
template <class T>
class Box;
template <class T, class... Fields>
void ReadFields(ReadArchive& archive, T& value, Types<Fields...>) {
  std::tuple<Box<std::remove_cv_t<Fields>>...> boxes;
  std::apply(
      [&archive, &value](auto&... box) {
        (box.ReadFrom(archive), ...);
        const T read{std::move(box).value()...};
        std::memcpy(static_cast<void*>(std::addressof(value)), std::addressof(read), sizeof(T));
      },
      boxes);
}

template <std::same_as<WriteArchive> Archive, class T>
  requires(!kKnownToCereal<T> && kWayOf<T> == Way::kFields)
void CEREAL_SAVE_FUNCTION_NAME(Archive& archive, const T& value) {
  VisitFields(value, [&archive](auto, const auto&... fields) { (archive(fields), ...); });
}
template <std::same_as<ReadArchive> Archive, class T>
  requires(!kKnownToCereal<T> && kWayOf<T> == Way::kFields)
void CEREAL_LOAD_FUNCTION_NAME(Archive& archive, T& value) {
  if constexpr (std::is_trivially_copyable_v<T>) {
    ReadFields(archive, value, typename FieldsOf<T>::Type{});
  } else {
    VisitFields(value, [&archive](auto, auto&... fields) { (archive(fields), ...); });
  }
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(WriteArchive& archive, const cereal::NameValuePair<T>& pair) {
  archive(pair.value);
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(ReadArchive& archive, cereal::NameValuePair<T>& pair) {
  archive(pair.value);
}
template <class T>
void CEREAL_SAVE_FUNCTION_NAME(WriteArchive& archive, const cereal::SizeTag<T>& tag) {
  archive.Write(static_cast<uint64_t>(tag.size));
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(ReadArchive& archive, cereal::SizeTag<T>& tag) {
  tag.size = static_cast<std::remove_cvref_t<T>>(archive.ReadCount());
}
template <class T>
void CEREAL_SAVE_FUNCTION_NAME(WriteArchive& archive, const cereal::BinaryData<T>& data) {
  archive.WriteBytes(data.data, static_cast<size_t>(data.size));
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(ReadArchive& archive, cereal::BinaryData<T>& data) {
  archive.ReadBytes(data.data, static_cast<size_t>(data.size));
}

// ---- in place of cereal's own ------------------------------------------------------------------

// cereal makes all elements that a count speaks of, and reads them then: a small lie takes as much
// memory as that many elements. Here each is made when the one before it has been read.
template <class Sequence>
void ReadSequence(ReadArchive& archive, Sequence& sequence) {
  size_t count = archive.ReadCount();
  sequence.clear();
  if constexpr (requires { sequence.reserve(count); }) {
    sequence.reserve((std::min)(count, archive.left() / sizeof(typename Sequence::value_type)));
  }
  for (; count > 0; --count) {
    sequence.emplace_back();
    archive(sequence.back());
  }
}
// Elements that are nothing but their bytes.
template <class T, class Contiguous>
void ReadContiguous(ReadArchive& archive, Contiguous& sequence) {
  sequence.resize(archive.ReadCount(sizeof(T)));
  archive.ReadBytes(sequence.data(), sequence.size() * sizeof(T));
}
template <class T, class Allocator>
  requires(!std::is_same_v<T, bool>)
void CEREAL_LOAD_FUNCTION_NAME(ReadArchive& archive, std::vector<T, Allocator>& vector) {
  if constexpr (std::is_arithmetic_v<T>) {
    ReadContiguous<T>(archive, vector);
  } else {
    ReadSequence(archive, vector);
  }
}
template <class T, class Allocator>
void CEREAL_LOAD_FUNCTION_NAME(ReadArchive& archive, std::deque<T, Allocator>& deque) {
  ReadSequence(archive, deque);
}
template <class T, class Allocator>
void CEREAL_LOAD_FUNCTION_NAME(ReadArchive& archive, std::list<T, Allocator>& list) {
  ReadSequence(archive, list);
}
template <class T, class Allocator>
void CEREAL_LOAD_FUNCTION_NAME(ReadArchive& archive, std::forward_list<T, Allocator>& list) {
  list.clear();
  auto last = list.before_begin();
  for (size_t count = archive.ReadCount(); count > 0; --count) {
    last = list.emplace_after(last);
    archive(*last);
  }
}
template <class Char, class Traits, class Allocator>
void CEREAL_LOAD_FUNCTION_NAME(ReadArchive& archive,
                               std::basic_string<Char, Traits, Allocator>& string) {
  ReadContiguous<Char>(archive, string);
}
// cereal would ask for the address of the first element also where there is none.
template <class T>
  requires(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>)
void CEREAL_SAVE_FUNCTION_NAME(WriteArchive& archive, const std::valarray<T>& array) {
  archive.Write(static_cast<uint64_t>(array.size()));
  if (array.size() != 0) archive.WriteBytes(&array[0], array.size() * sizeof(T));
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(ReadArchive& archive, std::valarray<T>& array) {
  if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
    array.resize(archive.ReadCount(sizeof(T)));
    if (array.size() != 0) archive.ReadBytes(&array[0], array.size() * sizeof(T));
  } else {
    std::deque<T> elements;  // not a vector, which has no bools
    ReadSequence(archive, elements);
    array.resize(elements.size());
    std::move(elements.begin(), elements.end(), std::begin(array));
  }
}

// Of these, cereal takes whatever bytes come.
template <size_t kSize>
  requires(kSize != 0)
void CEREAL_LOAD_FUNCTION_NAME(ReadArchive& archive, std::array<bool, kSize>& array) {
  for (bool& element : array) archive(element);
}
// And of these it takes a byte, which they do not have.
template <class T>
void CEREAL_SAVE_FUNCTION_NAME(WriteArchive&, const std::array<T, 0>&) {}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(ReadArchive&, std::array<T, 0>&) {}

// cereal gives elements of equal keys in reverse order.
template <class Key, class Value, class Compare, class Allocator>
void CEREAL_LOAD_FUNCTION_NAME(ReadArchive& archive,
                               std::multimap<Key, Value, Compare, Allocator>& map) {
  map.clear();
  for (size_t count = archive.ReadCount(); count > 0; --count) {
    Key key{};
    Value value{};
    archive(key, value);
    map.emplace_hint(map.end(), std::move(key), std::move(value));
  }
}
template <class Key, class Compare, class Allocator>
void CEREAL_LOAD_FUNCTION_NAME(ReadArchive& archive, std::multiset<Key, Compare, Allocator>& set) {
  set.clear();
  for (size_t count = archive.ReadCount(); count > 0; --count) {
    Key key{};
    archive(key);
    set.emplace_hint(set.end(), std::move(key));
  }
}

template <class T>
void RegisterShared(ReadArchive& archive, uint32_t id, const std::shared_ptr<T>& pointer) {
  archive.registerSharedPointer(id, pointer);
  archive.NoteShared(id & ~cereal::detail::msb_32bit, typeid(T));
}
template <class T>
std::shared_ptr<T> ReadNewShared(ReadArchive& archive, uint32_t id) {
  const auto pointer = std::make_shared<T>();
  RegisterShared(archive, id, pointer);
  archive(*pointer);
  return pointer;
}
// An object that its hook constructs can be pointed to by others once it is there, not before.
template <class T>
  requires cereal::traits::has_load_and_construct<T, ReadArchive>::value std::shared_ptr<T>
  ReadNewShared(ReadArchive& archive, uint32_t id) {
    struct alignas(T) Room {
      std::array<std::byte, sizeof(T)> bytes;
    };
    auto room = std::make_unique<Room>();
    T* const object = reinterpret_cast<T*>(room.get());
    cereal::memory_detail::LoadAndConstructLoadWrapper<ReadArchive, T> constructing(object);
    archive(constructing);
    static_cast<void>(room.release());
    const std::shared_ptr<T> pointer(object, [](T* made) {
      made->~T();
      delete reinterpret_cast<Room*>(made);
    });
    RegisterShared(archive, id, pointer);
    return pointer;
  }

// As cereal reads a shared pointer, but for the check that it is of the type it was written as.
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(ReadArchive& archive,
                               cereal::memory_detail::PtrWrapper<std::shared_ptr<T>&>& wrapper) {
  using Value = std::remove_const_t<T>;
  uint32_t id = 0;
  archive.Read(id);
  if ((id & cereal::detail::msb_32bit) != 0) {
    wrapper.ptr = ReadNewShared<Value>(archive, id);
  } else if (id == 0) {
    wrapper.ptr.reset();
  } else {
    archive.ExpectShared(id, typeid(Value));
    wrapper.ptr = std::static_pointer_cast<T>(archive.getSharedPointer(id));
  }
}

// A place for a T that is being read. A T that travels as bytes needs no default constructor.
template <class T>
class Box {
 public:
  void ReadFrom(ReadArchive& archive) { archive(value_); }
  T value() && { return std::move(value_); }

 private:
  static_assert(std::is_default_constructible_v<T>,
                "isoproc: a type that travels needs a default constructor to be read into");
  T value_{};
};
template <class T>
  requires(!kKnownToCereal<T> && kWayOf<T> == Way::kBytes)
class Box<T> {
 public:
  void ReadFrom(ReadArchive& archive) { archive.Read(bytes_); }
  T value() && { return std::bit_cast<T>(bytes_); }

 private:
  std::array<std::byte, sizeof(T)> bytes_{};
};

}  // namespace isoproc::internal

// Values are read by load and written by save, never by both: the archives belong together.
CEREAL_SETUP_ARCHIVE_TRAITS(isoproc::internal::ReadArchive, isoproc::internal::WriteArchive)

#endif  // ISOPROC_INTERNAL_ARCHIVE_H_
