#include <cstring>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/port/port.h"
#include "win32/tests/support.h"
#include "win32/text.h"
#include "win32/unique_handle.h"
#include "win32/wait.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

TEST(ParkerTest, AWakeIsNotLostIfAnotherWakerDiedBeforeItsSecondHalf) {
  ParkerCell cell = {};
  absl::StatusOr<std::unique_ptr<Parker>> parker = HostPort().CreateParker(cell);
  ASSERT_TRUE(parker.ok()) << parker.status();
  const std::string name = "Local\\isoproc-parker-" + std::string(cell.address);
  const UniqueHandle event(::OpenEventW(SYNCHRONIZE, FALSE, Widen(name)->c_str()));
  ASSERT_TRUE(event);
  cell.token = 1;  // and dead
  ASSERT_FALSE(IsSignalled(event.get()));
  HostPort().Unpark(cell);
  // The owner, who may have been asleep all the time, is woken. (This look takes the signal.)
  EXPECT_TRUE(IsSignalled(event.get()));
}

TEST(ParkerTest, GarbageInTheCellIsHarmless) {
  ExpectNoHandleLeak([] {
    ParkerCell cell = {};
    HostPort().Unpark(cell);
    for (const char fill : {'a', '/', '\\', '\xFF', ' '}) {
      std::memset(cell.address, fill, sizeof(cell.address));  // no NUL at its end
      HostPort().Unpark(cell);
      cell.address[32] = '\0';  // as long as a name
      HostPort().Unpark(cell);
    }
  });
}

TEST(ParkerTest, ParkersLeaveNoHandles) {
  ExpectNoHandleLeak([] {
    ParkerCell cell = {};
    absl::StatusOr<std::unique_ptr<Parker>> parker = HostPort().CreateParker(cell);
    ASSERT_TRUE(parker.ok()) << parker.status();
    HostPort().Unpark(cell);
    parker->reset();
    HostPort().Unpark(cell);
  });
}

}  // namespace
}  // namespace isoproc::port::win32
