// What the tests of the codec share.
#ifndef ISOPROC_PLATFORM_CORE_TESTS_ROUND_TRIP_H_
#define ISOPROC_PLATFORM_CORE_TESTS_ROUND_TRIP_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "isoproc/codec.h"

namespace isoproc {

// The value that comes back.
template <class T>
T RoundTrip(const T& value) {
  absl::StatusOr<std::string> bytes = Encode(value);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  absl::StatusOr<T> copy = Decode<T>(*bytes);
  EXPECT_TRUE(copy.ok()) << copy.status();
  return *std::move(copy);
}

}  // namespace isoproc

#endif  // ISOPROC_PLATFORM_CORE_TESTS_ROUND_TRIP_H_
