#include "isoproc/internal/fits.h"

#include <cstdint>
#include <limits>
#include <string>

#include "gtest/gtest.h"

namespace isoproc::internal {
namespace {

template <class To, class From>
absl::Status Fits(const From& from) {
  return CheckFits<To>(from, 2);
}

TEST(Fits, IntegersThatKeepTheirValue) {
  EXPECT_TRUE(Fits<uint8_t>(255).ok());
  EXPECT_TRUE(Fits<int64_t>(-1).ok());
  EXPECT_TRUE(Fits<size_t>(5).ok());
  EXPECT_TRUE(Fits<std::string>("text").ok());
  EXPECT_TRUE(Fits<double>(1).ok());
  EXPECT_TRUE(Fits<bool>(1).ok());
}

TEST(Fits, RefusesIntegersThatWouldChange) {
  EXPECT_TRUE(absl::IsInvalidArgument(Fits<uint8_t>(256)));
  EXPECT_TRUE(absl::IsInvalidArgument(Fits<uint8_t>(-1)));
  EXPECT_TRUE(absl::IsInvalidArgument(Fits<unsigned>(-1)));
  EXPECT_TRUE(absl::IsInvalidArgument(Fits<int64_t>(std::numeric_limits<uint64_t>::max())));
}

TEST(Fits, CharIsANumber) {
  EXPECT_TRUE(Fits<char>('x').ok());
  EXPECT_TRUE(Fits<char>(120).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(Fits<char>(300)));
  EXPECT_TRUE(Fits<int>('x').ok());
}

enum Unscoped { kSmall = 3, kLarge = 300 };
TEST(Fits, UnscopedEnumeratorsAndWideCharactersAreNumbers) {
  EXPECT_TRUE(Fits<uint8_t>(kSmall).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(Fits<uint8_t>(kLarge)));
  EXPECT_TRUE(Fits<char16_t>(u'x').ok());
  EXPECT_TRUE(absl::IsInvalidArgument(Fits<char16_t>(U'\U00010061')));
  EXPECT_TRUE(absl::IsInvalidArgument(Fits<char16_t>(0x10061)));
  EXPECT_TRUE(absl::IsInvalidArgument(Fits<wchar_t>(-1'000'000'000'000)));
}

TEST(Fits, NamesTheArgument) {
  EXPECT_EQ(Fits<uint8_t>(300).message(), "argument 2, 300, is out of range of its parameter");
  EXPECT_EQ(Fits<uint8_t>(kLarge).message(), "argument 2, 300, is out of range of its parameter");
  EXPECT_EQ(Fits<int>(2.5).message(), "argument 2, 2.5, is not a value of its integer parameter");
}

TEST(Fits, FloatsThatKeepTheirMagnitude) {
  EXPECT_TRUE(Fits<float>(0.1).ok());
  EXPECT_TRUE(Fits<float>(std::numeric_limits<double>::infinity()).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(Fits<float>(1e300)));
}

TEST(Fits, FloatsOnlyIfTheyAreIntegersInRange) {
  EXPECT_TRUE(Fits<int>(3.0).ok());
  EXPECT_TRUE(Fits<int>(-2147483648.0).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(Fits<int>(2147483648.0)));
  EXPECT_TRUE(absl::IsInvalidArgument(Fits<int>(2.5)));
  EXPECT_TRUE(absl::IsInvalidArgument(Fits<unsigned>(-1.0f)));
  EXPECT_TRUE(absl::IsInvalidArgument(Fits<int>(std::numeric_limits<double>::quiet_NaN())));
  EXPECT_TRUE(absl::IsInvalidArgument(Fits<int64_t>(9223372036854775808.0)));
  EXPECT_TRUE(Fits<uint64_t>(9223372036854775808.0).ok());
}

}  // namespace
}  // namespace isoproc::internal
