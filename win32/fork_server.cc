#include "win32/fork_server.h"

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/port/process.h"
#include "platform/port/stream.h"

namespace isoproc::port::win32 {
namespace {

absl::Status NoFork() { return absl::UnimplementedError("Windows cannot fork"); }

}  // namespace

absl::Status ServeForks(std::unique_ptr<Stream> /*server*/, const ForkedEntry& /*entry*/) {
  return NoFork();
}

absl::StatusOr<std::unique_ptr<ChildProcess>> SpawnFromServer(Stream& /*server*/,
                                                              const SpawnRequest& /*request*/) {
  return NoFork();
}

absl::StatusOr<std::unique_ptr<ChildProcess>> Fork(const SpawnRequest& /*request*/,
                                                   int /*own_threads*/,
                                                   const ForkedEntry& /*entry*/) {
  return NoFork();
}

}  // namespace isoproc::port::win32
