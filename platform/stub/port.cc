// A port that refuses everything: it compiles anywhere, and is copied to begin a new one. What the
// standard library can answer it answers; all else is Unimplemented until somebody writes it.
// platform/PORTING.md says in which order.
#include "platform/port/port.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/port/peak_memory.h"

namespace isoproc::port {
namespace {

absl::Status Refuse(const char* operation) {
  return absl::UnimplementedError(std::string(operation) + ": this port does not have it");
}

class StubPort : public Port {
 public:
  StubPort() { capabilities_.profile = "stub"; }

  const Capabilities& capabilities() const override { return capabilities_; }

  // ---- processes ----
  absl::StatusOr<std::unique_ptr<ChildProcess>> Spawn(const SpawnRequest&) override {
    return Refuse("Spawn");
  }
  absl::StatusOr<std::unique_ptr<Stream>> AdoptBootstrap(std::string_view,
                                                         absl::Span<const std::byte>) override {
    return Refuse("AdoptBootstrap");
  }
  std::optional<std::string> FindBootstrap(absl::Span<const std::byte>) override {
    return std::nullopt;
  }
  [[noreturn]] void EndFamily() override { std::_Exit(1); }
  [[noreturn]] void ExitNow(int code) override { std::_Exit(code); }
  void PrepareChild() override {}
  absl::Status ServeForks(std::unique_ptr<Stream>, const ForkedEntry&) override {
    return Refuse("ServeForks");
  }
  absl::StatusOr<std::unique_ptr<ChildProcess>> SpawnFromServer(Stream&, const SpawnRequest&,
                                                                Deadline) override {
    return Refuse("SpawnFromServer");
  }
  absl::StatusOr<std::unique_ptr<ChildProcess>> Fork(const SpawnRequest&, int,
                                                     const ForkedEntry&) override {
    return Refuse("Fork");
  }

  // ---- streams ----
  absl::StatusOr<StreamPair> CreateStreamPair() override { return Refuse("CreateStreamPair"); }
  absl::StatusOr<std::unique_ptr<Stream>> AdoptStream(Handle) override {
    return Refuse("AdoptStream");
  }
  absl::StatusOr<std::vector<size_t>> WaitAny(absl::Span<Waitable* const>, Deadline) override {
    return Refuse("WaitAny");
  }

  // ---- liveness ----
  absl::StatusOr<ProcessIdentity> Self() override { return Refuse("Self"); }
  absl::StatusOr<bool> IsAlive(const ProcessIdentity&) override { return Refuse("IsAlive"); }
  absl::StatusOr<std::unique_ptr<DeathNotice>> WatchDeath(const ProcessIdentity&) override {
    return Refuse("WatchDeath");
  }
  void RunInForkedCopies(void (*)()) override {}

  // ---- memory ----
  absl::StatusOr<std::unique_ptr<Segment>> CreateSegment(uint64_t) override {
    return Refuse("CreateSegment");
  }
  absl::StatusOr<std::unique_ptr<Segment>> MapSegment(Handle) override {
    return Refuse("MapSegment");
  }
  absl::StatusOr<std::unique_ptr<Segment>> CreateNamedSegment(const std::string&,
                                                              uint64_t) override {
    return Refuse("CreateNamedSegment");
  }
  absl::StatusOr<std::unique_ptr<Segment>> OpenNamedSegment(const std::string&,
                                                            SegmentAccess) override {
    return Refuse("OpenNamedSegment");
  }
  absl::Status UnlinkSegment(const std::string&) override { return Refuse("UnlinkSegment"); }

  // ---- park and unpark ----
  absl::StatusOr<std::unique_ptr<Parker>> CreateParker(ParkerCell&) override {
    return Refuse("CreateParker");
  }
  void Unpark(ParkerCell&) override {}

  // ---- the system ----
  absl::Duration Now() override {
    return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
  }
  void RandomBytes(absl::Span<std::byte> into) override {
    std::random_device source;
    std::uniform_int_distribution<unsigned> any_byte(0, 255);
    for (std::byte& byte : into) byte = static_cast<std::byte>(any_byte(source));
  }
  int CpuCount() override {
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  }
  int UsableCpuCount() override { return CpuCount(); }
  int64_t ProcessId() override { return 0; }
  absl::Status StartThread(std::function<void()>) override { return Refuse("StartThread"); }
  std::vector<std::string> ProgramArguments(int argc, char** argv) override {
    return std::vector<std::string>(argv, argv + argc);
  }
  absl::StatusOr<std::string> ProgramPath(std::string_view) override {
    return Refuse("ProgramPath");
  }
  absl::StatusOr<std::string> FileIdentity(const std::string&) override {
    return Refuse("FileIdentity");
  }

 private:
  Capabilities capabilities_;
};

}  // namespace

Port& HostPort() {
  static Port& port = *new StubPort;
  return port;
}

void RelaxProcessor() {}

absl::StatusOr<uint64_t> PeakMemory() { return absl::UnavailableError("this port does not tell"); }

}  // namespace isoproc::port
