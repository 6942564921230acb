#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/native_error.h"
#include "platform/port/port.h"
#include "win32/errors.h"
#include "win32/security.h"
#include "win32/tests/support.h"
#include "win32/text.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

using testing::HasSubstr;

TEST(SystemTest, RandomBytesComeInPieces) {
  std::vector<std::byte> large((3 << 20) + 1);
  HostPort().RandomBytes(absl::MakeSpan(large));
  EXPECT_TRUE(std::any_of(large.end() - 16, large.end(),
                          [](std::byte value) { return value != std::byte{}; }));
}

TEST(SystemTest, AffinityLimitsTheProcessors) {
  DWORD_PTR process = 0;
  DWORD_PTR machine = 0;
  ASSERT_TRUE(::GetProcessAffinityMask(::GetCurrentProcess(), &process, &machine));
  ASSERT_TRUE(::SetProcessAffinityMask(::GetCurrentProcess(), 1));
  EXPECT_EQ(HostPort().UsableCpuCount(), 1);
  ASSERT_TRUE(::SetProcessAffinityMask(::GetCurrentProcess(), process));
}

TEST(ErrorsTest, StatusesCarryTheNumber) {
  const absl::Status status = Win32Error(ERROR_FILE_NOT_FOUND, "CreateFile");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("CreateFile: "));
  EXPECT_THAT(std::string(status.message()), HasSubstr("(win32 2)"));
  const NativeCode native = GetNativeCode(status).value();
  EXPECT_EQ(native.domain, "win32");
  EXPECT_EQ(native.code, 2);
  EXPECT_EQ(native.operation, "CreateFile");
}

TEST(ErrorsTest, AFailureIsNeverOk) {
  EXPECT_EQ(Win32Error(ERROR_SUCCESS, "x").code(), absl::StatusCode::kUnknown);
  EXPECT_EQ(Win32Error(0x12345678, "x").code(), absl::StatusCode::kUnknown);
  EXPECT_THAT(std::string(Win32Error(0x12345678, "x").message()), HasSubstr("unknown error"));
}

TEST(SecurityTest, RandomNames) {
  const std::string name = RandomName();
  EXPECT_TRUE(IsRandomName(name.data(), name.size()));
  EXPECT_NE(name, RandomName());
  EXPECT_FALSE(IsRandomName(name.data(), name.size() - 1));
  for (const char* bad :
       {"", "0123456789abcdef0123456789abcdeF", "0123456789abcdef0123456789abcde\\"}) {
    EXPECT_FALSE(IsRandomName(bad, std::string(bad).size())) << bad;
  }
}

TEST(UniqueHandleTest, MoveOverALiveHandleClosesIt) {
  ExpectNoHandleLeak([] {
    UniqueHandle a(::CreateEventW(nullptr, TRUE, FALSE, nullptr));
    a = UniqueHandle(::CreateEventW(nullptr, TRUE, FALSE, nullptr));
    UniqueHandle& same = a;
    a = std::move(same);
    EXPECT_TRUE(a);
  });
  EXPECT_FALSE(UniqueHandle(INVALID_HANDLE_VALUE));
  EXPECT_FALSE(UniqueHandle(nullptr));
}

TEST(UniqueHandleTest, ClosingKeepsTheLastError) {
  UniqueHandle handle(::CreateEventW(nullptr, TRUE, FALSE, nullptr));
  ::SetLastError(123);
  handle.reset();
  EXPECT_EQ(::GetLastError(), 123u);
}

TEST(TextTest, Paths) {
  EXPECT_EQ(WidenPath("a.txt").value(), L"a.txt");
  EXPECT_EQ(CodeOf(WidenPath(std::string("a\0", 2))), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(WidenPath("\xFF")), absl::StatusCode::kInvalidArgument);
  const std::string name(300, 'n');
  EXPECT_EQ(WidenPath("C:\\d\\..\\" + name).value(), L"\\\\?\\C:\\" + std::wstring(300, L'n'));
  EXPECT_EQ(WidenPath("C:/" + name).value(), L"\\\\?\\C:\\" + std::wstring(300, L'n'));
  EXPECT_EQ(WidenPath("\\\\server\\share\\" + name).value(),
            L"\\\\?\\UNC\\server\\share\\" + std::wstring(300, L'n'));
  EXPECT_EQ(WidenPath("\\\\?\\C:\\" + name).value(), L"\\\\?\\C:\\" + std::wstring(300, L'n'));
}

}  // namespace
}  // namespace isoproc::port::win32
