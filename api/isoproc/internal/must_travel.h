// Which part of a type it is that cannot travel: one failed assertion for that part, to which the
// compiler's list of instantiations leads from the type as a whole.
#ifndef ISOPROC_INTERNAL_MUST_TRAVEL_H_
#define ISOPROC_INTERNAL_MUST_TRAVEL_H_

#include <type_traits>

#include "isoproc/internal/fields.h"
#include "isoproc/internal/travel.h"

namespace isoproc::internal {

template <class T>
void MustTravel();

// What belongs to the process that made it. Said beside each class.
template <class T>
inline constexpr bool kStaysHere = false;

// One assertion for each reason.
template <class T, Opaque kOpacity = Opaque::kNoAggregate, bool kFieldsTravel = false>
void CannotTravel() {
  constexpr bool kGoes = kWayOf<T> != Way::kNone;
  if constexpr (kStaysHere<T>) {
    static_assert(
        kGoes,
        "isoproc: a Process, Pool, AsyncResult, Lease or Loan belongs to the process that "
        "made it and does not travel");
  } else if constexpr (std::is_union_v<T>) {
    static_assert(kGoes,
                  "isoproc: this type cannot travel to another process: of a union, nobody knows "
                  "which member counts; use std::variant, or put it into a class with a serialize "
                  "hook");
  } else if constexpr (kOpacity == Opaque::kBaseClass) {
    static_assert(kGoes,
                  "isoproc: this type cannot travel to another process: it has a base class, so "
                  "that it needs a serialize hook");
  } else if constexpr (kOpacity == Opaque::kArrayMember) {
    static_assert(kGoes,
                  "isoproc: this type cannot travel to another process: it has a C array as "
                  "member; use std::array, or a serialize hook");
  } else if constexpr (kOpacity == Opaque::kManyFields) {
    static_assert(kGoes,
                  "isoproc: this type cannot travel to another process: it has more than 100 "
                  "members, so that it needs a serialize hook");
  } else if constexpr (kFieldsTravel) {
    static_assert(kGoes,
                  "isoproc: this type cannot travel to another process: a member is const or a "
                  "bit-field, so that it needs a serialize hook");
  } else {
    static_assert(
        kGoes,
        "isoproc: this type cannot travel to another process: pointers and views do not (use "
        "std::string), classes do as plain aggregates or with a serialize hook; see "
        "codec.h");
  }
}

template <class... Parts>
void PartsMustTravel(Types<Parts...>) {
  (MustTravel<std::remove_cv_t<Parts>>(), ...);
}

template <class T, class... Fields>
void FieldsMustTravel(Types<Fields...> fields) {
  if constexpr (((kWayOf<std::remove_cv_t<Fields>> != Way::kNone) && ...)) {
    CannotTravel<T, Opaque::kNot, true>();
  } else {
    PartsMustTravel(fields);
  }
}

// Does not compile unless T travels. The order is that of WayOf.
template <class T>
void MustTravel() {
  if constexpr (kWayOf<T> != Way::kNone) {
    return;
  } else if constexpr (!std::is_class_v<T> || kIsOddPointer<T>) {
    CannotTravel<T>();
  } else if constexpr (kKnownToCereal<T>) {
    PartsMustTravel(typename PartsOf<T>::Type{});
  } else if constexpr (OpacityOf<T>() == Opaque::kNot) {
    FieldsMustTravel<T>(typename FieldsOf<T>::Type{});
  } else {
    CannotTravel<T, OpacityOf<T>()>();
  }
}

}  // namespace isoproc::internal

#endif  // ISOPROC_INTERNAL_MUST_TRAVEL_H_
