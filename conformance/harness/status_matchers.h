// Statuses in assertions. Abseil brings such matchers only in later versions than isoproc supports.
#ifndef ISOPROC_CONFORMANCE_HARNESS_STATUS_MATCHERS_H_
#define ISOPROC_CONFORMANCE_HARNESS_STATUS_MATCHERS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace isoproc::conformance {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <class T>
const absl::Status& StatusOf(const absl::StatusOr<T>& value) {
  return value.status();
}

MATCHER(IsOk, "is OK") {
  *result_listener << "which is " << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}
MATCHER_P(HasCode, code, "has the code " + absl::StatusCodeToString(code)) {
  *result_listener << "which is " << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code;
}

}  // namespace isoproc::conformance

#define ISOPROC_CONCAT_INNER(a, b) a##b
#define ISOPROC_CONCAT(a, b) ISOPROC_CONCAT_INNER(a, b)

#define EXPECT_OK(expression) EXPECT_THAT(expression, ::isoproc::conformance::IsOk())
#define ASSERT_OK(expression) ASSERT_THAT(expression, ::isoproc::conformance::IsOk())
#define EXPECT_CODE(expression, code) \
  EXPECT_THAT(expression, ::isoproc::conformance::HasCode(::absl::StatusCode::code))
#define ASSERT_CODE(expression, code) \
  ASSERT_THAT(expression, ::isoproc::conformance::HasCode(::absl::StatusCode::code))

// ASSERT_OK_AND_ASSIGN(auto pair, port.CreateStreamPair());
#define ASSERT_OK_AND_ASSIGN(target, expression)                                     \
  auto ISOPROC_CONCAT(status_or_, __LINE__) = (expression);                          \
  ASSERT_THAT(ISOPROC_CONCAT(status_or_, __LINE__), ::isoproc::conformance::IsOk()); \
  target = *std::move(ISOPROC_CONCAT(status_or_, __LINE__))

#endif  // ISOPROC_CONFORMANCE_HARNESS_STATUS_MATCHERS_H_
