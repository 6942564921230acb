// Which types travel to another process, and in which way. Decided at compile time.
#ifndef ISOPROC_INTERNAL_TRAVEL_H_
#define ISOPROC_INTERNAL_TRAVEL_H_

#include <cstddef>
#include <cstdlib>
#include <functional>
#include <ranges>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "boost/pfr.hpp"
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

// Stands for any value of any type, in unevaluated braces. Never called; the bodies are for clang,
// which misses them where a constructor uses the conversion to a type that only one file knows.
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

// Boost.PFR counts each element of a C array as a field and then fails to compile. An array member
// shows itself: braces at its place take several elements, so that fewer values than the count
// remain for what follows; a class member takes braces and leaves all.
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

template <class T>
consteval bool HasPlainFields() {
  if constexpr (!std::is_aggregate_v<T> || std::is_array_v<T> || std::is_union_v<T>) {
    return false;
  } else if constexpr (kHasBase<T>) {
    return false;
  } else {
    return !HasArrayMember<T, boost::pfr::tuple_size_v<T>>();
  }
}

// A class whose bytes mean the same in every process, as far as a compiler can tell. What cannot be
// assigned may hold a reference; a range may be a view of somebody else's memory: these want a
// serialize hook.
template <class T>
inline constexpr bool kIsByteClass =
    std::is_class_v<T>&& std::is_trivially_copyable_v<T>&& std::is_move_constructible_v<T>&&
        std::is_move_assignable_v<T> &&
    !std::ranges::range<T> && !std::is_polymorphic_v<T>;

template <class T>
inline constexpr bool kIsReferenceWrapper = false;
template <class T>
inline constexpr bool kIsReferenceWrapper<std::reference_wrapper<T>> = true;

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

template <class... Ts>
struct Types {};

// The types inside a type that cereal knows, which have to travel too. cereal itself looks at them
// only when it is too late for a message that helps.
template <class T>
struct PartsOf {
  using Type = Types<>;
};
template <class T>
  requires requires { typename T::value_type; }
struct PartsOf<T> {
  using Type = Types<typename T::value_type>;
};
template <class T>
  requires(
      requires { typename T::element_type; } && !requires { typename T::value_type; })
struct PartsOf<T> {
  using Type = Types<typename T::element_type>;
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

template <class T, size_t... kIndex, class... Seen>
consteval Way WayOfFields(std::index_sequence<kIndex...>, std::tuple<Seen*...>*) {
  if constexpr (!(Goes<boost::pfr::tuple_element_t<kIndex, T>, T, Seen...>() && ...)) {
    return Way::kNone;
  } else if constexpr (std::is_trivially_copyable_v<T> &&
                       ((WayOf<boost::pfr::tuple_element_t<kIndex, T>, T, Seen...>() ==
                         Way::kBytes) &&
                        ...) &&
                       (sizeof(boost::pfr::tuple_element_t<kIndex, T>) + ... + 0) == sizeof(T)) {
    return Way::kBytes;  // no padding, whose bytes would be anything, and no bool
  } else if constexpr (sizeof...(kIndex) == 0) {
    return Way::kBytes;  // not nothing: a count of elements is checked against the bytes that
                         // follow
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
  } else if constexpr (!std::is_class_v<T> || std::is_const_v<T> || kIsReferenceWrapper<T>) {
    return Way::kNone;
  } else if constexpr (kKnownToCereal<T>) {
    return AllGo(typename PartsOf<T>::Type{}, Types<T, Seen...>{}) ? Way::kCereal : Way::kNone;
  } else if constexpr (HasPlainFields<T>()) {
    return WayOfFields<T>(std::make_index_sequence<boost::pfr::tuple_size_v<T>>{},
                          static_cast<std::tuple<Seen*...>*>(nullptr));
  } else if constexpr (kIsByteClass<T>) {
    return Way::kBytes;
  } else {
    return Way::kNone;
  }
}

template <class T>
inline constexpr Way kWayOf = WayOf<T>();

}  // namespace isoproc::internal

#endif  // ISOPROC_INTERNAL_TRAVEL_H_
