// Every system call of the life of a child fails once, with each error that it can have: the status
// is as documented, nothing is left, nobody hangs.
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/port/port.h"
#include "posix/tests/fault_table.h"
#include "posix/tests/support.h"

namespace isoproc::port::posix {
namespace {

bool Documented(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kPermissionDenied:
      return true;
    default:
      return false;
  }
}

// Runs `body` with the n-th call failing, for n = 1, 2, ... until no fault fires.
void ForEachFault(const std::function<void(int error)>& body) {
  for (const int error : {EINTR, EAGAIN, EMFILE, ENOMEM}) {
    int n = 0;
    bool fired = true;
    while (fired) {
      SCOPED_TRACE(std::string(strerror(error)) + " at call " + std::to_string(++n));
      const std::set<int> before = OpenDescriptors();
      {
        FaultTable faults(n, error);
        body(error);
        fired = faults.fired();
        SCOPED_TRACE(faults.victim());
      }
      EXPECT_TRUE(NoChildLeft());
      EXPECT_EQ(OpenDescriptors(), before);
      ASSERT_LT(n, 200);
      if (testing::Test::HasFailure()) return;
    }
    EXPECT_GT(n, error == EINTR ? 1 : 3);
  }
}

// Whatever went wrong: it can be waited for afterwards.
void EndAndReap(ChildProcess& child) {
  for (int i = 0; i < 3; ++i) {
    (void)child.KillTree(9);  // its family too: a call that failed has left it alive
    if (child.Wait(Soon()).ok()) return;
  }
  ADD_FAILURE() << "the child cannot be reaped";
}

TEST(FaultTest, SpawnKillWait) {
  ForEachFault([](int error) {
    SpawnRequest request = ChildRequest({"family"});
    request.standard_streams[1].kind = StandardStream::Kind::kNull;
    request.environment.emplace() = {{"A", "B"}};
    auto pair = HostPort().CreateStreamPair();
    EXPECT_TRUE(Documented(ToStatus(pair))) << pair.status();
    if (!pair.ok()) return;
    request.bootstrap = pair->second.get();
    auto child = HostPort().Spawn(request);
    EXPECT_TRUE(Documented(ToStatus(child))) << child.status();
    if (error == EINTR) {
      EXPECT_OK(child);
    }
    if (!child.ok()) {
      EXPECT_TRUE(NoChildLeft());
      return;
    }
    const absl::Status killed = (*child)->KillTree(15);
    EXPECT_TRUE(Documented(killed)) << killed;
    if (error == EINTR) {
      EXPECT_OK(killed);
    }
    if (killed.ok()) {
      auto end = (*child)->Wait(Soon());
      EXPECT_TRUE(Documented(ToStatus(end))) << end.status();
      if (end.ok()) {
        EXPECT_EQ(*end, (Termination{Termination::Kind::kSignalled, 15}));
      }
    }
    EndAndReap(**child);
  });
}

TEST(FaultTest, SpawnOfNothing) {
  ForEachFault([](int) {
    SpawnRequest request = ChildRequest({"exit", "0"});
    request.program += ".missing";
    auto child = HostPort().Spawn(request);
    EXPECT_FALSE(child.ok());
    EXPECT_TRUE(Documented(ToStatus(child))) << child.status();
  });
}

TEST(FaultTest, NoticeAndWait) {
  ForEachFault([](int error) {
    auto child = HostPort().Spawn(ChildRequest({"exit", "3"}));
    if (!child.ok()) return;
    Waitable* const notice = &(*child)->notice();
    const auto ready = HostPort().WaitAny(absl::MakeConstSpan(&notice, 1), Soon());
    EXPECT_TRUE(Documented(ToStatus(ready))) << ready.status();
    if (error == EINTR) {
      EXPECT_OK(ready);
    }
    auto end = (*child)->Wait(Soon());
    EXPECT_TRUE(Documented(ToStatus(end))) << end.status();
    if (!end.ok()) end = (*child)->Wait(Soon());
    ASSERT_OK(end);
    EXPECT_EQ(*end, (Termination{Termination::Kind::kExited, 3}));
  });
}

TEST(FaultTest, Streams) {
  ForEachFault([](int error) {
    auto pair = HostPort().CreateStreamPair();
    if (!pair.ok()) return;
    std::byte byte{'x'};
    const auto sent = pair->first->Write(absl::MakeConstSpan(&byte, 1), Soon());
    EXPECT_TRUE(Documented(ToStatus(sent))) << sent.status();
    // A call that would block is tried again.
    if (error == EINTR || error == EAGAIN) {
      EXPECT_OK(sent);
    }
    if (!sent.ok()) return;
    const auto got = pair->second->Read(absl::MakeSpan(&byte, 1), Soon());
    EXPECT_TRUE(Documented(ToStatus(got))) << got.status();
    if (!got.ok()) return;
    const absl::Status handed = pair->first->SendHandle(HandleOf(Fd(::dup(0))), {}, Soon());
    EXPECT_TRUE(Documented(handed)) << handed;
    if (!handed.ok()) return;
    const auto handle = pair->second->ReceiveHandle(Soon());
    EXPECT_TRUE(Documented(ToStatus(handle)) || absl::IsAborted(handle.status()))
        << handle.status();
  });
}

TEST(FaultTest, Segments) {
  ForEachFault([](int error) {
    auto segment = HostPort().CreateSegment(5000);
    EXPECT_TRUE(Documented(ToStatus(segment))) << segment.status();
    if (error == EINTR) {
      EXPECT_OK(segment);
    }
    if (!segment.ok()) return;
    auto handle = (*segment)->Share();
    EXPECT_TRUE(Documented(ToStatus(handle))) << handle.status();
    if (!handle.ok()) return;
    // A fault may make it look like another kind of object.
    auto mapped = HostPort().MapSegment(*std::move(handle));
    if (error == EINTR) {
      EXPECT_OK(mapped);
    }
    if (mapped.ok()) {
      EXPECT_EQ((*mapped)->data().size(), 5000U);
    }
  });
}

TEST(FaultTest, NamedSegments) {
  const std::string name = "fault" + std::to_string(HostPort().ProcessId());
  ForEachFault([&](int error) {
    auto made = HostPort().CreateNamedSegment(name, 5000);
    EXPECT_TRUE(Documented(ToStatus(made))) << made.status();
    if (error == EINTR) {
      EXPECT_OK(made);
    }
    if (!made.ok()) return;
    auto opened = HostPort().OpenNamedSegment(name, SegmentAccess::kReadOnly);
    EXPECT_TRUE(Documented(ToStatus(opened))) << opened.status();
    if (error == EINTR) {
      EXPECT_OK(opened);
    }
    const absl::Status unlinked = HostPort().UnlinkSegment(name);
    EXPECT_TRUE(Documented(unlinked)) << unlinked;
    if (error == EINTR) {
      EXPECT_OK(unlinked);
    }
  });
  EXPECT_CODE(HostPort().OpenNamedSegment(name, SegmentAccess::kReadOnly), kNotFound);
}

TEST(FaultTest, CloseIsCalledOnceWhateverItSays) {
  const ScopedSyscalls restored;
  static std::atomic<int> closed;
  closed = 0;
  sys.close = [](int fd) {
    ++closed;
    ::close(fd);
    errno = EINTR;
    return -1;
  };
  { auto pair = HostPort().CreateStreamPair(); }
  EXPECT_EQ(closed, 2);
}

}  // namespace
}  // namespace isoproc::port::posix
