// Which part of a type it is that cannot travel: one failed assertion for that part, to which the
// compiler's list of instantiations leads from the type as a whole.
#ifndef ISOPROC_INTERNAL_MUST_TRAVEL_H_
#define ISOPROC_INTERNAL_MUST_TRAVEL_H_

#include <cstddef>
#include <type_traits>
#include <utility>

#include "boost/pfr.hpp"
#include "isoproc/internal/travel.h"

namespace isoproc::internal {

template <class T>
void MustTravel();

template <class T>
void CannotTravel() {
  static_assert(
      kWayOf<T> != Way::kNone,
      "isoproc: this type cannot travel to another process: pointers and views do not (use "
      "std::string), classes do as plain aggregates or with a serialize hook; see "
      "codec.h");
}

template <class... Parts>
void PartsMustTravel(Types<Parts...>) {
  (MustTravel<std::remove_cv_t<Parts>>(), ...);
}

template <class T, size_t kField>
void FieldMustTravel() {
  MustTravel<std::remove_cv_t<boost::pfr::tuple_element_t<kField, T>>>();
}

template <class T, size_t... kFields>
void FieldsMustTravel(std::index_sequence<kFields...>) {
  (FieldMustTravel<T, kFields>(), ...);
}

// Does not compile unless T travels. The order is that of WayOf.
template <class T>
void MustTravel() {
  if constexpr (kWayOf<T> != Way::kNone) {
    return;
  } else if constexpr (!std::is_class_v<T> || kIsReferenceWrapper<T>) {
    CannotTravel<T>();
  } else if constexpr (kKnownToCereal<T>) {
    PartsMustTravel(typename PartsOf<T>::Type{});
  } else if constexpr (HasPlainFields<T>()) {
    FieldsMustTravel<T>(std::make_index_sequence<boost::pfr::tuple_size_v<T>>{});
  } else {
    CannotTravel<T>();
  }
}

}  // namespace isoproc::internal

#endif  // ISOPROC_INTERNAL_MUST_TRAVEL_H_
