#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <new>
#include <thread>
#include <utility>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/port/port.h"
#include "posix/syscalls.h"
#include "posix/tests/support.h"

namespace isoproc::port::posix {
namespace {

Deadline Over() { return Deadline::After(HostPort().Now(), absl::ZeroDuration()); }

// Two cells in shared memory.
class SyncTest : public testing::Test {
 protected:
  void SetUp() override {
    auto segment = HostPort().CreateSegment(4096);
    ASSERT_OK(segment);
    segment_ = *std::move(segment);
    cells_ = reinterpret_cast<ParkerCell*>(segment_->data().data());
  }
  std::unique_ptr<Segment> segment_;
  ParkerCell* cells_ = nullptr;
};

TEST_F(SyncTest, ATokenIsTakenOnce) {
  auto parker = HostPort().CreateParker(cells_[0]);
  ASSERT_OK(parker);
  EXPECT_CODE((*parker)->Park(Over()), kDeadlineExceeded);
  HostPort().Unpark(cells_[0]);
  HostPort().Unpark(cells_[0]);
  EXPECT_OK((*parker)->Park(Over()));
  EXPECT_CODE((*parker)->Park(Over()), kDeadlineExceeded);
}

TEST_F(SyncTest, NeverEarly) {
  auto parker = HostPort().CreateParker(cells_[0]);
  ASSERT_OK(parker);
  for (const absl::Duration length : {absl::Microseconds(300), absl::Milliseconds(20)}) {
    const absl::Duration begin = HostPort().Now();
    EXPECT_CODE((*parker)->Park(Deadline::After(begin, length)), kDeadlineExceeded);
    EXPECT_GE(HostPort().Now() - begin, length);
  }
}

TEST_F(SyncTest, PingPongBetweenProcesses) {
  constexpr int kRounds = 2000;
  auto mine = HostPort().CreateParker(cells_[0]);
  ASSERT_OK(mine);
  std::atomic<int>& number = *new (segment_->data().data() + 1024) std::atomic<int>(0);
  EXPECT_TRUE(InForkedCopy([&] {
    const pid_t other = ::fork();
    if (other == 0) {
      auto theirs = HostPort().CreateParker(cells_[1]);
      if (!theirs.ok()) ::_exit(1);
      HostPort().Unpark(cells_[0]);  // the cell has an owner
      for (int i = 0; i < kRounds; ++i) {
        if (!(*theirs)->Park(Soon()).ok() || number.load() != 2 * i + 1) ::_exit(2);
        number.store(2 * i + 2);
        HostPort().Unpark(cells_[0]);
      }
      theirs->reset();
      ::_exit(0);
    }
    return true;
  }));
  ASSERT_OK((*mine)->Park(Soon()));
  for (int i = 0; i < kRounds; ++i) {
    ASSERT_EQ(number.load(), 2 * i);
    number.store(2 * i + 1);
    HostPort().Unpark(cells_[1]);
    ASSERT_OK((*mine)->Park(Soon()));
  }
}

TEST_F(SyncTest, ASleeperIsWokenByATokenThatADeadWakerLeft) {
  auto parker = HostPort().CreateParker(cells_[0]);
  ASSERT_OK(parker);
  std::thread sleeper([&] { EXPECT_OK((*parker)->Park(Soon())); });
  // What a waker does that dies before it rings, at any moment of the sleeper; then another one
  // comes.
  cells_[0].token.store(1);
  HostPort().Unpark(cells_[0]);
  sleeper.join();
}

TEST_F(SyncTest, AnythingMayBeInACell) {
  HostPort().Unpark(cells_[0]);
  EXPECT_EQ(cells_[0].token.load(), 0U);  // nobody's
  for (const char* address : {"x", "p/../../../etc/passwd", "p1.2", "F", "p"}) {
    std::memset(static_cast<void*>(cells_[0].address), 0, sizeof(cells_[0].address));
    std::memcpy(cells_[0].address, address, strlen(address));
    HostPort().Unpark(cells_[0]);
  }
  std::memset(static_cast<void*>(cells_[0].address), 'p', sizeof(cells_[0].address));
  HostPort().Unpark(cells_[0]);
}

TEST_F(SyncTest, ACellIsNobodysAfterItsParker) {
  auto parker = HostPort().CreateParker(cells_[0]);
  ASSERT_OK(parker);
  parker->reset();
  cells_[0].token.store(0);
  HostPort().Unpark(cells_[0]);
  EXPECT_EQ(cells_[0].token.load(), 0U);
  parker = HostPort().CreateParker(cells_[0]);
  ASSERT_OK(parker);
  HostPort().Unpark(cells_[0]);
  EXPECT_OK((*parker)->Park(Over()));
}

TEST_F(SyncTest, UnparkOfADeadOwnerDoesNothing) {
  EXPECT_TRUE(InForkedCopy([&] {
    auto parker = HostPort().CreateParker(cells_[0]);
    if (!parker.ok()) return false;
    (void)parker->release();  // dies with it
    return true;
  }));
  for (int i = 0; i < 1000; ++i) HostPort().Unpark(cells_[0]);
}

TEST_F(SyncTest, SignalsDoNotEndASleep) {
  // The handler and the sleeper tell what has happened: 's', a signal has come; 'w', it is awake.
  static int news = -1;
  const Pipe pipe = MakePipe();
  news = pipe.write.get();
  struct sigaction action = {};
  action.sa_handler = [](int) { (void)!::write(news, "s", 1); };  // without SA_RESTART
  struct sigaction old;
  ::sigaction(SIGUSR1, &action, &old);
  auto parker = HostPort().CreateParker(cells_[0]);
  ASSERT_OK(parker);
  std::thread sleeper([&] {
    EXPECT_OK((*parker)->Park(Soon()));
    (void)!::write(news, "w", 1);
  });
  char said = 's';
  // Most of the signals find it asleep, since it has nothing else to do after the one before.
  for (int i = 0; i < 100 && said == 's'; ++i) {
    ::pthread_kill(sleeper.native_handle(), SIGUSR1);
    EXPECT_EQ(RetryOnEintr([&] { return ::read(pipe.read.get(), &said, 1); }), 1);
  }
  EXPECT_EQ(said, 's') << "a signal has ended the sleep";
  HostPort().Unpark(cells_[0]);
  sleeper.join();
  ::sigaction(SIGUSR1, &old, nullptr);
}

}  // namespace
}  // namespace isoproc::port::posix
