#include "win32/bootstrap.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "platform/port/stream.h"
#include "win32/errors.h"
#include "win32/security.h"
#include "win32/stream.h"
#include "win32/syscalls.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

constexpr size_t kLongestExpected = 64;
constexpr char kSeparator = '-';

std::atomic<const std::string*> own_job_name{nullptr};

absl::Status NoBootstrap() { return absl::NotFoundError("the token names no bootstrap stream"); }

struct Token {
  HANDLE pipe = nullptr;
  std::string job_name;
};

std::string PipeText(HANDLE pipe) {
  return absl::StrCat(absl::Hex(static_cast<uint64_t>(ValueOf(pipe))));
}

// What BootstrapToken() wrote, and nothing that only resembles it.
std::optional<Token> ParseToken(std::string_view text) {
  const size_t dash = text.find(kSeparator);
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view job_name = text.substr(dash + 1);
  uint64_t value = 0;
  if (!absl::SimpleHexAtoi(absl::string_view(text.data(), dash), &value) ||
      !IsPlausibleHandle(value) || !IsRandomName(job_name.data(), job_name.size())) {
    return std::nullopt;
  }
  Token token = {NativeOf(static_cast<int64_t>(value)), std::string(job_name)};
  if (PipeText(token.pipe) != text.substr(0, dash)) return std::nullopt;
  return token;
}

// Any number may come from the user: it must not be closed, read from or waited for.
bool IsBootstrap(HANDLE handle, absl::Span<const std::byte> expected) {
  if (expected.empty() || expected.size() > kLongestExpected) return false;
  // First the question that every handle answers, wrong ones included. A handle that was inherited
  // can be inherited again, until somebody changes that; most others cannot.
  DWORD flags = 0;
  if (!::GetHandleInformation(handle, &flags) || (flags & HANDLE_FLAG_INHERIT) == 0) return false;
  if (!IsPipe(handle)) return false;
  std::array<std::byte, kLongestExpected> first;
  DWORD size = 0;
  if (!sys.peek_named_pipe(handle, first.data(), static_cast<DWORD>(expected.size()), &size,
                           nullptr, nullptr)) {
    return false;
  }
  return size == expected.size() && std::equal(expected.begin(), expected.end(), first.begin());
}

}  // namespace

std::string BootstrapToken(HANDLE pipe, const std::string& job_name) {
  return PipeText(pipe) + kSeparator + job_name;
}

absl::StatusOr<std::unique_ptr<Stream>> AdoptBootstrap(std::string_view token,
                                                       absl::Span<const std::byte> expected) {
  const std::optional<Token> parsed = ParseToken(token);
  if (!parsed.has_value() || !IsBootstrap(parsed->pipe, expected)) return NoBootstrap();
  if (!sys.set_handle_information(parsed->pipe, HANDLE_FLAG_INHERIT, 0)) {
    const DWORD error = ::GetLastError();
    return Win32Error(error, "SetHandleInformation");
  }
  absl::StatusOr<std::unique_ptr<Win32Stream>> stream =
      Win32Stream::Create(UniqueHandle(parsed->pipe));
  if (!stream.ok()) return stream.status();
  // Never deleted: another thread may be about to use it.
  own_job_name = new std::string(parsed->job_name);
  return *std::move(stream);
}

std::optional<std::string> FindBootstrap(absl::Span<const std::byte> expected) {
  // The end of the command line, after a prefix of which nothing is known here.
  constexpr size_t kLongestToken = 64;
  const std::wstring_view line = ::GetCommandLineW();
  const size_t longest = (std::min)(line.size(), kLongestToken);
  std::string end;
  for (const wchar_t c : line.substr(line.size() - longest)) {
    end.push_back(c < 0x80 ? static_cast<char>(c) : ' ');
  }
  for (; !end.empty(); end.erase(0, 1)) {
    const std::optional<Token> token = ParseToken(end);
    if (token.has_value() && IsBootstrap(token->pipe, expected)) return end;
  }
  return std::nullopt;
}

const std::string* OwnJobName() { return own_job_name; }

}  // namespace isoproc::port::win32
