#include "isoproc/status.h"

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "isoproc/codec.h"
#include "isoproc/exit_status.h"
#include "platform/base/native_error.h"
#include "platform/core/exit_status_payload.h"

namespace isoproc {
namespace {

constexpr char kExitStatusUrl[] = "isoproc/exit_status";

struct ExitStatusPayload {
  ExitStatus::Kind kind;
  int code;
  std::string type;
  std::string what;
};

}  // namespace

std::optional<NativeErrorInfo> NativeError(const absl::Status& status) {
  std::optional<port::NativeCode> native = port::GetNativeCode(status);
  if (!native.has_value()) return std::nullopt;
  return NativeErrorInfo{native->domain, native->code, native->operation};
}

std::optional<ExitStatus> ExitStatusOf(const absl::Status& status) {
  const absl::optional<absl::Cord> bytes = status.GetPayload(kExitStatusUrl);
  if (!bytes.has_value()) return std::nullopt;
  const absl::StatusOr<ExitStatusPayload> payload = Decode<ExitStatusPayload>(std::string(*bytes));
  if (!payload.ok()) return std::nullopt;
  switch (payload->kind) {
    case ExitStatus::Kind::kExited:
      return ExitStatus::Exited(payload->code);
    case ExitStatus::Kind::kSignalled:
      return ExitStatus::Signalled(-payload->code);
    case ExitStatus::Kind::kThrew:
      return ExitStatus::Threw(payload->type, payload->what);
  }
  return std::nullopt;
}

void internal::SetExitStatus(const ExitStatus& exit_status, absl::Status& status) {
  const absl::StatusOr<std::string> bytes = Encode(ExitStatusPayload{
      exit_status.kind(), exit_status.code(), exit_status.type(), exit_status.what()});
  if (bytes.ok()) status.SetPayload(kExitStatusUrl, absl::Cord(*bytes));
}

}  // namespace isoproc
