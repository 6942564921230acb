#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/port/port.h"
#include "win32/process_table.h"
#include "win32/syscalls.h"
#include "win32/tests/support.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

// Refuses to open any process, as the system does with those of other users.
HANDLE WINAPI RefuseToOpen(DWORD, BOOL, DWORD) {
  ::SetLastError(ERROR_ACCESS_DENIED);
  return nullptr;
}

TEST(LivenessTest, IdsThatNobodyHas) {
  const uint64_t birth = HostPort().Self()->birth;
  for (const int64_t pid :
       {int64_t{0}, int64_t{-1}, int64_t{0x7FFFFFFC}, int64_t{0xFFFFFFFF}, int64_t{1} << 40}) {
    EXPECT_FALSE(*HostPort().IsAlive({pid, birth})) << pid;
    EXPECT_TRUE(Dies({pid, birth})) << pid;
  }
  EXPECT_FALSE(*HostPort().IsAlive({}));
}

TEST(LivenessTest, ProcessesThatMayNotBeOpened) {
  const ProcessIdentity self = *HostPort().Self();
  ProcessIdentity earlier = self;
  earlier.birth -= 1;
  const Syscalls saved = sys;
  sys.open_process = &RefuseToOpen;
  const absl::StatusOr<bool> self_alive = HostPort().IsAlive(self);
  const absl::StatusOr<bool> earlier_alive = HostPort().IsAlive(earlier);
  const absl::StatusOr<bool> nobody_alive = HostPort().IsAlive({0x7FFFFFFC, self.birth});
  const absl::Status watch = HostPort().WatchDeath(self).status();
  const absl::Status watch_earlier = HostPort().WatchDeath(earlier).status();
  sys = saved;
  ASSERT_TRUE(self_alive.ok()) << self_alive.status();
  EXPECT_TRUE(*self_alive);
  ASSERT_TRUE(earlier_alive.ok()) << earlier_alive.status();
  EXPECT_FALSE(*earlier_alive);
  ASSERT_TRUE(nobody_alive.ok()) << nobody_alive.status();
  EXPECT_FALSE(*nobody_alive);
  EXPECT_EQ(watch.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(watch_earlier.ok()) << watch_earlier;
}

TEST(LivenessTest, TheProcessTableKnowsTheSameBirth) {
  const ProcessIdentity self = *HostPort().Self();
  const absl::StatusOr<std::optional<uint64_t>> birth =
      BirthOfAnyProcess(static_cast<uint32_t>(self.pid));
  ASSERT_TRUE(birth.ok()) << birth.status();
  ASSERT_TRUE(birth->has_value());
  EXPECT_EQ(**birth, self.birth);
}

TEST(LivenessTest, LeavesNoHandles) {
  const ProcessIdentity self = *HostPort().Self();
  ExpectNoHandleLeak([&] {
    EXPECT_TRUE(*HostPort().IsAlive(self));
    EXPECT_FALSE(*HostPort().IsAlive({self.pid, self.birth - 1}));
    EXPECT_TRUE(HostPort().WatchDeath(self).ok());
  });
}

}  // namespace
}  // namespace isoproc::port::win32
