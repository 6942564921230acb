#include "isoproc/status.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "isoproc/exit_status.h"
#include "platform/base/native_error.h"
#include "platform/core/exit_status_payload.h"

namespace isoproc {
namespace {

// Text, as statuses print their payloads: kind, code, type and what(), a line each.
constexpr char kExitStatusUrl[] = "isoproc/exit_status";
// As text: process id, name, type and what(), a line each.
constexpr char kRemoteErrorUrl[] = "isoproc/remote_error";

}  // namespace

std::optional<NativeErrorInfo> NativeError(const absl::Status& status) {
  std::optional<port::NativeCode> native = port::GetNativeCode(status);
  if (!native.has_value()) return std::nullopt;
  return NativeErrorInfo{native->domain, native->code, native->operation};
}

std::optional<ExitStatus> ExitStatusOf(const absl::Status& status) {
  const absl::optional<absl::Cord> bytes = status.GetPayload(kExitStatusUrl);
  if (!bytes.has_value()) return std::nullopt;
  const std::string text(*bytes);
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits('\n', 3));
  int kind = 0;
  int code = 0;
  if (parts.size() != 4 || !absl::SimpleAtoi(parts[0], &kind) ||
      !absl::SimpleAtoi(parts[1], &code)) {
    return std::nullopt;
  }
  switch (static_cast<ExitStatus::Kind>(kind)) {
    case ExitStatus::Kind::kExited:
      return ExitStatus::Exited(code);
    case ExitStatus::Kind::kSignalled:
      return ExitStatus::Signalled(-code);
    case ExitStatus::Kind::kThrew:
      return ExitStatus::Threw(parts[2], parts[3]);
  }
  return std::nullopt;
}

void internal::SetExitStatus(const ExitStatus& exit_status, absl::Status& status) {
  status.SetPayload(
      kExitStatusUrl,
      absl::Cord(absl::StrCat(static_cast<int>(exit_status.kind()), "\n", exit_status.code(), "\n",
                              exit_status.type(), "\n", exit_status.what())));
}

std::optional<RemoteError> RemoteErrorOf(const absl::Status& status) {
  const absl::optional<absl::Cord> bytes = status.GetPayload(kRemoteErrorUrl);
  if (!bytes.has_value()) return std::nullopt;
  const std::string text(*bytes);
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits('\n', 3));
  RemoteError error;
  if (parts.size() != 4 || !absl::SimpleAtoi(parts[0], &error.pid)) return std::nullopt;
  error.process = parts[1];
  error.type = parts[2];
  error.what = parts[3];
  return error;
}

absl::Status internal::ToStatus(const RemoteError& error) {
  absl::Status status = absl::UnknownError(absl::StrCat(error.type, ": ", error.what));
  status.SetPayload(kRemoteErrorUrl, absl::Cord(absl::StrCat(error.pid, "\n", error.process, "\n",
                                                             error.type, "\n", error.what)));
  return status;
}

}  // namespace isoproc
