// The fault port over a mock: what it counts, what it fails, and that the rest reaches the real
// port.
#include "platform/testing/fault_port.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/port/port.h"
#include "platform/testing/mock_port.h"

namespace isoproc::port {
namespace {

using testing::_;
using testing::ElementsAre;
using testing::NiceMock;
using testing::Return;
using testing::StrictMock;

const Deadline kNow = Deadline::At(absl::ZeroDuration());

absl::Status Injected() { return absl::ResourceExhaustedError("injected"); }

std::unique_ptr<MockStream> WorkingStream() {
  auto stream = std::make_unique<NiceMock<MockStream>>();
  ON_CALL(*stream, Read).WillByDefault(Return(size_t{1}));
  ON_CALL(*stream, Write).WillByDefault(Return(size_t{1}));
  return stream;
}

StreamPair MockPair() { return {WorkingStream(), WorkingStream()}; }

TEST(FaultPort, FailsExactlyTheCallThatWasAskedFor) {
  NiceMock<MockPort> real;
  ON_CALL(real, Self).WillByDefault(Return(ProcessIdentity{7, 8}));
  FaultPort port(real);
  port.FailCall(2, Injected());
  EXPECT_TRUE(port.Self().ok());
  EXPECT_FALSE(port.fired());
  EXPECT_EQ(port.Self().status(), Injected());
  EXPECT_TRUE(port.fired());
  EXPECT_EQ(port.fault(), "Self");
  EXPECT_TRUE(port.Self().ok());
  EXPECT_THAT(port.calls(), ElementsAre("Self", "Self", "Self"));
}

TEST(FaultPort, FailsFromThenOn) {
  NiceMock<MockPort> real;
  ON_CALL(real, Self).WillByDefault(Return(ProcessIdentity{7, 8}));
  FaultPort port(real);
  port.FailCall(2, Injected(), FaultPlan::Repeat::kFromThenOn);
  EXPECT_TRUE(port.Self().ok());
  EXPECT_FALSE(port.Self().ok());
  EXPECT_FALSE(port.Self().ok());
  port.FailNothing();
  EXPECT_TRUE(port.Self().ok());
  EXPECT_FALSE(port.fired());
}

TEST(FaultPort, AFailedCallNeverReachesTheRealPort) {
  StrictMock<MockPort> real;
  FaultPort port(real);
  ParkerCell cell{};
  for (const auto& call : std::vector<std::function<absl::Status()>>{
           [&] { return port.Spawn({}).status(); },
           [&] { return port.AdoptBootstrap("", {}).status(); },
           [&] { return port.ServeForks(nullptr, {}); },
           [&] {
             NiceMock<MockStream> server;
             return port.SpawnFromServer(server, {}, kNow).status();
           },
           [&] { return port.Fork({}, 0, {}).status(); },
           [&] { return port.CreateStreamPair().status(); },
           [&] { return port.AdoptStream({}).status(); },
           [&] { return port.WaitAny({}, kNow).status(); },
           [&] { return port.Self().status(); },
           [&] { return port.IsAlive({}).status(); },
           [&] { return port.WatchDeath({}).status(); },
           [&] { return port.CreateSegment(1).status(); },
           [&] { return port.MapSegment({}).status(); },
           [&] { return port.CreateNamedSegment("", 1).status(); },
           [&] { return port.OpenNamedSegment("", SegmentAccess::kReadOnly).status(); },
           [&] { return port.UnlinkSegment(""); },
           [&] { return port.CreateParker(cell).status(); },
           [&] { return port.StartThread({}); },
           [&] { return port.ProgramPath("").status(); },
           [&] { return port.FileIdentity("").status(); },
       }) {
    port.FailCall(1, Injected());
    EXPECT_EQ(call(), Injected()) << port.fault();
    EXPECT_TRUE(port.fired());
  }
}

TEST(FaultPort, CallsOfWhatItHandedOutCountToo) {
  NiceMock<MockPort> real;
  ON_CALL(real, CreateStreamPair).WillByDefault([] { return MockPair(); });
  ON_CALL(real, Spawn).WillByDefault([](const SpawnRequest&) {
    auto child = std::make_unique<NiceMock<MockChildProcess>>();
    ON_CALL(*child, Wait).WillByDefault(Return(Termination{}));
    return child;
  });
  ON_CALL(real, CreateSegment).WillByDefault([](uint64_t) {
    auto segment = std::make_unique<NiceMock<MockSegment>>();
    ON_CALL(*segment, Share).WillByDefault([] { return Handle(); });
    return segment;
  });
  ON_CALL(real, CreateParker).WillByDefault([](ParkerCell&) {
    return std::make_unique<NiceMock<MockParker>>();
  });
  FaultPort port(real);

  auto operation = [&port]() -> absl::Status {
    auto streams = port.CreateStreamPair();
    if (!streams.ok()) return streams.status();
    std::byte byte{};
    if (auto done = streams->first->Read({&byte, 1}, kNow); !done.ok()) return done.status();
    if (auto done = streams->second->Write({&byte, 1}, kNow); !done.ok()) return done.status();
    auto child = port.Spawn({});
    if (!child.ok()) return child.status();
    if (auto done = (*child)->Kill(9); !done.ok()) return done;
    if (auto done = (*child)->KillTree(9); !done.ok()) return done;
    if (auto done = (*child)->Wait(kNow); !done.ok()) return done.status();
    auto segment = port.CreateSegment(1);
    if (!segment.ok()) return segment.status();
    if (auto done = (*segment)->Share(); !done.ok()) return done.status();
    ParkerCell cell{};
    auto parker = port.CreateParker(cell);
    if (!parker.ok()) return parker.status();
    return (*parker)->Park(kNow);
  };

  std::vector<std::string> failed;
  for (int n = 1;; ++n) {
    port.FailCall(n, Injected());
    const absl::Status status = operation();
    if (!port.fired()) {
      EXPECT_TRUE(status.ok()) << status;
      break;
    }
    EXPECT_EQ(status, Injected());
    failed.push_back(port.fault());
  }
  EXPECT_THAT(failed,
              ElementsAre("CreateStreamPair", "Stream::Read", "Stream::Write", "Spawn",
                          "ChildProcess::Kill", "ChildProcess::KillTree", "ChildProcess::Wait",
                          "CreateSegment", "Segment::Share", "CreateParker", "Parker::Park"));
}

TEST(FaultPort, CountsOnlyTheNamedCalls) {
  NiceMock<MockPort> real;
  ON_CALL(real, Self).WillByDefault(Return(ProcessIdentity{7, 8}));
  ON_CALL(real, IsAlive).WillByDefault(Return(true));
  FaultPort port(real);
  port.FailCall(2, Injected(), FaultPlan::Repeat::kOnce, "IsAlive");
  EXPECT_TRUE(port.Self().ok());
  EXPECT_TRUE(port.IsAlive({}).ok());
  EXPECT_TRUE(port.Self().ok());
  EXPECT_FALSE(port.IsAlive({}).ok());
  EXPECT_THAT(port.calls(), ElementsAre("IsAlive", "IsAlive"));
}

TEST(FaultPort, TheRealPortSeesItsOwnObjects) {
  NiceMock<MockPort> real;
  StreamPair pair = MockPair();
  Stream* const first = pair.first.get();
  ON_CALL(real, CreateStreamPair).WillByDefault([&pair] { return std::move(pair); });
  FaultPort port(real);
  StreamPair wrapped = *port.CreateStreamPair();
  DeathNotice notice;

  EXPECT_CALL(real, WaitAny(ElementsAre(first, &notice), _))
      .WillOnce(Return(std::vector<size_t>{0}));
  EXPECT_TRUE(port.WaitAny(std::vector<Waitable*>{wrapped.first.get(), &notice}, kNow).ok());

  EXPECT_CALL(real, Spawn(testing::Field(&SpawnRequest::bootstrap, first)))
      .WillOnce(Return(absl::NotFoundError("no such program")));
  SpawnRequest request;
  request.bootstrap = wrapped.first.get();
  EXPECT_EQ(port.Spawn(request).status().code(), absl::StatusCode::kNotFound);

  EXPECT_CALL(real, ServeForks(testing::Pointer(first), _)).WillOnce(Return(absl::OkStatus()));
  EXPECT_TRUE(port.ServeForks(std::move(wrapped.first), {}).ok());
}

TEST(FaultPort, AHandleGivenToAFailedCallIsClosed) {
  StrictMock<MockPort> real;
  FaultPort port(real);
  static int closed;
  closed = 0;
  port.FailCall(1, Injected());
  EXPECT_FALSE(port.MapSegment(Handle(1, [](int64_t) { ++closed; })).ok());
  EXPECT_EQ(closed, 1);
}

}  // namespace
}  // namespace isoproc::port
