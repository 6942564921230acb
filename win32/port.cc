#include "platform/port/port.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/base/deadline.h"
#include "platform/port/capabilities.h"
#include "win32/bootstrap.h"
#include "win32/child.h"
#include "win32/liveness.h"
#include "win32/memory.h"
#include "win32/process.h"
#include "win32/stream.h"
#include "win32/sync.h"
#include "win32/system.h"
#include "win32/thread.h"
#include "win32/wait.h"
#include "win32/windows_api.h"

namespace isoproc::port {
namespace {

class Win32Port final : public Port {
 public:
  const Capabilities& capabilities() const override { return capabilities_; }

  absl::StatusOr<std::unique_ptr<ChildProcess>> Spawn(const SpawnRequest& request) override {
    return win32::Spawn(request);
  }
  absl::StatusOr<std::unique_ptr<Stream>> AdoptBootstrap(
      std::string_view token, absl::Span<const std::byte> expected) override {
    return win32::AdoptBootstrap(token, expected);
  }
  std::optional<std::string> FindBootstrap(absl::Span<const std::byte> expected) override {
    return win32::FindBootstrap(expected);
  }
  [[noreturn]] void EndFamily() override { win32::EndFamily(); }
  [[noreturn]] void ExitNow(int code) override { win32::ExitNow(code); }
  void PrepareChild() override { win32::PrepareChild(); }

  absl::Status ServeForks(std::unique_ptr<Stream>, const ForkedEntry&) override { return NoFork(); }
  absl::StatusOr<std::unique_ptr<ChildProcess>> SpawnFromServer(Stream&, const SpawnRequest&,
                                                                Deadline) override {
    return NoFork();
  }
  absl::StatusOr<std::unique_ptr<ChildProcess>> Fork(const SpawnRequest&, int,
                                                     const ForkedEntry&) override {
    return NoFork();
  }

  absl::StatusOr<StreamPair> CreateStreamPair() override { return win32::CreateStreamPair(); }
  absl::StatusOr<std::unique_ptr<Stream>> AdoptStream(Handle handle) override {
    return win32::AdoptStream(std::move(handle));
  }
  absl::StatusOr<std::vector<size_t>> WaitAny(absl::Span<Waitable* const> objects,
                                              Deadline deadline) override {
    return win32::WaitAny(objects, deadline);
  }

  absl::StatusOr<ProcessIdentity> Self() override { return win32::Self(); }
  absl::StatusOr<bool> IsAlive(const ProcessIdentity& process) override {
    return win32::IsAlive(process);
  }
  absl::StatusOr<std::unique_ptr<DeathNotice>> WatchDeath(const ProcessIdentity& process) override {
    return win32::WatchDeath(process);
  }
  void RunInForkedCopies(void (*)()) override {}  // there are none

  absl::StatusOr<std::unique_ptr<Segment>> CreateSegment(uint64_t size) override {
    return win32::CreateSegment(size);
  }
  absl::StatusOr<std::unique_ptr<Segment>> MapSegment(Handle handle) override {
    return win32::MapSegment(std::move(handle));
  }
  absl::StatusOr<std::unique_ptr<Segment>> CreateNamedSegment(const std::string& name,
                                                              uint64_t size) override {
    return win32::CreateNamedSegment(name, size);
  }
  absl::StatusOr<std::unique_ptr<Segment>> OpenNamedSegment(const std::string& name,
                                                            SegmentAccess access) override {
    return win32::OpenNamedSegment(name, access);
  }
  absl::Status UnlinkSegment(const std::string& name) override {
    return win32::UnlinkSegment(name);
  }

  absl::StatusOr<std::unique_ptr<Parker>> CreateParker(ParkerCell& cell) override {
    return win32::CreateParker(cell);
  }
  void Unpark(ParkerCell& cell) override { win32::Unpark(cell); }

  absl::Duration Now() override { return win32::Now(); }
  void RandomBytes(absl::Span<std::byte> into) override { win32::RandomBytes(into); }
  int CpuCount() override { return win32::CpuCount(); }
  int UsableCpuCount() override { return win32::UsableCpuCount(); }
  int64_t ProcessId() override { return ::GetCurrentProcessId(); }
  absl::Status StartThread(std::function<void()> body) override {
    return win32::StartThread(std::move(body));
  }
  std::vector<std::string> ProgramArguments(int argc, char** argv) override {
    return win32::ProgramArguments(argc, argv);
  }
  absl::StatusOr<std::string> ProgramPath(std::string_view /*argv0*/) override {
    return win32::ProgramPath();
  }
  absl::StatusOr<std::string> FileIdentity(const std::string& path) override {
    return win32::FileIdentity(path);
  }

 private:
  static absl::Status NoFork() { return absl::UnimplementedError("Windows cannot fork"); }

  const Capabilities capabilities_ = {
      .profile = "win32", .processes = true, .kernel_identity = true};
};

}  // namespace

Port& HostPort() {
  static Port* const port = new Win32Port;
  return *port;
}

void RelaxProcessor() { YieldProcessor(); }

}  // namespace isoproc::port
