// The pure quoting against the real parser.
#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/win_command_line.h"
#include "win32/text.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

std::vector<std::string> RoundTrip(const std::vector<std::string>& arguments) {
  std::string line;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (i == 0) {
      EXPECT_TRUE(AppendWindowsProgramName(arguments[i], line).ok());
    } else {
      AppendWindowsArgument(arguments[i], line);
    }
  }
  int count = 0;
  wchar_t** const parsed = ::CommandLineToArgvW(Widen(line)->c_str(), &count);
  std::vector<std::string> result;
  for (int i = 0; i < count; ++i) result.push_back(Narrow(parsed[i]).value());
  ::LocalFree(parsed);
  return result;
}

// All strings of up to `length` characters of what is special.
std::vector<std::string> AllStrings(int length) {
  std::vector<std::string> all = {""};
  size_t begin = 0;
  for (int i = 0; i < length; ++i) {
    const size_t end = all.size();
    for (size_t j = begin; j < end; ++j) {
      for (const char c : {'\\', '"', ' ', '\t', 'a', '*'}) all.push_back(all[j] + c);
    }
    begin = end;
  }
  return all;
}

TEST(QuotingTest, EveryShortArgumentSurvives) {
  std::vector<std::string> arguments = AllStrings(5);
  // In pieces, since a command line has its limit.
  constexpr size_t kPiece = 500;
  for (size_t begin = 0; begin < arguments.size(); begin += kPiece) {
    std::vector<std::string> piece = {"program"};
    const size_t end = std::min(arguments.size(), begin + kPiece);
    piece.insert(piece.end(), arguments.begin() + static_cast<ptrdiff_t>(begin),
                 arguments.begin() + static_cast<ptrdiff_t>(end));
    ASSERT_EQ(RoundTrip(piece), piece);
  }
}

TEST(QuotingTest, ProgramNames) {
  for (const char* name : {"", "a", "a b", "C:\\a\\", "C:\\a b\\\\", "\xF0\x9F\x98\x80"}) {
    const std::vector<std::string> arguments = {name, "x\\", "\"y\""};
    EXPECT_EQ(RoundTrip(arguments), arguments);
  }
}

}  // namespace
}  // namespace isoproc::port::win32
