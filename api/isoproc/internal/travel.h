// Which types travel to another process, and in which way. Decided at compile time.
#ifndef ISOPROC_INTERNAL_TRAVEL_H_
#define ISOPROC_INTERNAL_TRAVEL_H_

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <forward_list>
#include <functional>
#include <iterator>
#include <list>
#include <memory>
#include <optional>
#include <queue>
#include <ranges>
#include <set>
#include <stack>
#include <system_error>
#include <thread>
#include <tuple>
#include <type_traits>
#include <typeindex>
#include <unordered_set>
#include <utility>
#include <valarray>
#include <variant>
#include <vector>

#include "cereal/cereal.hpp"
#include "cereal/types/array.hpp"          // IWYU pragma: export
#include "cereal/types/bitset.hpp"         // IWYU pragma: export
#include "cereal/types/chrono.hpp"         // IWYU pragma: export
#include "cereal/types/complex.hpp"        // IWYU pragma: export
#include "cereal/types/deque.hpp"          // IWYU pragma: export
#include "cereal/types/forward_list.hpp"   // IWYU pragma: export
#include "cereal/types/list.hpp"           // IWYU pragma: export
#include "cereal/types/map.hpp"            // IWYU pragma: export
#include "cereal/types/memory.hpp"         // IWYU pragma: export
#include "cereal/types/optional.hpp"       // IWYU pragma: export
#include "cereal/types/queue.hpp"          // IWYU pragma: export
#include "cereal/types/set.hpp"            // IWYU pragma: export
#include "cereal/types/stack.hpp"          // IWYU pragma: export
#include "cereal/types/string.hpp"         // IWYU pragma: export
#include "cereal/types/tuple.hpp"          // IWYU pragma: export
#include "cereal/types/unordered_map.hpp"  // IWYU pragma: export
#include "cereal/types/unordered_set.hpp"  // IWYU pragma: export
#include "cereal/types/utility.hpp"        // IWYU pragma: export
#include "cereal/types/valarray.hpp"       // IWYU pragma: export
#include "cereal/types/variant.hpp"        // IWYU pragma: export
#include "cereal/types/vector.hpp"         // IWYU pragma: export
#include "isoproc/internal/fields.h"

namespace isoproc::internal {

enum class Way {
  kNone,    // does not travel
  kBool,    // one byte, 0 or 1: other bytes are not a bool
  kBytes,   // its object representation
  kFields,  // a plain aggregate, field by field
  kCereal,  // by cereal's functions for the type
};

// An archive that isoproc's own functions do not know: what can be written to it, cereal knows by
// itself or by the user's hooks.
namespace probe {
class Archive : public cereal::OutputArchive<Archive> {
 public:
  Archive() : OutputArchive(this) {}
};
template <class T>
void CEREAL_SAVE_FUNCTION_NAME(Archive&, const cereal::BinaryData<T>&);
template <class T>
void CEREAL_SAVE_FUNCTION_NAME(Archive&, const cereal::SizeTag<T>&);
}  // namespace probe

template <class T>
inline constexpr bool kKnownToCereal =
    cereal::traits::is_output_serializable<T, probe::Archive>::value;

// As AnyReference, but a value: base classes and arrays show themselves by it.
struct AnyValue {
  template <class T>
  operator T() const {  // NOLINT(google-explicit-constructor)
    std::abort();
  }
};
template <class Derived>
struct AnyBaseOf {
  template <class T>
    requires(std::is_base_of_v<T, Derived> && !std::is_same_v<T, Derived>)
  operator T() const {  // NOLINT(google-explicit-constructor)
    std::abort();
  }
};
template <size_t>
using AnyAt = AnyValue;

template <class T>
inline constexpr bool kHasBase = requires {
  T{AnyBaseOf<T>{}};
};

// Whether T{any…, {any, any}, any…} is a T, with `before` and `after` values around the braces.
template <class T, size_t... kBefore, size_t... kAfter>
consteval bool TakesBracesBetween(std::index_sequence<kBefore...>, std::index_sequence<kAfter...>) {
  return requires { T{AnyAt<kBefore>{}..., {AnyValue{}, AnyValue{}}, AnyAt<kAfter>{}...}; };
}

// Each element of a C array is counted as a field. An array member shows itself: braces at its
// place take several elements, so that fewer values than the count remain for what follows; a class
// member takes braces and leaves all.
template <class T, size_t kCount, size_t kIndex = 0>
consteval bool HasArrayMember() {
  if constexpr (kIndex >= kCount) {
    return false;
  } else {
    using Before = std::make_index_sequence<kIndex>;
    if (TakesBracesBetween<T>(Before{}, std::index_sequence<>{}) &&
        !TakesBracesBetween<T>(Before{}, std::make_index_sequence<kCount - kIndex - 1>{})) {
      return true;
    }
    return HasArrayMember<T, kCount, kIndex + 1>();
  }
}

// Why the members of a class cannot be looked at, one by one.
enum class Opaque {
  kNot,
  kNoAggregate,
  kBaseClass,
  kArrayMember,
  kManyFields,
};
template <class T>
consteval Opaque OpacityOf() {
  if constexpr (!std::is_aggregate_v<T> || std::is_array_v<T> || std::is_union_v<T>) {
    return Opaque::kNoAggregate;
  } else if constexpr (kHasBase<T>) {
    return Opaque::kBaseClass;
  } else if constexpr (HasArrayMember<T, FieldCount<T>()>()) {
    return Opaque::kArrayMember;
  } else if constexpr (FieldCount<T>() > kMaxFields) {
    return Opaque::kManyFields;
  } else {
    return Opaque::kNot;
  }
}

// Classes of the standard library that hold a pointer, or a number that means something in one
// process only, which nothing else about them says.
template <class T>
inline constexpr bool kIsOfOneProcess = std::input_or_output_iterator<T> ||
                                        requires(const T& place) {
  place.file_name();
  place.function_name();
}
|| requires(const T& coroutine) {
  coroutine.address();
  T::from_address(nullptr);
};
template <>
inline constexpr bool kIsOfOneProcess<std::error_code> = true;
template <>
inline constexpr bool kIsOfOneProcess<std::error_condition> = true;
template <>
inline constexpr bool kIsOfOneProcess<std::thread::id> = true;
template <>
inline constexpr bool kIsOfOneProcess<std::type_index> = true;
template <class T>
inline constexpr bool kIsOfOneProcess<std::reference_wrapper<T>> = true;

// cereal has functions for these, which fail to compile, or a weak_ptr that arrives expired.
template <class T>
inline constexpr bool kIsOddPointer = false;
template <class T, class Deleter>
inline constexpr bool kIsOddPointer<std::unique_ptr<T[], Deleter>> = true;
template <class T>
inline constexpr bool kIsOddPointer<std::shared_ptr<T>> = std::is_array_v<T>;
template <class T>
inline constexpr bool kIsOddPointer<std::weak_ptr<T>> = true;

// A class whose bytes mean the same in every process, as far as a compiler can tell. What cannot be
// assigned may hold a reference; a range may be a view of somebody else's memory: these want a
// serialize hook.
template <class T>
inline constexpr bool kIsByteClass =
    std::is_class_v<T>&& std::is_trivially_copyable_v<T>&& std::is_move_constructible_v<T>&&
        std::is_move_assignable_v<T> &&
    !std::ranges::range<T> && !std::is_polymorphic_v<T> && !kIsOfOneProcess<T>;

template <class T, class... Seen>
consteval Way WayOf();

template <class T, class... Seen>
consteval bool Goes() {
  using Plain = std::remove_cv_t<T>;
  if constexpr ((std::is_same_v<Plain, Seen> || ...)) {
    return true;  // a recursive type: decided where it was met first
  } else {
    return WayOf<Plain, Seen...>() != Way::kNone;
  }
}

// The types inside a type that cereal knows, which have to travel too. cereal itself looks at them
// only when it is too late for a message that helps.
template <class T>
struct PartsOf {
  using Type = Types<>;
};
template <class T, size_t kSize>
struct PartsOf<std::array<T, kSize>> {
  using Type = Types<T>;
};
template <class T, class... Rest>
struct PartsOf<std::deque<T, Rest...>> {
  using Type = Types<T>;
};
template <class T, class... Rest>
struct PartsOf<std::forward_list<T, Rest...>> {
  using Type = Types<T>;
};
template <class T, class... Rest>
struct PartsOf<std::list<T, Rest...>> {
  using Type = Types<T>;
};
template <class T, class... Rest>
struct PartsOf<std::vector<T, Rest...>> {
  using Type = Types<T>;
};
template <class T, class... Rest>
struct PartsOf<std::set<T, Rest...>> {
  using Type = Types<T>;
};
template <class T, class... Rest>
struct PartsOf<std::multiset<T, Rest...>> {
  using Type = Types<T>;
};
template <class T, class... Rest>
struct PartsOf<std::unordered_set<T, Rest...>> {
  using Type = Types<T>;
};
template <class T, class... Rest>
struct PartsOf<std::unordered_multiset<T, Rest...>> {
  using Type = Types<T>;
};
// cereal's functions for maps take whatever looks like one.
template <template <class...> class Map, class... Args>
  requires requires { typename Map<Args...>::mapped_type; }
struct PartsOf<Map<Args...>> {
  using Type = Types<typename Map<Args...>::key_type, typename Map<Args...>::mapped_type>;
};
template <class T, class... Rest>
struct PartsOf<std::queue<T, Rest...>> {
  using Type = Types<T>;
};
template <class T, class... Rest>
struct PartsOf<std::priority_queue<T, Rest...>> {
  using Type = Types<T>;
};
template <class T, class... Rest>
struct PartsOf<std::stack<T, Rest...>> {
  using Type = Types<T>;
};
template <class T>
struct PartsOf<std::valarray<T>> {
  using Type = Types<T>;
};
template <class T>
struct PartsOf<std::complex<T>> {
  using Type = Types<T>;
};
template <class T>
struct PartsOf<std::optional<T>> {
  using Type = Types<T>;
};
template <class T, class Deleter>
struct PartsOf<std::unique_ptr<T, Deleter>> {
  using Type = Types<T>;
};
template <class T>
struct PartsOf<std::shared_ptr<T>> {
  using Type = Types<T>;
};
template <class A, class B>
struct PartsOf<std::pair<A, B>> {
  using Type = Types<A, B>;
};
template <class... Ts>
struct PartsOf<std::tuple<Ts...>> {
  using Type = Types<Ts...>;
};
template <class... Ts>
struct PartsOf<std::variant<Ts...>> {
  using Type = Types<Ts...>;
};

template <class... Parts, class... Seen>
consteval bool AllGo(Types<Parts...>, Types<Seen...>) {
  return (Goes<Parts, Seen...>() && ...);
}

// The size of an aggregate of these members at least, if none is a bit-field.
template <class... Fields>
consteval size_t LeastSize(Types<Fields...>) {
  size_t size = 0;
  ((size = std::is_empty_v<Fields>
               ? size
               : (size + alignof(Fields) - 1) / alignof(Fields) * alignof(Fields) + sizeof(Fields)),
   ...);
  return size;
}

template <class T, class... Fields, class... Seen>
consteval Way WayOfFields(Types<Fields...>, Types<Seen...>) {
  if constexpr (!(Goes<Fields, T, Seen...>() && ...)) {
    return Way::kNone;
  } else if constexpr (sizeof...(Fields) == 0) {
    return Way::kBytes;  // not nothing: a count of elements is checked against the bytes that
                         // follow
  } else if constexpr (std::is_trivially_copyable_v<T> &&
                       ((((WayOf<std::remove_cv_t<Fields>, T, Seen...>() == Way::kBytes) && ...) &&
                         (sizeof(Fields) + ...) == sizeof(T)) ||
                        LeastSize(Types<Fields...>{}) > sizeof(T))) {
    return Way::kBytes;  // no padding, whose bytes would be anything, and no bool; or bit-fields,
                         // which have their places in bytes
  } else if constexpr ((std::is_const_v<Fields> || ...) ||
                       LeastSize(Types<Fields...>{}) > sizeof(T)) {
    return Way::kNone;  // they cannot be read into
  } else {
    return Way::kFields;
  }
}

template <class T, class... Seen>
consteval Way WayOf() {
  if constexpr (std::is_same_v<T, bool>) {
    return Way::kBool;
  } else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
    return Way::kBytes;
  } else if constexpr (!std::is_class_v<T> || std::is_const_v<T> || kIsOddPointer<T>) {
    return Way::kNone;
  } else if constexpr (kKnownToCereal<T>) {
    return AllGo(typename PartsOf<T>::Type{}, Types<T, Seen...>{}) ? Way::kCereal : Way::kNone;
  } else {
    constexpr Opaque kOpacity = OpacityOf<T>();
    if constexpr (kOpacity == Opaque::kNot) {
      return WayOfFields<T>(typename FieldsOf<T>::Type{}, Types<Seen...>{});
    } else {
      return kIsByteClass<T> && kOpacity != Opaque::kManyFields ? Way::kBytes : Way::kNone;
    }
  }
}

template <class T>
inline constexpr Way kWayOf = WayOf<T>();

// A handle of a shared object: of a class that says which kind it is.
enum class ObjectKind : uint8_t;
template <class T>
inline constexpr bool kIsHandle = requires {
  requires std::is_same_v<decltype(T::kObjectKind), const ObjectKind>;
};
// One to which a handle of the system belongs, by its type.
template <class T>
inline constexpr bool kIsSystemHandle = kIsHandle<T> && !requires {
  T::kObjectKind;
};

enum class Handles { kAll, kOfSystem };

// Whether there may be such a handle in a T, as far as its type tells: not what its hooks do.
template <Handles kWhich, class T, class... Seen>
consteval bool HasHandle();

template <Handles kWhich, class... Parts, class... Seen>
consteval bool AnyHasHandle(Types<Parts...>, Types<Seen...>) {
  return (HasHandle<kWhich, std::remove_cv_t<Parts>, Seen...>() || ...);
}

template <Handles kWhich, class T, class... Seen>
consteval bool HasHandle() {
  if constexpr (!std::is_class_v<T> || (std::is_same_v<T, Seen> || ...)) {
    return false;
  } else if constexpr (kIsHandle<T>) {
    return kWhich == Handles::kAll || kIsSystemHandle<T>;
  } else if constexpr (kKnownToCereal<T>) {
    return AnyHasHandle<kWhich>(typename PartsOf<T>::Type{}, Types<T, Seen...>{});
  } else if constexpr (OpacityOf<T>() == Opaque::kNot) {
    return AnyHasHandle<kWhich>(typename FieldsOf<T>::Type{}, Types<T, Seen...>{});
  } else {
    return false;
  }
}

template <class T>
consteval bool TravelsAsBytes() {
  if constexpr (kWayOf<T> == Way::kNone) {
    return false;
  } else {
    return !HasHandle<Handles::kAll, T>();
  }
}

}  // namespace isoproc::internal

#endif  // ISOPROC_INTERNAL_TRAVEL_H_
