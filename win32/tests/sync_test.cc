#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/deadline.h"
#include "platform/port/port.h"
#include "win32/tests/harness.h"
#include "win32/text.h"
#include "win32/unique_handle.h"
#include "win32/wait.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

struct SharedCells {
  ParkerCell parent;
  ParkerCell child;
  std::atomic<uint32_t> payload;
};

SharedCells* CellsOf(Segment& segment) {
  return reinterpret_cast<SharedCells*>(segment.data().data());
}

// Answers each wake with a wake, and what is in the memory with one more.
const ChildProgram kParkAndWake("park-and-wake", [](ChildContext& context) {
  absl::StatusOr<Handle> handle = context.stream->ReceiveHandle(Generous());
  if (!handle.ok()) return 1;
  absl::StatusOr<std::unique_ptr<Segment>> segment = HostPort().MapSegment(*std::move(handle));
  if (!segment.ok()) return 2;
  SharedCells* const cells = CellsOf(**segment);
  absl::StatusOr<std::unique_ptr<Parker>> parker = HostPort().CreateParker(cells->child);
  if (!parker.ok()) return 3;
  SendLine(*context.stream, "ready");
  const int rounds = std::atoi(context.arguments[0].c_str());
  for (int i = 0; i < rounds; ++i) {
    if (!(*parker)->Park(Generous()).ok()) return 4;
    cells->payload.store(cells->payload.load(std::memory_order_relaxed) + 1,
                         std::memory_order_relaxed);
    HostPort().Unpark(cells->parent);
  }
  return 0;
});

TEST(ParkerTest, TokenFirst) {
  ParkerCell cell = {};
  absl::StatusOr<std::unique_ptr<Parker>> parker = HostPort().CreateParker(cell);
  ASSERT_TRUE(parker.ok()) << parker.status();
  HostPort().Unpark(cell);
  HostPort().Unpark(cell);
  EXPECT_TRUE((*parker)->Park(Expired()).ok());
  EXPECT_EQ((*parker)->Park(Expired()).code(), absl::StatusCode::kDeadlineExceeded);
  HostPort().Unpark(cell);
  EXPECT_TRUE((*parker)->Park(Generous()).ok());
}

TEST(ParkerTest, TimesOutButNotEarly) {
  ParkerCell cell = {};
  absl::StatusOr<std::unique_ptr<Parker>> parker = HostPort().CreateParker(cell);
  ASSERT_TRUE(parker.ok()) << parker.status();
  const absl::Duration before = HostPort().Now();
  EXPECT_EQ((*parker)->Park(Deadline::After(before, absl::Milliseconds(30))).code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_GE(HostPort().Now() - before, absl::Milliseconds(30));
}

TEST(ParkerTest, WokenByAnotherThread) {
  ParkerCell cell = {};
  absl::StatusOr<std::unique_ptr<Parker>> parker = HostPort().CreateParker(cell);
  ASSERT_TRUE(parker.ok()) << parker.status();
  int written = 0;
  for (int i = 1; i <= 50; ++i) {
    std::thread waker([&] {
      written = i;
      HostPort().Unpark(cell);
    });
    EXPECT_TRUE((*parker)->Park(Generous()).ok());
    EXPECT_EQ(written, i);
    waker.join();
  }
}

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

TEST(ParkerTest, WokenByAnotherProcess) {
  absl::StatusOr<std::unique_ptr<Segment>> segment = HostPort().CreateSegment(sizeof(SharedCells));
  ASSERT_TRUE(segment.ok()) << segment.status();
  SharedCells* const cells = new ((*segment)->data().data()) SharedCells{};
  absl::StatusOr<std::unique_ptr<Parker>> parker = HostPort().CreateParker(cells->parent);
  ASSERT_TRUE(parker.ok()) << parker.status();
  constexpr uint32_t kRounds = 200;
  absl::StatusOr<StartedChild> child = Start(kParkAndWake, {std::to_string(kRounds)});
  ASSERT_TRUE(child.ok()) << child.status();
  const absl::StatusOr<Handle> handle = (*segment)->Share();
  ASSERT_TRUE(handle.ok()) << handle.status();
  ASSERT_TRUE(child->stream->SendHandle(*handle, child->process->pid(), Generous()).ok());
  ASSERT_EQ(ReceiveLine(*child->stream), "ready");
  for (uint32_t i = 1; i <= kRounds; ++i) {
    HostPort().Unpark(cells->child);
    ASSERT_TRUE((*parker)->Park(Generous()).ok());
    ASSERT_EQ(cells->payload.load(std::memory_order_relaxed), i);
  }
  EXPECT_EQ(child->process->Wait(Generous())->value, 0);
  HostPort().Unpark(cells->child);  // its owner is dead
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
