// Whether an argument fits its parameter.
#ifndef ISOPROC_INTERNAL_FITS_H_
#define ISOPROC_INTERNAL_FITS_H_

#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace isoproc::internal {

template <class T>
inline constexpr bool kIsCountable = std::is_integral_v<T> && !std::is_same_v<T, bool>;

// The integer that a number, a character or an enumerator is; void for others.
template <class T>
struct NumberOf {
  using Type = void;
};
template <class T>
  requires kIsCountable<T>
struct NumberOf<T> {
  using Type = typename std::conditional_t<std::is_signed_v<T>, std::make_signed<T>,
                                           std::make_unsigned<T>>::type;
};
template <class T>
  requires std::is_enum_v<T>
struct NumberOf<T> : NumberOf<std::underlying_type_t<T>> {
};
template <class T>
using Number = typename NumberOf<T>::Type;

absl::Status DoesNotFit(int position, const auto& value, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("argument ", position, ", ", value, ", is ", why));
}

// Numbers that C++ would convert by changing their value do not fit: 300 into uint8_t, -1 into
// unsigned, 2.5 into int, 1e300 into float. Into floating-point types precision may be lost.
// Numbers inside other values (an optional, a pair) are converted as C++ does.
// Errors: InvalidArgument, which names the argument by its position and value.
template <class To, class From>
absl::Status CheckFits(const From& from, int position) {
  if constexpr (kIsCountable<To> && !std::is_void_v<Number<From>>) {
    const auto number = static_cast<Number<From>>(from);
    if (!std::in_range<Number<To>>(number)) {
      return DoesNotFit(position, +number, "out of range of its parameter");
    }
  } else if constexpr (kIsCountable<To> && std::is_floating_point_v<From>) {
    // Both bounds are powers of two, so that they are exact in From.
    const From bound = std::ldexp(From{1}, std::numeric_limits<To>::digits);
    const From least = std::is_signed_v<To> ? -bound : From{0};
    if (!(from >= least && from < bound) || std::trunc(from) != from) {
      return DoesNotFit(position, static_cast<double>(from),
                        "not a value of its integer parameter");
    }
  }
  if constexpr (std::is_floating_point_v<To> && std::is_floating_point_v<From>) {
    if (std::isfinite(from) && !std::isfinite(static_cast<To>(from))) {
      return DoesNotFit(position, static_cast<double>(from), "out of range of its parameter");
    }
  }
  return absl::OkStatus();
}

}  // namespace isoproc::internal

#endif  // ISOPROC_INTERNAL_FITS_H_
