#include "platform/port/port.h"

#include <pthread.h>
#include <unistd.h>

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
#include "posix/fork_server.h"
#include "posix/memory.h"
#include "posix/named_memory.h"
#include "posix/os.h"
#include "posix/process.h"
#include "posix/stream.h"
#include "posix/system.h"
#include "posix/thread.h"
#include "posix/wait.h"

namespace isoproc::port {
namespace {

class PosixPort final : public Port {
 public:
  const Capabilities& capabilities() const override { return capabilities_; }

  absl::StatusOr<std::unique_ptr<ChildProcess>> Spawn(const SpawnRequest& request) override {
    return posix::Spawn(request);
  }
  absl::StatusOr<std::unique_ptr<Stream>> AdoptBootstrap(
      std::string_view token, absl::Span<const std::byte> expected) override {
    return posix::AdoptBootstrap(token, expected);
  }
  std::optional<std::string> FindBootstrap(absl::Span<const std::byte> expected) override {
    return posix::FindBootstrap(expected);
  }
  [[noreturn]] void EndFamily() override { posix::EndFamily(); }
  [[noreturn]] void ExitNow(int code) override { ::_exit(code); }
  // A crash ends a process here without anybody's help, and whether it leaves a core file is the
  // user's to say.
  void PrepareChild() override { posix::os::RestoreProcessName(); }

  absl::Status ServeForks(std::unique_ptr<Stream> server, const ForkedEntry& entry) override {
    return posix::ServeForks(std::move(server), entry);
  }
  absl::StatusOr<std::unique_ptr<ChildProcess>> SpawnFromServer(Stream& server,
                                                                const SpawnRequest& request,
                                                                Deadline deadline) override {
    return posix::SpawnFromServer(server, request, deadline);
  }
  absl::StatusOr<std::unique_ptr<ChildProcess>> Fork(const SpawnRequest& request, int own_threads,
                                                     const ForkedEntry& entry) override {
    if (!capabilities_.fork) return absl::UnimplementedError("this port cannot count its threads");
    return posix::Fork(request, own_threads, entry);
  }

  absl::StatusOr<StreamPair> CreateStreamPair() override { return posix::CreateStreamPair(); }
  absl::StatusOr<std::unique_ptr<Stream>> AdoptStream(Handle handle) override {
    return posix::AdoptStream(std::move(handle));
  }
  absl::StatusOr<std::vector<size_t>> WaitAny(absl::Span<Waitable* const> objects,
                                              Deadline deadline) override {
    return posix::WaitAny(objects, deadline);
  }

  absl::StatusOr<ProcessIdentity> Self() override { return posix::os::Self(); }
  absl::StatusOr<bool> IsAlive(const ProcessIdentity& process) override {
    return posix::os::IsAlive(process);
  }
  absl::StatusOr<std::unique_ptr<DeathNotice>> WatchDeath(const ProcessIdentity& process) override {
    return posix::os::WatchDeath(process);
  }
  // The system never runs out of such registrations before it runs out of memory.
  void RunInForkedCopies(void (*forget)()) override {
    (void)::pthread_atfork(nullptr, nullptr, forget);
  }

  absl::StatusOr<std::unique_ptr<Segment>> CreateSegment(uint64_t size) override {
    return posix::CreateSegment(size);
  }
  absl::StatusOr<std::unique_ptr<Segment>> MapSegment(Handle handle) override {
    return posix::MapSegment(std::move(handle));
  }
  absl::StatusOr<std::unique_ptr<Segment>> CreateNamedSegment(const std::string& name,
                                                              uint64_t size) override {
    return posix::CreateNamedSegment(name, size);
  }
  absl::StatusOr<std::unique_ptr<Segment>> OpenNamedSegment(const std::string& name,
                                                            SegmentAccess access) override {
    return posix::OpenNamedSegment(name, access);
  }
  absl::Status UnlinkSegment(const std::string& name) override {
    return posix::UnlinkNamedMemory(name);
  }

  absl::StatusOr<std::unique_ptr<Parker>> CreateParker(ParkerCell& cell) override {
    return posix::os::CreateParker(cell);
  }
  void Unpark(ParkerCell& cell) override { posix::os::Unpark(cell); }

  absl::Duration Now() override { return posix::Now(); }
  void RandomBytes(absl::Span<std::byte> into) override { posix::RandomBytes(into); }
  int CpuCount() override { return posix::CpuCount(); }
  int UsableCpuCount() override { return posix::UsableCpuCount(); }
  int64_t ProcessId() override { return posix::ProcessId(); }
  absl::Status StartThread(std::function<void()> body) override {
    return posix::StartThread(std::move(body));
  }
  std::vector<std::string> ProgramArguments(int argc, char** argv) override {
    return std::vector<std::string>(argv, argv + argc);
  }
  absl::StatusOr<std::string> ProgramPath(std::string_view argv0) override {
    return posix::os::ProgramPath(argv0);
  }
  absl::StatusOr<std::string> FileIdentity(const std::string& path) override {
    return posix::FileIdentity(path);
  }

 private:
  const Capabilities capabilities_ = posix::os::DeclaredCapabilities();
};

}  // namespace

Port& HostPort() {
  static Port* const port = new PosixPort;
  return *port;
}

void RelaxProcessor() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ __volatile__("yield");
#endif
}

}  // namespace isoproc::port
