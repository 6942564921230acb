#include "platform/base/win_command_line.h"

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace isoproc::port {
namespace {

struct Case {
  std::string_view argument;
  std::string_view quoted;
};

TEST(AppendWindowsArgumentTest, Table) {
  const Case cases[] = {
      {"", R"("")"},
      {"a", "a"},
      {"a b", R"("a b")"},
      {" ", R"(" ")"},
      {"a\tb", "\"a\tb\""},
      {"a\nb", "\"a\nb\""},
      {"a\vb", "\"a\vb\""},
      {R"(a\b)", R"(a\b)"},
      {R"(a\)", R"(a\)"},
      {R"(a\\)", R"(a\\)"},
      {R"(a b\)", R"("a b\\")"},
      {R"(a b\\)", R"("a b\\\\")"},
      {R"(")", R"("\"")"},
      {R"("")", R"("\"\"")"},
      {R"(a"b)", R"("a\"b")"},
      {R"(a\"b)", R"("a\\\"b")"},
      {R"(a\\"b)", R"("a\\\\\"b")"},
      {R"(\")", R"("\\\"")"},
      {R"(a\b "c\)", R"("a\b \"c\\")"},
      {"*.cc", R"("*.cc")"},
      {"what?", R"("what?")"},
      {"'a'", "'a'"},
      {"%PATH% ^& |", R"("%PATH% ^& |")"},
      {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
      {"\xF0\x9F\x98\x80 \xC3\xA9", "\"\xF0\x9F\x98\x80 \xC3\xA9\""},
  };
  for (const Case& c : cases) {
    std::string line;
    AppendWindowsArgument(c.argument, line);
    EXPECT_EQ(line, c.quoted) << c.argument;
  }
}

TEST(AppendWindowsArgumentTest, PutsOneSpaceBetween) {
  std::string line;
  ASSERT_TRUE(AppendWindowsProgramName("p", line).ok());
  AppendWindowsArgument("", line);
  AppendWindowsArgument("b", line);
  EXPECT_EQ(line, R"("p" "" b)");
}

TEST(AppendWindowsProgramNameTest, QuotesWithoutEscapes) {
  const Case cases[] = {
      {"", R"("")"},
      {"a", R"("a")"},
      {R"(C:\with space\a.exe)", R"("C:\with space\a.exe")"},
      {R"(ends\)", R"("ends\")"},
  };
  for (const Case& c : cases) {
    std::string line;
    ASSERT_TRUE(AppendWindowsProgramName(c.argument, line).ok());
    EXPECT_EQ(line, c.quoted);
  }
}

TEST(AppendWindowsProgramNameTest, RefusesQuote) {
  std::string line = "unchanged";
  EXPECT_EQ(AppendWindowsProgramName(R"(a"b)", line).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(line, "unchanged");
}

TEST(IsWindowsBatchFileTest, Table) {
  for (const char* program : {"a.bat", "a.cmd", "A.BAT", "a.Cmd", R"(C:\b\a.bat)", "a.bat.",
                              "a.bat ", "a.cmd . .", ".bat"}) {
    EXPECT_TRUE(IsWindowsBatchFile(program)) << program;
  }
  for (const char* program :
       {"", "a", "a.exe", "abat", "a.bat.exe", R"(a.bat\b.exe)", "a.batch", "...", "a.com"}) {
    EXPECT_FALSE(IsWindowsBatchFile(program)) << program;
  }
}

}  // namespace
}  // namespace isoproc::port
