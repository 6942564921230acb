#include "platform/base/native_error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace isoproc::port {
namespace {

// absl::string_view is not std::string_view in every Abseil that is supported.
absl::string_view Abseil(std::string_view text) { return {text.data(), text.size()}; }

constexpr char kPayloadUrl[] = "isoproc/native_error";
constexpr char kSeparator = '\n';

}  // namespace

absl::Status MakeNativeError(absl::StatusCode code, std::string_view domain, int64_t native,
                             std::string_view operation, std::string_view text) {
  absl::Status status(code, absl::StrCat(Abseil(operation), ": ", Abseil(text), " (",
                                         Abseil(domain), " ", native, ")"));
  status.SetPayload(
      kPayloadUrl, absl::Cord(absl::StrCat(Abseil(domain), "\n", native, "\n", Abseil(operation))));
  return status;
}

std::optional<NativeCode> GetNativeCode(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kPayloadUrl);
  if (!payload.has_value()) return std::nullopt;
  const std::string text(*payload);
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits(kSeparator, 2));
  NativeCode native;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[1], &native.code)) return std::nullopt;
  native.domain = parts[0];
  native.operation = parts[2];
  return native;
}

absl::Status Annotate(const absl::Status& status, std::string_view context) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(), absl::StrCat(Abseil(context), ": ", status.message()));
  status.ForEachPayload([&annotated](absl::string_view url, const absl::Cord& payload) {
    annotated.SetPayload(url, payload);
  });
  return annotated;
}

}  // namespace isoproc::port
