#include "win32/tests/support.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/deadline.h"
#include "platform/base/win_command_line.h"
#include "platform/port/port.h"
#include "platform/testing/system_support.h"
#include "win32/security.h"
#include "win32/text.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

constexpr absl::string_view kChildFlag = "--win32-test-child=";
constexpr std::string_view kBootstrapPrefix = "--win32-test-bootstrap=";
constexpr std::string_view kGreeting = "hello, child";

std::map<std::string, ChildProgram::Main, std::less<>>& Programs() {
  static auto& programs = *new std::map<std::string, ChildProgram::Main, std::less<>>;
  return programs;
}

std::vector<std::string> OwnArguments() {
  int count = 0;
  wchar_t** const wide = ::CommandLineToArgvW(::GetCommandLineW(), &count);
  std::vector<std::string> arguments;
  for (int i = 0; i < count; ++i) arguments.push_back(Narrow(wide[i]).value());
  ::LocalFree(wide);
  return arguments;
}

// The exit code of the child program that `arguments` name; -1 if they name none.
int RunChild(std::vector<std::string> arguments) {
  if (arguments.size() < 2 || !absl::StartsWith(arguments[1], kChildFlag)) return -1;
  const auto program = Programs().find(arguments[1].substr(kChildFlag.size()));
  if (program == Programs().end()) return 99;
  ChildContext context;
  const std::string& last = arguments.back();
  const absl::string_view prefix(kBootstrapPrefix.data(), kBootstrapPrefix.size());
  if (absl::StartsWith(last, prefix)) {
    absl::StatusOr<std::unique_ptr<Stream>> stream =
        HostPort().AdoptBootstrap(last.substr(prefix.size()), BytesOf(kGreeting));
    if (!stream.ok()) return 98;
    context.stream = *std::move(stream);
    std::string greeting(kGreeting.size(), '\0');
    const absl::StatusOr<size_t> size = context.stream->Read(
        absl::MakeSpan(reinterpret_cast<std::byte*>(greeting.data()), greeting.size()), Generous());
    if (!size.ok() || greeting != kGreeting) return 97;
    arguments.pop_back();
    HostPort().PrepareChild();
  }
  context.arguments.assign(arguments.begin() + 2, arguments.end());
  return program->second(context);
}

}  // namespace

Deadline Generous() { return Deadline::After(HostPort().Now(), absl::Seconds(60)); }
Deadline Expired() { return Deadline::At(absl::ZeroDuration()); }

ChildProgram::ChildProgram(std::string_view name, Main main) : name_(name) {
  Programs().emplace(name, main);
}

SpawnRequest RequestFor(const ChildProgram& program, const std::vector<std::string>& arguments) {
  SpawnRequest request;
  request.program = HostPort().ProgramPath("").value();
  request.arguments = {request.program, absl::StrCat(kChildFlag, std::string(program.name()))};
  request.arguments.insert(request.arguments.end(), arguments.begin(), arguments.end());
  request.standard_streams[0].kind = StandardStream::Kind::kNull;
  return request;
}

absl::StatusOr<StartedChild> Start(SpawnRequest request) {
  absl::StatusOr<StreamPair> pair = HostPort().CreateStreamPair();
  if (!pair.ok()) return pair.status();
  const absl::StatusOr<size_t> size = pair->first->Write(BytesOf(kGreeting), Generous());
  if (!size.ok()) return size.status();
  request.bootstrap = pair->second.get();
  request.bootstrap_prefix = kBootstrapPrefix;
  absl::StatusOr<std::unique_ptr<ChildProcess>> process = HostPort().Spawn(request);
  if (!process.ok()) return process.status();
  return StartedChild{*std::move(process), std::move(pair->first)};
}

absl::StatusOr<StartedChild> Start(const ChildProgram& program,
                                   const std::vector<std::string>& arguments) {
  return Start(RequestFor(program, arguments));
}

UniqueHandle StartPlain(const ChildProgram& program, const std::vector<std::string>& arguments) {
  const SpawnRequest request = RequestFor(program, arguments);
  std::string line;
  for (const std::string& argument : request.arguments) AppendWindowsArgument(argument, line);
  std::wstring wide = Widen(line).value();
  STARTUPINFOW startup = {};
  startup.cb = sizeof(startup);
  // No standard streams: an orphan that held the output of the tests would keep its reader waiting.
  startup.dwFlags = STARTF_USESTDHANDLES;
  PROCESS_INFORMATION created = {};
  const BOOL ok =
      ::CreateProcessW(nullptr, wide.data(), nullptr, nullptr, /*bInheritHandles=*/FALSE, 0,
                       nullptr, nullptr, &startup, &created);
  EXPECT_TRUE(ok) << ::GetLastError();
  UniqueHandle{created.hThread};
  return UniqueHandle(created.hProcess);
}

int RunTests(int argc, char** argv) {
  const int child = RunChild(OwnArguments());
  if (child >= 0) return child;
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}

absl::Span<const std::byte> BytesOf(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

void SendLine(Stream& stream, std::string_view line) {
  const std::string text = std::string(line) + '\n';
  absl::Span<const std::byte> rest = BytesOf(text);
  while (!rest.empty()) {
    const absl::StatusOr<size_t> size = stream.Write(rest, Generous());
    if (!size.ok()) return;  // the reader is gone, and whoever waits for an answer will see that
    rest.remove_prefix(*size);
  }
}

std::string ReceiveLine(Stream& stream) {
  std::string line;
  while (true) {
    char c = 0;
    const absl::StatusOr<size_t> size =
        stream.Read(absl::MakeSpan(reinterpret_cast<std::byte*>(&c), 1), Generous());
    if (!size.ok()) return size.status().ToString();
    if (*size == 0) return line + "<end>";
    if (c == '\n') return line;
    line.push_back(c);
  }
}

std::string ToText(const ProcessIdentity& identity) {
  return absl::StrCat(identity.pid, " ", identity.birth);
}

ProcessIdentity IdentityFrom(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, ' ');
  ProcessIdentity identity;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &identity.pid) ||
      !absl::SimpleAtoi(parts[1], &identity.birth)) {
    ADD_FAILURE() << "not an identity: " << text;
  }
  return identity;
}

bool Dies(const ProcessIdentity& identity) {
  const absl::StatusOr<std::unique_ptr<DeathNotice>> notice = HostPort().WatchDeath(identity);
  if (!notice.ok()) return false;
  Waitable* const object = notice->get();
  return HostPort().WaitAny({object}, Generous()).ok();
}

bool IsWine() {
  return ::GetProcAddress(::GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != nullptr;
}

UniqueHandle NamedEvent(const std::string& name) {
  return UniqueHandle(::CreateEventW(nullptr, /*bManualReset=*/TRUE, FALSE,
                                     Widen("Local\\isoproc-test-" + name).value().c_str()));
}

std::string UniqueName() { return RandomName(); }

void ExpectNoHandleLeak(const std::function<void()>& body, int slack) {
  body();
  const int before = system_support::CountHandles();
  constexpr int kTimes = 4;
  for (int i = 0; i < kTimes + slack; ++i) body();
  EXPECT_GT(before, 0);
  EXPECT_LE(system_support::CountHandles(), before + slack);
}

}  // namespace isoproc::port::win32

int main(int argc, char** argv) { return isoproc::port::win32::RunTests(argc, argv); }
