#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cwchar>
#include <exception>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/native_error.h"
#include "platform/base/termination.h"
#include "platform/port/port.h"
#include "win32/bootstrap.h"
#include "win32/security.h"
#include "win32/tests/support.h"
#include "win32/text.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;
using Variables = std::vector<std::pair<std::string, std::string>>;

const ChildProgram kEchoArguments("echo-arguments", [](ChildContext& context) {
  SendLine(*context.stream, std::to_string(context.arguments.size()));
  for (const std::string& argument : context.arguments) {
    SendLine(*context.stream, std::to_string(argument.size()));
    SendLine(*context.stream, argument);
  }
  return 0;
});

const ChildProgram kExit("exit", [](ChildContext& context) {
  if (!context.arguments.empty()) HostPort().ExitNow(std::atoi(context.arguments[0].c_str()));
  return 98;
});

const ChildProgram kWaitForEnd("wait-for-end", [](ChildContext& context) {
  SendLine(*context.stream, "ready");
  ReceiveLine(*context.stream);
  return 5;
});

const ChildProgram kEnvironment("environment", [](ChildContext& context) {
  wchar_t* const block = ::GetEnvironmentStringsW();
  std::vector<std::string> lines;
  for (const wchar_t* p = block; *p != L'\0'; p += std::wcslen(p) + 1) {
    lines.push_back(Narrow(p).value_or("?"));
  }
  ::FreeEnvironmentStringsW(block);
  for (const std::string& line : lines) SendLine(*context.stream, line);
  return 0;
});

const ChildProgram kDirectory("directory", [](ChildContext& context) {
  wchar_t buffer[MAX_PATH];
  const DWORD size = ::GetCurrentDirectoryW(MAX_PATH, buffer);
  SendLine(*context.stream, Narrow(std::wstring_view(buffer, size)).value_or("?"));
  return 0;
});

const ChildProgram kStandardStreams("standard-streams", [](ChildContext& context) {
  char buffer[64];
  DWORD size = 0;
  if (!::ReadFile(::GetStdHandle(STD_INPUT_HANDLE), buffer, sizeof(buffer), &size, nullptr)) {
    return 1;
  }
  const std::string out = "out:" + std::string(buffer, size);
  const std::string err = "err:" + std::string(buffer, size);
  ::WriteFile(::GetStdHandle(STD_OUTPUT_HANDLE), out.data(), static_cast<DWORD>(out.size()), &size,
              nullptr);
  ::WriteFile(::GetStdHandle(STD_ERROR_HANDLE), err.data(), static_cast<DWORD>(err.size()), &size,
              nullptr);
  SendLine(*context.stream, "done");
  return 0;
});

// Says for each handle value whether the handle is open here and can be waited for.
const ChildProgram kProbeHandles("probe-handles", [](ChildContext& context) {
  for (const std::string& argument : context.arguments) {
    const HANDLE handle = NativeOf(std::atoll(argument.c_str()));
    const bool is_event = ::SetEvent(handle);
    SendLine(*context.stream, is_event ? "open" : "closed");
  }
  return 0;
});

const ChildProgram kCrash("crash", [](ChildContext& context) {
  const std::string& how = context.arguments[0];
  if (how == "access") *static_cast<volatile int*>(nullptr) = 1;
  if (how == "divide") {
    volatile int dividend = 100;
    volatile int divisor = 0;
    dividend = dividend / divisor;
  }
  if (how == "illegal") ::RaiseException(EXCEPTION_ILLEGAL_INSTRUCTION, 0, 0, nullptr);
  if (how == "heap") ::RaiseException(0xC0000374, EXCEPTION_NONCONTINUABLE, 0, nullptr);
  if (how == "abort") std::abort();
  if (how == "throw") throw 1;
  if (how == "terminate") std::terminate();
  if (how == "thread") std::thread([] { *static_cast<volatile int*>(nullptr) = 1; }).join();
  if (how == "thread-throw") std::thread([] { throw 1; }).join();
  return 3;
});

absl::StatusOr<Termination> RunToEnd(absl::StatusOr<StartedChild> child) {
  if (!child.ok()) return child.status();
  return child->process->Wait(Generous());
}

std::string TempPath(const std::string& name) {
  wchar_t directory[MAX_PATH];
  const DWORD size = ::GetTempPathW(MAX_PATH, directory);
  return Narrow(std::wstring_view(directory, size)).value() + "isoproc-" + RandomName() + name;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(Widen(path).value().c_str(), std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream(Widen(path).value().c_str(), std::ios::binary) << text;
}

TEST(SpawnTest, ArgumentsMayHoldAnyCharacter) {
  const std::vector<std::string> arguments = {
      "a\nb", "\xC3\xA9\xE2\x82\xAC", "\xF0\x9F\x98\x80 \xF0\x9F\x98\x80", std::string(20000, 'x')};
  absl::StatusOr<StartedChild> child = Start(kEchoArguments, arguments);
  ASSERT_TRUE(child.ok()) << child.status();
  std::vector<std::string> received;
  const int count = std::atoi(ReceiveLine(*child->stream).c_str());
  for (int i = 0; i < count; ++i) {
    size_t size = std::stoul(ReceiveLine(*child->stream));
    std::string text = ReceiveLine(*child->stream);
    while (text.size() < size) text += "\n" + ReceiveLine(*child->stream);
    received.push_back(text);
  }
  EXPECT_THAT(received, ElementsAreArray(arguments));
}

TEST(SpawnTest, StillActiveIsAnExitCodeLikeAnyOther) {
  const absl::StatusOr<Termination> end = RunToEnd(Start(kExit, {std::to_string(STILL_ACTIVE)}));
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(*end, (Termination{Termination::Kind::kExited, STILL_ACTIVE & 0xFF}));
}

TEST(SpawnTest, CrashesAreSignals) {
  const std::pair<const char*, int> cases[] = {
      {"access", 11}, {"divide", 8},  {"illegal", 4},   {"heap", 6},         {"abort", 6},
      {"throw", 6},   {"thread", 11}, {"terminate", 6}, {"thread-throw", 6},
  };
  for (const auto& [how, signal] : cases) {
    const absl::StatusOr<Termination> end = RunToEnd(Start(kCrash, {how}));
    ASSERT_TRUE(end.ok()) << end.status();
    EXPECT_EQ(end->kind, Termination::Kind::kSignalled) << how;
    EXPECT_EQ(end->value, signal) << how;
  }
}

TEST(SpawnTest, EnvironmentIsExactly) {
  SpawnRequest request = RequestFor(kEnvironment);
  request.environment =
      Variables{{"B", "2=3"},      {"a", "1"},       {"Empty", ""}, {"A", "\xF0\x9F\x98\x80"},
                {"\xC3\xA9", "1"}, {"\xC3\x89", "2"}};
  absl::StatusOr<StartedChild> child = Start(request);
  ASSERT_TRUE(child.ok()) << child.status();
  std::set<std::string> lines;
  for (std::string line = ReceiveLine(*child->stream); line != "<end>";
       line = ReceiveLine(*child->stream)) {
    lines.insert(line);
  }
  EXPECT_TRUE(lines.count("A=\xF0\x9F\x98\x80"));  // the later of "a" and "A"
  EXPECT_FALSE(lines.count("a=1"));
  EXPECT_TRUE(lines.count("B=2=3"));
  EXPECT_TRUE(lines.count("Empty="));
  EXPECT_TRUE(lines.count("\xC3\x89=2"));  // Windows ignores the case of all letters
  EXPECT_FALSE(lines.count("\xC3\xA9=1"));
  for (const std::string& line : lines) EXPECT_THAT(line, testing::Not(HasSubstr("PATH=")));
}

TEST(SpawnTest, EnvironmentIsTheCallersAsItIsNow) {
  ASSERT_TRUE(::SetEnvironmentVariableW(L"ISOPROC_TEST", L"now"));
  absl::StatusOr<StartedChild> child = Start(kEnvironment);
  ::SetEnvironmentVariableW(L"ISOPROC_TEST", nullptr);
  ASSERT_TRUE(child.ok()) << child.status();
  std::set<std::string> lines;
  for (std::string line = ReceiveLine(*child->stream); line != "<end>";
       line = ReceiveLine(*child->stream)) {
    lines.insert(line);
  }
  EXPECT_TRUE(lines.count("ISOPROC_TEST=now"));
}

TEST(SpawnTest, UnicodeProgramAndDirectory) {
  const std::string directory = TempPath("-\xC3\xA9\xE2\x82\xAC \xF0\x9F\x98\x80");
  ASSERT_TRUE(::CreateDirectoryW(Widen(directory)->c_str(), nullptr)) << ::GetLastError();
  const std::string program = directory + "\\\xD0\xB6 \xF0\x9F\x98\x80.exe";
  ASSERT_TRUE(::CopyFileW(Widen(HostPort().ProgramPath("").value())->c_str(),
                          Widen(program)->c_str(), TRUE))
      << ::GetLastError();
  SpawnRequest request = RequestFor(kDirectory);
  request.program = program;
  request.working_directory = directory;
  {
    absl::StatusOr<StartedChild> child = Start(request);
    ASSERT_TRUE(child.ok()) << child.status();
    EXPECT_EQ(ReceiveLine(*child->stream), directory);
    EXPECT_EQ(child->process->Wait(Generous())->value, 0);
  }
  EXPECT_TRUE(::DeleteFileW(Widen(program)->c_str()));
  EXPECT_TRUE(::RemoveDirectoryW(Widen(directory)->c_str()));
}

TEST(SpawnTest, LongProgramPath) {
  if (IsWine()) GTEST_SKIP() << "Wine cuts the path of a program off at 260 characters";
  std::string path = TempPath("");
  std::vector<std::string> made;
  while (path.size() < 400) {
    path += "\\" + std::string(50, 'd');
    made.push_back(path);
  }
  made.insert(made.begin(), made.front().substr(0, made.front().rfind('\\')));
  for (const std::string& directory : made) {
    ASSERT_TRUE(::CreateDirectoryW(WidenPath(directory)->c_str(), nullptr)) << ::GetLastError();
  }
  const std::string program = path + "\\program.exe";
  ASSERT_TRUE(::CopyFileW(Widen(HostPort().ProgramPath("").value())->c_str(),
                          WidenPath(program)->c_str(), TRUE))
      << ::GetLastError();
  SpawnRequest request = RequestFor(kExit, {"7"});
  request.program = program;
  const absl::StatusOr<Termination> end = RunToEnd(Start(request));
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->value, 7);
  EXPECT_TRUE(::DeleteFileW(WidenPath(program)->c_str()));
  while (!made.empty()) {
    ::RemoveDirectoryW(WidenPath(made.back())->c_str());
    made.pop_back();
  }
}

TEST(SpawnTest, StandardStreamsAreHandles) {
  const std::string path = TempPath(".out");
  const UniqueHandle file(::CreateFileW(Widen(path)->c_str(), GENERIC_WRITE, FILE_SHARE_READ,
                                        nullptr, CREATE_NEW, 0, nullptr));
  ASSERT_TRUE(file);
  SpawnRequest request = RequestFor(kStandardStreams);
  request.standard_streams[1] = {StandardStream::Kind::kHandle, "", ValueOf(file.get())};
  request.standard_streams[2] = request.standard_streams[1];
  EXPECT_EQ(RunToEnd(Start(request))->value, 0);
  EXPECT_EQ(ReadFile(path), "out:err:");
  DWORD flags = 1;
  EXPECT_TRUE(::GetHandleInformation(file.get(), &flags));  // still the caller's, as it was
  EXPECT_EQ(flags, 0u);
  EXPECT_TRUE(::DeleteFileW(Widen(path)->c_str()) || true);
}

TEST(SpawnTest, ClosedStandardStreamIsTheNullDevice) {
  const HANDLE own = ::GetStdHandle(STD_OUTPUT_HANDLE);
  const UniqueHandle event(::CreateEventW(nullptr, TRUE, FALSE, nullptr));
  for (const HANDLE closed :
       {HANDLE{nullptr}, INVALID_HANDLE_VALUE, NativeOf(ValueOf(event.get()) + 0x10000)}) {
    ::SetStdHandle(STD_OUTPUT_HANDLE, closed);
    SpawnRequest request = RequestFor(kStandardStreams);
    const absl::StatusOr<Termination> end = RunToEnd(Start(request));
    ::SetStdHandle(STD_OUTPUT_HANDLE, own);
    ASSERT_TRUE(end.ok()) << end.status();
    EXPECT_EQ(end->value, 0);
  }
}

TEST(SpawnTest, OnlyWhatIsListedIsInherited) {
  SECURITY_ATTRIBUTES inheritable = {sizeof(inheritable), nullptr, TRUE};
  const UniqueHandle stray(::CreateEventW(&inheritable, TRUE, FALSE, nullptr));
  const UniqueHandle other(::CreateEventW(nullptr, TRUE, FALSE, nullptr));
  const std::vector<std::string> values = {std::to_string(ValueOf(stray.get())),
                                           std::to_string(ValueOf(other.get()))};
  absl::StatusOr<StartedChild> child = Start(kProbeHandles, values);
  ASSERT_TRUE(child.ok()) << child.status();
  ReceiveLine(*child->stream);
  ReceiveLine(*child->stream);
  EXPECT_EQ(child->process->Wait(Generous())->value, 0);
  // A handle with the same number may well be there; it must not be this event.
  EXPECT_EQ(::WaitForSingleObject(stray.get(), 0), DWORD{WAIT_TIMEOUT});
  EXPECT_EQ(::WaitForSingleObject(other.get(), 0), DWORD{WAIT_TIMEOUT});
}

TEST(SpawnTest, ConcurrentChildrenDoNotInheritFromEachOther) {
  // A child that inherited the other end of another child's stream would keep that from ending.
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&good] {
      absl::StatusOr<StartedChild> child = Start(kWaitForEnd);
      if (!child.ok() || ReceiveLine(*child->stream) != "ready") return;
      if (!child->process->Kill(9).ok()) return;
      if (ReceiveLine(*child->stream) != "<end>") return;
      ++good;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 4);
}

TEST(SpawnTest, Refusals) {
  struct Case {
    const char* what;
    absl::StatusCode code;
    void (*change)(SpawnRequest& request);
  };
  using Code = absl::StatusCode;
  const Case cases[] = {
      {"empty program", Code::kNotFound, [](SpawnRequest& r) { r.program = ""; }},
      {"directory as program", Code::kPermissionDenied,
       [](SpawnRequest& r) { r.program = "C:\\windows"; }},
      {"batch", Code::kInvalidArgument, [](SpawnRequest& r) { r.program = "C:\\x.bat"; }},
      {"command", Code::kInvalidArgument, [](SpawnRequest& r) { r.program = "C:\\x.CMD. "; }},
      {"NUL in path", Code::kInvalidArgument,
       [](SpawnRequest& r) {
         r.standard_streams[1] = {StandardStream::Kind::kWriteFile, std::string("x\0", 2)};
       }},
      {"not UTF-8", Code::kInvalidArgument, [](SpawnRequest& r) { r.arguments.push_back("\xFF"); }},
      {"file as directory", Code::kNotFound,
       [](SpawnRequest& r) { r.working_directory = r.program; }},
      {"bad handle", Code::kInvalidArgument,
       [](SpawnRequest& r) {
         r.standard_streams[0] = {StandardStream::Kind::kHandle, "", 0x12345678};
       }},
      {"too long for a variable", Code::kResourceExhausted,
       [](SpawnRequest& r) {
         r.environment = Variables{{"A", std::string(40000, 'x')}};
       }},
  };
  for (const Case& c : cases) {
    SpawnRequest request = RequestFor(kExit, {"0"});
    c.change(request);
    EXPECT_EQ(CodeOf(HostPort().Spawn(request)), c.code)
        << c.what << ": " << HostPort().Spawn(request).status();
  }
}

TEST(SpawnTest, GarbageIsNotExecutable) {
  const std::string path = TempPath(".exe");
  WriteFile(path, "this is no program");
  SpawnRequest request = RequestFor(kExit, {"0"});
  request.program = path;
  const absl::Status status = HostPort().Spawn(request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << status;
  const std::optional<NativeCode> native = GetNativeCode(status);
  ASSERT_TRUE(native.has_value());
  EXPECT_EQ(native->domain, "win32");
  EXPECT_EQ(native->operation, "CreateProcess");
  EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  EXPECT_TRUE(::DeleteFileW(Widen(path)->c_str()));
}

TEST(SpawnTest, RefusedRequestsLeaveNoHandles) {
  ExpectNoHandleLeak([] {
    SpawnRequest request = RequestFor(kExit, {"0"});
    request.program = "C:\\no\\such.exe";
    EXPECT_FALSE(Start(request).ok());
  });
}

TEST(SpawnTest, ChildrenLeaveNoHandles) {
  ExpectNoHandleLeak([] { EXPECT_TRUE(RunToEnd(Start(kExit, {"0"})).ok()); });
}

TEST(ChildTest, OurKillCodeFromAnybodyElseIsAnExit) {
  absl::StatusOr<StartedChild> child = Start(kWaitForEnd);
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_EQ(ReceiveLine(*child->stream), "ready");
  const UniqueHandle process(
      ::OpenProcess(PROCESS_TERMINATE, FALSE, static_cast<DWORD>(child->process->pid())));
  ASSERT_TRUE(::TerminateProcess(process.get(), 0xE1500009));
  const absl::StatusOr<Termination> end = child->process->Wait(Generous());
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->kind, Termination::Kind::kExited);
  EXPECT_EQ(end->value, 9);
}

TEST(BootstrapTest, OtherTokensAreHarmless) {
  absl::StatusOr<StreamPair> pair = HostPort().CreateStreamPair();
  ASSERT_TRUE(pair.ok());
  const UniqueHandle event(::CreateEventW(nullptr, TRUE, FALSE, nullptr));
  ASSERT_TRUE(pair->first->Write(BytesOf("expected"), Generous()).ok());
  const Handle detached = pair->second->Detach();
  const HANDLE pipe = NativeOf(detached.native());
  const std::string job = RandomName();
  const std::string good = BootstrapToken(pipe, job);
  EXPECT_EQ(CodeOf(HostPort().AdoptBootstrap(good, BytesOf("expected"))),
            absl::StatusCode::kNotFound);  // not inherited
  ASSERT_TRUE(::SetHandleInformation(pipe, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT));
  ASSERT_TRUE(::SetHandleInformation(event.get(), HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT));
  const std::string number = good.substr(0, good.find('-'));
  std::vector<std::string> tokens = {"",
                                     "-",
                                     "0",
                                     number,
                                     number + "-",
                                     "-" + job,
                                     number + "-" + job + "0",
                                     " " + good,
                                     good + " ",
                                     "0x" + good,
                                     "0" + good,
                                     number + "-" + std::string(32, 'g'),
                                     BootstrapToken(event.get(), job)};
  for (const char* value : {"", "0", "zz", "-4", "1", "2", "7ffffffc", "fffffffc",
                            "fffffffffffffffc", "ffffffffffffffff", "123456789abcdef012345"}) {
    tokens.push_back(std::string(value) + "-" + job);
  }
  for (const std::string& token : tokens) {
    EXPECT_EQ(CodeOf(HostPort().AdoptBootstrap(token, BytesOf("expected"))),
              absl::StatusCode::kNotFound)
        << token;
  }
  for (const char* expected : {"other", "expectedx", "expectee"}) {
    EXPECT_EQ(CodeOf(HostPort().AdoptBootstrap(good, BytesOf(expected))),
              absl::StatusCode::kNotFound);
  }
  DWORD flags = 0;
  EXPECT_TRUE(::GetHandleInformation(pipe, &flags));
  EXPECT_EQ(flags, DWORD{HANDLE_FLAG_INHERIT});
  EXPECT_TRUE(::GetHandleInformation(event.get(), &flags));
}

TEST(BootstrapTest, TheStreamIsAdoptedUnread) {
  absl::StatusOr<StreamPair> pair = HostPort().CreateStreamPair();
  ASSERT_TRUE(pair.ok());
  ASSERT_TRUE(pair->first->Write(BytesOf("expected and more\n"), Generous()).ok());
  Handle detached = pair->second->Detach();
  const HANDLE pipe = NativeOf(detached.release());
  ASSERT_TRUE(::SetHandleInformation(pipe, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT));
  const absl::StatusOr<std::unique_ptr<Stream>> stream =
      HostPort().AdoptBootstrap(BootstrapToken(pipe, RandomName()), BytesOf("expected"));
  ASSERT_TRUE(stream.ok()) << stream.status();
  EXPECT_EQ(ReceiveLine(**stream), "expected and more");
  DWORD flags = HANDLE_FLAG_INHERIT;
  EXPECT_TRUE(::GetHandleInformation(pipe, &flags));
  EXPECT_EQ(flags, 0u);
}

}  // namespace
}  // namespace isoproc::port::win32
