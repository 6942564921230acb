#include "platform/base/win_error_table.h"

#include <cstdint>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace isoproc::port {
namespace {

TEST(StatusCodeOfWin32ErrorTest, Table) {
  using Code = absl::StatusCode;
  struct Case {
    uint32_t error;
    Code code;
  };
  const Case cases[] = {
      {0, Code::kOk},
      {1, Code::kUnimplemented},
      {2, Code::kNotFound},
      {3, Code::kNotFound},
      {4, Code::kResourceExhausted},
      {5, Code::kPermissionDenied},
      {6, Code::kInvalidArgument},
      {8, Code::kResourceExhausted},
      {11, Code::kPermissionDenied},
      {14, Code::kResourceExhausted},
      {15, Code::kNotFound},
      {19, Code::kPermissionDenied},
      {20, Code::kNotFound},
      {21, Code::kFailedPrecondition},
      {32, Code::kPermissionDenied},
      {33, Code::kPermissionDenied},
      {38, Code::kOutOfRange},
      {39, Code::kResourceExhausted},
      {50, Code::kUnimplemented},
      {53, Code::kNotFound},
      {55, Code::kNotFound},
      {65, Code::kPermissionDenied},
      {67, Code::kNotFound},
      {80, Code::kAlreadyExists},
      {82, Code::kPermissionDenied},
      {87, Code::kInvalidArgument},
      {89, Code::kResourceExhausted},
      {109, Code::kUnavailable},
      {112, Code::kResourceExhausted},
      {120, Code::kUnimplemented},
      {121, Code::kDeadlineExceeded},
      {123, Code::kInvalidArgument},
      {126, Code::kNotFound},
      {127, Code::kNotFound},
      {145, Code::kFailedPrecondition},
      {161, Code::kInvalidArgument},
      {164, Code::kResourceExhausted},
      {183, Code::kAlreadyExists},
      {191, Code::kPermissionDenied},
      {192, Code::kPermissionDenied},
      {193, Code::kPermissionDenied},
      {206, Code::kInvalidArgument},
      {216, Code::kPermissionDenied},
      {225, Code::kPermissionDenied},
      {231, Code::kResourceExhausted},
      {232, Code::kUnavailable},
      {233, Code::kUnavailable},
      {258, Code::kDeadlineExceeded},
      {267, Code::kNotFound},
      {487, Code::kInvalidArgument},
      {740, Code::kPermissionDenied},
      {995, Code::kCancelled},
      {1113, Code::kInvalidArgument},
      {1132, Code::kInvalidArgument},
      {1223, Code::kCancelled},
      {1260, Code::kPermissionDenied},
      {1314, Code::kPermissionDenied},
      {1450, Code::kResourceExhausted},
      {1451, Code::kResourceExhausted},
      {1452, Code::kResourceExhausted},
      {1453, Code::kResourceExhausted},
      {1454, Code::kResourceExhausted},
      {1455, Code::kResourceExhausted},
      {1460, Code::kDeadlineExceeded},
      {1816, Code::kResourceExhausted},
  };
  for (const Case& c : cases) EXPECT_EQ(StatusCodeOfWin32Error(c.error), c.code) << c.error;
}

TEST(StatusCodeOfWin32ErrorTest, OthersAreUnknown) {
  for (const uint32_t error : {7u, 9999u, 0x80070005u, 0xFFFFFFFFu}) {
    EXPECT_EQ(StatusCodeOfWin32Error(error), absl::StatusCode::kUnknown) << error;
  }
}

}  // namespace
}  // namespace isoproc::port
