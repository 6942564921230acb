// GoogleMock versions of the port's classes: for one error in one place, usually as StrictMock.
#ifndef ISOPROC_PLATFORM_TESTING_MOCK_PORT_H_
#define ISOPROC_PLATFORM_TESTING_MOCK_PORT_H_

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "platform/port/port.h"

namespace isoproc::port {

class MockStream : public Stream {
 public:
  MOCK_METHOD(absl::StatusOr<size_t>, Read, (absl::Span<std::byte> into, Deadline deadline),
              (override));
  MOCK_METHOD(absl::StatusOr<size_t>, Write, (absl::Span<const std::byte> bytes, Deadline deadline),
              (override));
  MOCK_METHOD(absl::Status, SendHandle,
              (const Handle& handle, const ProcessIdentity& receiver, Deadline deadline),
              (override));
  MOCK_METHOD(absl::StatusOr<Handle>, ReceiveHandle, (Deadline deadline), (override));
  MOCK_METHOD(void, Interrupt, (), (override));
  MOCK_METHOD(Handle, Detach, (), (override));
  MOCK_METHOD(int64_t, native, (), (const, override));
};

class MockChildProcess : public ChildProcess {
 public:
  MOCK_METHOD(int64_t, pid, (), (const, override));
  MOCK_METHOD(absl::StatusOr<Termination>, Wait, (Deadline deadline), (override));
  MOCK_METHOD(absl::Status, Kill, (int signal), (override));
  MOCK_METHOD(absl::Status, KillTree, (int signal), (override));
  MOCK_METHOD(Waitable&, notice, (), (override));
};

class MockSegment : public Segment {
 public:
  MOCK_METHOD(absl::Span<std::byte>, data, (), (override));
  MOCK_METHOD(absl::Span<const std::byte>, view, (), (const, override));
  MOCK_METHOD(absl::StatusOr<Handle>, Share, (), (const, override));
};

class MockParker : public Parker {
 public:
  MOCK_METHOD(absl::Status, Park, (Deadline deadline), (override));
  MOCK_METHOD(absl::StatusOr<Waitable*>, Listen, (), (override));
};

class MockPort : public Port {
 public:
  MOCK_METHOD(const Capabilities&, capabilities, (), (const, override));
  MOCK_METHOD(absl::StatusOr<std::unique_ptr<ChildProcess>>, Spawn, (const SpawnRequest& request),
              (override));
  MOCK_METHOD(absl::StatusOr<std::unique_ptr<Stream>>, AdoptBootstrap,
              (std::string_view token, absl::Span<const std::byte> expected), (override));
  MOCK_METHOD(std::optional<std::string>, FindBootstrap, (absl::Span<const std::byte> expected),
              (override));
  MOCK_METHOD(void, PrepareChild, (), (override));
  MOCK_METHOD(absl::Status, ServeForks, (std::unique_ptr<Stream> server, const ForkedEntry& entry),
              (override));
  MOCK_METHOD(absl::StatusOr<std::unique_ptr<ChildProcess>>, SpawnFromServer,
              (Stream & server, const SpawnRequest& request, Deadline deadline), (override));
  MOCK_METHOD(absl::StatusOr<std::unique_ptr<ChildProcess>>, Fork,
              (const SpawnRequest& request, int own_threads, const ForkedEntry& entry), (override));
  MOCK_METHOD(absl::StatusOr<StreamPair>, CreateStreamPair, (), (override));
  MOCK_METHOD(absl::StatusOr<std::unique_ptr<Stream>>, AdoptStream, (Handle handle), (override));
  MOCK_METHOD(absl::StatusOr<std::vector<size_t>>, WaitAny,
              (absl::Span<Waitable* const> objects, Deadline deadline), (override));
  MOCK_METHOD(absl::StatusOr<ProcessIdentity>, Self, (), (override));
  MOCK_METHOD(absl::StatusOr<bool>, IsAlive, (const ProcessIdentity& process), (override));
  MOCK_METHOD(absl::StatusOr<std::unique_ptr<DeathNotice>>, WatchDeath,
              (const ProcessIdentity& process), (override));
  MOCK_METHOD(void, RunInForkedCopies, (void (*forget)()), (override));
  MOCK_METHOD(absl::StatusOr<std::unique_ptr<Segment>>, CreateSegment, (uint64_t size), (override));
  MOCK_METHOD(absl::StatusOr<std::unique_ptr<Segment>>, MapSegment, (Handle handle), (override));
  MOCK_METHOD(absl::StatusOr<std::unique_ptr<Segment>>, CreateNamedSegment,
              (const std::string& name, uint64_t size), (override));
  MOCK_METHOD(absl::StatusOr<std::unique_ptr<Segment>>, OpenNamedSegment,
              (const std::string& name, SegmentAccess access), (override));
  MOCK_METHOD(absl::Status, UnlinkSegment, (const std::string& name), (override));
  MOCK_METHOD(absl::StatusOr<std::unique_ptr<Parker>>, CreateParker, (ParkerCell & cell),
              (override));
  MOCK_METHOD(void, Unpark, (ParkerCell & cell), (override));
  MOCK_METHOD(absl::Duration, Now, (), (override));
  MOCK_METHOD(void, RandomBytes, (absl::Span<std::byte> into), (override));
  MOCK_METHOD(int, CpuCount, (), (override));
  MOCK_METHOD(int, UsableCpuCount, (), (override));
  MOCK_METHOD(int64_t, ProcessId, (), (override));
  MOCK_METHOD(absl::Status, StartThread, (std::function<void()> body), (override));
  MOCK_METHOD(std::vector<std::string>, ProgramArguments, (int argc, char** argv), (override));
  MOCK_METHOD(absl::StatusOr<std::string>, ProgramPath, (std::string_view argv0), (override));
  MOCK_METHOD(absl::StatusOr<std::string>, FileIdentity, (const std::string& path), (override));

  // A mock function returns, these do not.
  [[noreturn]] void EndFamily() override { std::abort(); }
  [[noreturn]] void ExitNow(int /*code*/) override { std::abort(); }
};

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_TESTING_MOCK_PORT_H_
