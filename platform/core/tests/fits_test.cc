#include "isoproc/internal/fits.h"

#include <cstdint>
#include <limits>
#include <string>

#include "gtest/gtest.h"

namespace isoproc::internal {
namespace {

TEST(Fits, IntegersThatKeepTheirValue) {
  EXPECT_TRUE(CheckFits<uint8_t>(255).ok());
  EXPECT_TRUE(CheckFits<int64_t>(-1).ok());
  EXPECT_TRUE(CheckFits<size_t>(5).ok());
  EXPECT_TRUE(CheckFits<std::string>("text").ok());
  EXPECT_TRUE(CheckFits<double>(1).ok());
  EXPECT_TRUE(CheckFits<bool>(1).ok());
}

TEST(Fits, RefusesIntegersThatWouldChange) {
  EXPECT_TRUE(absl::IsInvalidArgument(CheckFits<uint8_t>(256)));
  EXPECT_TRUE(absl::IsInvalidArgument(CheckFits<uint8_t>(-1)));
  EXPECT_TRUE(absl::IsInvalidArgument(CheckFits<unsigned>(-1)));
  EXPECT_TRUE(absl::IsInvalidArgument(CheckFits<int64_t>(std::numeric_limits<uint64_t>::max())));
}

TEST(Fits, CharIsANumber) {
  EXPECT_TRUE(CheckFits<char>('x').ok());
  EXPECT_TRUE(CheckFits<char>(120).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(CheckFits<char>(300)));
  EXPECT_TRUE(CheckFits<int>('x').ok());
}

TEST(Fits, FloatsThatKeepTheirMagnitude) {
  EXPECT_TRUE(CheckFits<float>(0.1).ok());
  EXPECT_TRUE(CheckFits<float>(std::numeric_limits<double>::infinity()).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(CheckFits<float>(1e300)));
}

TEST(Fits, FloatsOnlyIfTheyAreIntegersInRange) {
  EXPECT_TRUE(CheckFits<int>(3.0).ok());
  EXPECT_TRUE(CheckFits<int>(-2147483648.0).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(CheckFits<int>(2147483648.0)));
  EXPECT_TRUE(absl::IsInvalidArgument(CheckFits<int>(2.5)));
  EXPECT_TRUE(absl::IsInvalidArgument(CheckFits<unsigned>(-1.0f)));
  EXPECT_TRUE(absl::IsInvalidArgument(CheckFits<int>(std::numeric_limits<double>::quiet_NaN())));
  EXPECT_TRUE(absl::IsInvalidArgument(CheckFits<int64_t>(9223372036854775808.0)));
  EXPECT_TRUE(CheckFits<uint64_t>(9223372036854775808.0).ok());
}

}  // namespace
}  // namespace isoproc::internal
