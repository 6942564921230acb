#include "isoproc/codec.h"

#include <exception>
#include <new>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "isoproc/internal/archive.h"

namespace isoproc::internal {
namespace {

class BadBytes : public std::exception {
 public:
  explicit BadBytes(const char* reason) : reason_(reason) {}
  const char* what() const noexcept override { return reason_; }

 private:
  const char* reason_;
};

class StatusException : public std::exception {
 public:
  explicit StatusException(absl::Status status) : status_(std::move(status)) {}
  const absl::Status& status() const { return status_; }

 private:
  absl::Status status_;
};

// What `body` throws, as a status whose message begins with `context`.
absl::Status Guard(absl::FunctionRef<void()> body, absl::StatusCode code, const char* context) {
  try {
    body();
    return absl::OkStatus();
  } catch (const StatusException& exception) {
    return exception.status();
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(absl::StrCat(context, ": out of memory"));
  } catch (const std::exception& error) {
    return absl::Status(code, absl::StrCat(context, ": ", error.what()));
  } catch (...) {
    return absl::Status(code, absl::StrCat(context, ": a serialisation hook threw"));
  }
}

}  // namespace

absl::Status GuardEncode(absl::FunctionRef<void()> body) {
  return Guard(body, absl::StatusCode::kInvalidArgument, "cannot encode a value");
}

absl::Status GuardDecode(absl::FunctionRef<void()> body) {
  return Guard(body, absl::StatusCode::kDataLoss, "not a valid value");
}

void ThrowBadBytes(const char* reason) { throw BadBytes(reason); }
void ThrowStatus(absl::Status status) { throw StatusException(std::move(status)); }

}  // namespace isoproc::internal
