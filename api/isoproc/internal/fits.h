// Whether an argument fits its parameter.
#ifndef ISOPROC_INTERNAL_FITS_H_
#define ISOPROC_INTERNAL_FITS_H_

#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"

namespace isoproc::internal {

template <class T>
inline constexpr bool kIsCountable =
    std::is_integral_v<T> && !std::is_same_v<T, bool> && !std::is_same_v<T, wchar_t> &&
    !std::is_same_v<T, char8_t> && !std::is_same_v<T, char16_t> && !std::is_same_v<T, char32_t>;

// char is a number as well, but not for std::in_range.
template <class T>
struct NumberOf {
  using Type = T;
};
template <>
struct NumberOf<char> {
  using Type = std::conditional_t<std::is_signed_v<char>, signed char, unsigned char>;
};
template <class T>
using Number = typename NumberOf<T>::Type;

// Numbers that C++ would convert by changing their value do not fit: 300 into uint8_t, -1 into
// unsigned, 2.5 into int, 1e300 into float. Into floating-point types precision may be lost.
// Numbers inside other values (an optional, a pair) are converted as C++ does.
// Errors: InvalidArgument.
template <class To, class From>
absl::Status CheckFits(const From& from) {
  if constexpr (kIsCountable<To> && kIsCountable<From>) {
    if (!std::in_range<Number<To>>(static_cast<Number<From>>(from))) {
      return absl::InvalidArgumentError("an integer argument is out of range of its parameter");
    }
  } else if constexpr (kIsCountable<To> && std::is_floating_point_v<From>) {
    // Both bounds are powers of two, so that they are exact in From.
    const From bound = std::ldexp(From{1}, std::numeric_limits<To>::digits);
    const From least = std::is_signed_v<To> ? -bound : From{0};
    if (!(from >= least && from < bound) || std::trunc(from) != from) {
      return absl::InvalidArgumentError(
          "a floating-point argument is not a value of its integer parameter");
    }
  }
  if constexpr (std::is_floating_point_v<To> && std::is_floating_point_v<From>) {
    if (std::isfinite(from) && !std::isfinite(static_cast<To>(from))) {
      return absl::InvalidArgumentError(
          "a floating-point argument is out of range of its parameter");
    }
  }
  return absl::OkStatus();
}

}  // namespace isoproc::internal

#endif  // ISOPROC_INTERNAL_FITS_H_
