// The stream that a child receives at birth.
#ifndef ISOPROC_WIN32_BOOTSTRAP_H_
#define ISOPROC_WIN32_BOOTSTRAP_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/port/stream.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {

// What the child is told of `pipe`, a handle that it inherits under the same number, and of its
// job.
std::string BootstrapToken(HANDLE pipe, const std::string& job_name);

// See Port::AdoptBootstrap.
absl::StatusOr<std::unique_ptr<Stream>> AdoptBootstrap(std::string_view token,
                                                       absl::Span<const std::byte> expected);
// See Port::FindBootstrap.
std::optional<std::string> FindBootstrap(absl::Span<const std::byte> expected);

// The name of the job that this process leads; null unless AdoptBootstrap has succeeded.
const std::string* OwnJobName();

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_BOOTSTRAP_H_
