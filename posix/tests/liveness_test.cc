#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/port/port.h"
#include "posix/tests/support.h"

namespace isoproc::port::posix {
namespace {

Deadline Over() { return Deadline::After(HostPort().Now(), absl::ZeroDuration()); }

// A copy of this process that tells who it is, and then runs `body`.
class Copy {
 public:
  explicit Copy(void (*body)()) {
    Pipe pipe = MakePipe();
    pid_ = ::fork();
    if (pid_ == 0) {
      auto self = HostPort().Self();
      if (!self.ok()) ::_exit(1);
      (void)!::write(pipe.write.get(), &*self, sizeof(*self));
      pipe.write.reset();
      body();
      ::_exit(0);
    }
    pipe.write.reset();
    EXPECT_EQ(::read(pipe.read.get(), &identity_, sizeof(identity_)),
              static_cast<ssize_t>(sizeof(identity_)));
  }
  ~Copy() {
    Kill();
    Reap();
  }
  const ProcessIdentity& identity() const { return identity_; }
  void Kill() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
  }
  // Waits for the end but leaves the zombie.
  void AwaitZombie() {
    siginfo_t info;
    EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT), 0);
  }
  void Reap() {
    int status;
    if (pid_ > 0) ::waitpid(pid_, &status, 0);
    pid_ = -1;
  }

 private:
  pid_t pid_;
  ProcessIdentity identity_;
};

void Sleep() {
  while (true) ::pause();
}

bool Alive(const ProcessIdentity& process) {
  auto alive = HostPort().IsAlive(process);
  EXPECT_OK(alive);
  return alive.ok() && *alive;
}

TEST(LivenessTest, SelfIsStableAndAlive) {
  auto self = HostPort().Self();
  ASSERT_OK(self);
  EXPECT_EQ(self->pid, ::getpid());
  EXPECT_EQ(HostPort().Self().value(), *self);
  EXPECT_TRUE(Alive(*self));
}

TEST(LivenessTest, WhoeverHadThisIdBeforeIsDead) {
  ProcessIdentity earlier = HostPort().Self().value();
  earlier.birth -= 1;
  EXPECT_FALSE(Alive(earlier));
}

TEST(LivenessTest, ACopyIsAnotherProcess) {
  const ProcessIdentity self = HostPort().Self().value();
  Copy copy(Sleep);
  EXPECT_FALSE(copy.identity() == self);
  EXPECT_NE(copy.identity().birth, 0U);
  EXPECT_TRUE(Alive(copy.identity()));
  EXPECT_TRUE(Alive(self));
  EXPECT_TRUE(InForkedCopy([&] { return Alive(self); }));
}

TEST(LivenessTest, AZombieIsDead) {
  Copy copy(Sleep);
  copy.Kill();
  copy.AwaitZombie();
  EXPECT_FALSE(Alive(copy.identity()));
  copy.Reap();
  EXPECT_FALSE(Alive(copy.identity()));
}

TEST(LivenessTest, NoticeComesWithTheDeath) {
  Copy copy(Sleep);
  auto notice = HostPort().WatchDeath(copy.identity());
  ASSERT_OK(notice);
  Waitable* const object = notice->get();
  EXPECT_CODE(HostPort().WaitAny(absl::MakeConstSpan(&object, 1), Over()), kDeadlineExceeded);
  copy.Kill();
  EXPECT_OK(HostPort().WaitAny(absl::MakeConstSpan(&object, 1), Soon()));
  copy.Reap();
  EXPECT_OK(HostPort().WaitAny(absl::MakeConstSpan(&object, 1), Over()));
  notice = HostPort().WatchDeath(copy.identity());
  ASSERT_OK(notice);
  Waitable* const late = notice->get();
  EXPECT_OK(HostPort().WaitAny(absl::MakeConstSpan(&late, 1), Over()));
}

TEST(LivenessTest, TheSameIdIsNotTheSameProcess) {
  Copy copy(Sleep);
  ProcessIdentity earlier = copy.identity();
  earlier.birth -= 1;
  EXPECT_FALSE(Alive(earlier));
  auto notice = HostPort().WatchDeath(earlier);
  ASSERT_OK(notice);
  Waitable* const object = notice->get();
  EXPECT_OK(HostPort().WaitAny(absl::MakeConstSpan(&object, 1), Over()));
}

TEST(LivenessTest, NonsenseIsDead) {
  for (const int64_t pid : {int64_t{0}, int64_t{-1}, int64_t{1} << 40}) {
    EXPECT_FALSE(Alive({.pid = pid, .birth = 1}));
    auto notice = HostPort().WatchDeath({.pid = pid, .birth = 1});
    ASSERT_OK(notice);
    Waitable* const object = notice->get();
    EXPECT_OK(HostPort().WaitAny(absl::MakeConstSpan(&object, 1), Over()));
  }
}

TEST(LivenessTest, AliveWhileAnyThreadIs) {
  Pipe pipe = MakePipe();
  SpawnRequest request = ChildRequest({"thread-only"});
  request.standard_streams[1] = {StandardStream::Kind::kHandle, "", pipe.write.get()};
  auto child = HostPort().Spawn(request);
  ASSERT_OK(child);
  ProcessIdentity identity;
  ASSERT_EQ(::read(pipe.read.get(), &identity, sizeof(identity)),
            static_cast<ssize_t>(sizeof(identity)));
  // However far the first thread has come.
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(Alive(identity));
    ::poll(nullptr, 0, 1);
  }
  auto notice = HostPort().WatchDeath(identity);
  ASSERT_OK(notice);
  Waitable* const object = notice->get();
  EXPECT_CODE(HostPort().WaitAny(absl::MakeConstSpan(&object, 1), Over()), kDeadlineExceeded);
  EXPECT_OK((*child)->Kill(9));
  EXPECT_OK(HostPort().WaitAny(absl::MakeConstSpan(&object, 1), Soon()));
  EXPECT_FALSE(Alive(identity));
  EXPECT_OK((*child)->Wait(Soon()));
}

}  // namespace
}  // namespace isoproc::port::posix
