#include "platform/base/env_block.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace isoproc::port {
namespace {

using Variables = std::vector<std::pair<std::string, std::string>>;
using namespace std::string_view_literals;  // NOLINT: literals with NUL bytes

std::u16string Block(const Variables& variables) {
  const absl::StatusOr<std::u16string> block = BuildEnvironmentBlock(variables);
  EXPECT_TRUE(block.ok()) << block.status();
  return block.value_or(u"failed");
}

TEST(BuildEnvironmentBlockTest, EndsEachVariableAndTheBlock) {
  EXPECT_EQ(Block({{"A", "1"}, {"B", ""}}), u"A=1\0B=\0\0"sv);
}

TEST(BuildEnvironmentBlockTest, NoVariablesAreTwoNuls) { EXPECT_EQ(Block({}), u"\0\0"sv); }

TEST(BuildEnvironmentBlockTest, SortsByNameIgnoringCase) {
  EXPECT_EQ(Block({{"b", "1"}, {"C", "2"}, {"a", "3"}, {"B2", "4"}, {"_", "5"}}),
            u"a=3\0b=1\0B2=4\0C=2\0_=5\0\0"sv);
}

TEST(BuildEnvironmentBlockTest, SortsNamesAndNotWholeStrings) {
  // '!' comes before '=', so that sorting whole strings would put "A!" first.
  EXPECT_EQ(Block({{"A!", "1"}, {"A", "2"}}), u"A=2\0A!=1\0\0"sv);
}

TEST(BuildEnvironmentBlockTest, LaterDuplicateWinsWithItsSpelling) {
  EXPECT_EQ(Block({{"Path", "1"}, {"X", "2"}, {"PATH", "3"}, {"path", "4"}}), u"path=4\0X=2\0\0"sv);
}

TEST(BuildEnvironmentBlockTest, UsesTheGivenOrder) {
  const absl::StatusOr<std::u16string> block = BuildEnvironmentBlock(
      {{"a", "1"}, {"A", "2"}},
      [](std::u16string_view a, std::u16string_view b) { return a.compare(b); });
  ASSERT_TRUE(block.ok());
  EXPECT_EQ(*block, u"A=2\0a=1\0\0"sv);
}

TEST(BuildEnvironmentBlockTest, KeepsEqualSignsInValuesAndUnicode) {
  EXPECT_EQ(Block({{"A", "x=y="}, {"\xC3\xA9", "\xF0\x9F\x98\x80"}}),
            u"A=x=y=\0\u00E9=\U0001F600\0\0"sv);
}

TEST(BuildEnvironmentBlockTest, Refuses) {
  const Variables::value_type bad[] = {
      {"", "1"},
      {"=", "1"},
      {"A=", "1"},
      {"A=B", "1"},
      {"=A", "1"},
      {"==:", "1"},
      {"=C:", "1"},
      {std::string("A\0B", 3), "1"},
      {"A", std::string("1\0", 2)},
      {"\xFF", "1"},
      {"A", "\xFF"},
  };
  for (const auto& variable : bad) {
    EXPECT_EQ(BuildEnvironmentBlock({{"OK", "1"}, variable}).status().code(),
              absl::StatusCode::kInvalidArgument)
        << variable.first;
  }
}

TEST(BuildEnvironmentBlockTest, RefusesWhatIsTooLongForWindows) {
  EXPECT_TRUE(BuildEnvironmentBlock({{"A", std::string(32764, 'x')}}).ok());
  EXPECT_EQ(BuildEnvironmentBlock({{"A", std::string(32765, 'x')}}).status().code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace isoproc::port
