#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/native_error.h"
#include "platform/port/port.h"
#include "win32/errors.h"
#include "win32/security.h"
#include "win32/tests/harness.h"
#include "win32/text.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

using testing::HasSubstr;

const ChildProgram kSayTime("say-time", [](ChildContext& context) {
  SendLine(*context.stream, std::to_string(absl::ToInt64Nanoseconds(HostPort().Now())));
  return 0;
});

TEST(SystemTest, Capabilities) {
  const Capabilities& capabilities = HostPort().capabilities();
  EXPECT_EQ(capabilities.profile, "win32");
  EXPECT_TRUE(capabilities.processes);
  EXPECT_FALSE(capabilities.fork_server);
  EXPECT_FALSE(capabilities.fork);
  EXPECT_FALSE(capabilities.pinned_image);
  EXPECT_FALSE(capabilities.replaceable_image);
  EXPECT_FALSE(capabilities.foreign_fork);
}

TEST(SystemTest, WhatIsNotDeclaredIsUnimplemented) {
  absl::StatusOr<StreamPair> pair = HostPort().CreateStreamPair();
  ASSERT_TRUE(pair.ok());
  EXPECT_EQ(CodeOf(HostPort().SpawnFromServer(*pair->first, {})), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(CodeOf(HostPort().Fork({}, 0, nullptr)), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(HostPort().ServeForks(std::move(pair->first), nullptr).code(),
            absl::StatusCode::kUnimplemented);
}

TEST(SystemTest, TimeGoesForwardInAllProcesses) {
  absl::Duration last = HostPort().Now();
  for (int i = 0; i < 1000; ++i) {
    const absl::Duration now = HostPort().Now();
    EXPECT_GE(now, last);
    last = now;
  }
  absl::StatusOr<StartedChild> child = Start(kSayTime);
  ASSERT_TRUE(child.ok()) << child.status();
  const absl::Duration theirs = absl::Nanoseconds(std::stoll(ReceiveLine(*child->stream)));
  EXPECT_GE(theirs, last);
  EXPECT_LE(theirs, HostPort().Now());
}

TEST(SystemTest, RandomBytesDiffer) {
  std::array<std::byte, 32> a = {};
  std::array<std::byte, 32> b = {};
  HostPort().RandomBytes(absl::MakeSpan(a));
  HostPort().RandomBytes(absl::MakeSpan(b));
  EXPECT_NE(a, b);
  HostPort().RandomBytes({});
  std::vector<std::byte> large((3 << 20) + 1);
  HostPort().RandomBytes(absl::MakeSpan(large));
  EXPECT_TRUE(std::any_of(large.end() - 16, large.end(),
                          [](std::byte value) { return value != std::byte{}; }));
}

TEST(SystemTest, Cpus) {
  EXPECT_GE(HostPort().CpuCount(), 1);
  EXPECT_GE(HostPort().UsableCpuCount(), 1);
  EXPECT_LE(HostPort().UsableCpuCount(), HostPort().CpuCount());
  DWORD_PTR process = 0;
  DWORD_PTR machine = 0;
  ASSERT_TRUE(::GetProcessAffinityMask(::GetCurrentProcess(), &process, &machine));
  ASSERT_TRUE(::SetProcessAffinityMask(::GetCurrentProcess(), 1));
  EXPECT_EQ(HostPort().UsableCpuCount(), 1);
  ASSERT_TRUE(::SetProcessAffinityMask(::GetCurrentProcess(), process));
}

TEST(SystemTest, ProgramPathNamesThisProgram) {
  const absl::StatusOr<std::string> path = HostPort().ProgramPath("ignored");
  ASSERT_TRUE(path.ok()) << path.status();
  EXPECT_TRUE(HostPort().FileIdentity(*path).ok());
}

TEST(SystemTest, FileIdentity) {
  wchar_t directory[MAX_PATH];
  const DWORD size = ::GetTempPathW(MAX_PATH, directory);
  const std::string path =
      Narrow(std::wstring_view(directory, size)).value() + RandomName() + "\xC3\xA9.txt";
  const std::wstring wide = Widen(path).value();
  EXPECT_EQ(CodeOf(HostPort().FileIdentity(path)), absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(HostPort().FileIdentity("")), absl::StatusCode::kNotFound);
  std::ofstream(wide.c_str()) << "one";
  const std::string first = HostPort().FileIdentity(path).value();
  EXPECT_EQ(HostPort().FileIdentity(path).value(), first);
  std::ofstream(wide.c_str()) << "other";
  EXPECT_NE(HostPort().FileIdentity(path).value(), first);
  EXPECT_TRUE(::DeleteFileW(wide.c_str()));
}

TEST(SystemTest, Threads) {
  const UniqueHandle done(::CreateEventW(nullptr, TRUE, FALSE, nullptr));
  ASSERT_TRUE(HostPort().StartThread([&] { ::SetEvent(done.get()); }).ok());
  EXPECT_EQ(::WaitForSingleObject(done.get(), 60000), DWORD{WAIT_OBJECT_0});
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
