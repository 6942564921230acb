#include "platform/base/utf16.h"

#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace isoproc::port {
namespace {

struct Pair {
  std::string_view name;
  std::string utf8;
  std::u16string utf16;
};

class Utf16PairTest : public testing::TestWithParam<Pair> {};

TEST_P(Utf16PairTest, ConvertsBothWays) {
  const absl::StatusOr<std::u16string> utf16 = Utf8ToUtf16(GetParam().utf8);
  ASSERT_TRUE(utf16.ok()) << utf16.status();
  EXPECT_EQ(*utf16, GetParam().utf16);
  const absl::StatusOr<std::string> utf8 = Utf16ToUtf8(GetParam().utf16);
  ASSERT_TRUE(utf8.ok()) << utf8.status();
  EXPECT_EQ(*utf8, GetParam().utf8);
}

INSTANTIATE_TEST_SUITE_P(All, Utf16PairTest,
                         testing::Values(Pair{"Empty", "", u""}, Pair{"Ascii", "a~", u"a~"},
                                         Pair{"Nul", std::string("a\0b", 3),
                                              std::u16string(u"a\0b", 3)},
                                         Pair{"FirstOfTwo", "\xC2\x80", u"\u0080"},
                                         Pair{"LastOfTwo", "\xDF\xBF", u"\u07FF"},
                                         Pair{"FirstOfThree", "\xE0\xA0\x80", u"\u0800"},
                                         Pair{"LastBeforeSurrogates", "\xED\x9F\xBF", u"\uD7FF"},
                                         Pair{"FirstAfterSurrogates", "\xEE\x80\x80", u"\uE000"},
                                         Pair{"LastOfThree", "\xEF\xBF\xBF", u"\uFFFF"},
                                         Pair{"FirstOfFour", "\xF0\x90\x80\x80", u"\U00010000"},
                                         Pair{"LastOfAll", "\xF4\x8F\xBF\xBF", u"\U0010FFFF"},
                                         Pair{"Mixed", "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z",
                                              u"a\u00E9\u20AC\U0001F600z"}),
                         [](const auto& pair) { return std::string(pair.param.name); });

TEST(Utf8ToUtf16Test, RefusesWhatIsNotWellFormed) {
  for (const std::string_view text : {
           "\x80",              // continuation without a beginning
           "\xBF",              //
           "\xC3",              // cut short
           "\xC3(",             //
           "\xE2\x82",          //
           "\xF0\x9F\x98",      //
           "\xF0\x9F\x98(",     //
           "\xC0\x80",          // overlong NUL
           "\xC1\xBF",          // overlong
           "\xE0\x9F\xBF",      //
           "\xF0\x8F\xBF\xBF",  //
           "\xED\xA0\x80",      // first surrogate
           "\xED\xBF\xBF",      // last surrogate
           "\xF4\x90\x80\x80",  // above U+10FFFF
           "\xF5\x80\x80\x80",  //
           "\xF8\x88\x80\x80\x80",
           "\xFE",
           "\xFF",
       }) {
    EXPECT_EQ(Utf8ToUtf16(text).status().code(), absl::StatusCode::kInvalidArgument)
        << testing::PrintToString(text);
  }
  EXPECT_THAT(std::string(Utf8ToUtf16("ab\xFF").status().message()), testing::HasSubstr("2"));
}

TEST(Utf16ToUtf8Test, RefusesUnpairedSurrogates) {
  for (const std::u16string& text : {
           std::u16string{0xD800},
           std::u16string{0xDC00},
           std::u16string{0xD800, u'a'},
           std::u16string{0xD800, 0xD800, 0xDC00},
           std::u16string{0xDC00, 0xD800},
           std::u16string{u'a', 0xDBFF},
       }) {
    EXPECT_EQ(Utf16ToUtf8(text).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace isoproc::port
