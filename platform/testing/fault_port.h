// A port that hands on to another one, and fails the n-th call.
//
//   for (int n = 1;; ++n) {
//     fault_port.FailCall(n, absl::ResourceExhaustedError("injected"));
//     ... the operation under test; its failure is as documented, nothing is leaked ...
//     if (!fault_port.fired()) break;  // there were fewer than n calls: every path was visited
//   }
#ifndef ISOPROC_PLATFORM_TESTING_FAULT_PORT_H_
#define ISOPROC_PLATFORM_TESTING_FAULT_PORT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/port/port.h"
#include "platform/testing/port_wrapper.h"

namespace isoproc::port {

// Decides which call fails. Calls are the functions that can fail, of the port and of the streams,
// children, segments and parkers that it handed out; each has a name such as "Spawn" or
// "Stream::Read". Functions that cannot fail (Now, Unpark, pid …) are not counted.
// Thread safety: all functions from any thread; with several threads, which of them makes the n-th
// call is theirs to decide.
class FaultPlan {
 public:
  enum class Repeat { kOnce, kFromThenOn };

  // Begins to count anew: the `n`-th call (1 is the next one) fails with `status`, an error, and
  // does nothing. With `only`, only calls of that name are counted; empty counts all.
  void FailCall(int n, absl::Status status, Repeat repeat = Repeat::kOnce, std::string only = "");
  // Begins to count anew; nothing fails.
  void FailNothing();

  // Whether a call has failed since the last FailCall.
  bool fired() const;
  // The name of the first call that failed; empty if none has.
  std::string fault() const;
  // The names of the counted calls since FailCall or FailNothing, in order.
  std::vector<std::string> calls() const;

  // For the wrappers: counts a call, and returns the error that it must fail with, or OK.
  absl::Status Enter(std::string_view call);

 private:
  mutable std::mutex mutex_;
  int n_ = 0;  // 0: nothing fails
  Repeat repeat_ = Repeat::kOnce;
  absl::Status status_;
  std::string only_;
  std::string fault_;
  std::vector<std::string> calls_;
};

// Wraps `real`, which must outlive it; so must it outlive what it hands out. What EndFamily, Fork
// and the server of ServeForks run in other processes is out of its reach there.
class FaultPort : public PortWrapper, public FaultPlan {
 public:
  using PortWrapper::PortWrapper;

  absl::StatusOr<std::unique_ptr<ChildProcess>> Spawn(const SpawnRequest& request) override;
  absl::StatusOr<std::unique_ptr<Stream>> AdoptBootstrap(
      std::string_view token, absl::Span<const std::byte> expected) override;
  absl::Status ServeForks(std::unique_ptr<Stream> server, const ForkedEntry& entry) override;
  absl::StatusOr<std::unique_ptr<ChildProcess>> SpawnFromServer(Stream& server,
                                                                const SpawnRequest& request,
                                                                Deadline deadline) override;
  absl::StatusOr<std::unique_ptr<ChildProcess>> Fork(const SpawnRequest& request, int own_threads,
                                                     const ForkedEntry& entry) override;
  absl::StatusOr<StreamPair> CreateStreamPair() override;
  absl::StatusOr<std::unique_ptr<Stream>> AdoptStream(Handle handle) override;
  absl::StatusOr<std::vector<size_t>> WaitAny(absl::Span<Waitable* const> objects,
                                              Deadline deadline) override;
  absl::StatusOr<ProcessIdentity> Self() override;
  absl::StatusOr<bool> IsAlive(const ProcessIdentity& process) override;
  absl::StatusOr<std::unique_ptr<DeathNotice>> WatchDeath(const ProcessIdentity& process) override;
  absl::StatusOr<std::unique_ptr<Segment>> CreateSegment(uint64_t size) override;
  absl::StatusOr<std::unique_ptr<Segment>> MapSegment(Handle handle) override;
  absl::StatusOr<std::unique_ptr<Segment>> CreateNamedSegment(const std::string& name,
                                                              uint64_t size) override;
  absl::StatusOr<std::unique_ptr<Segment>> OpenNamedSegment(const std::string& name,
                                                            SegmentAccess access) override;
  absl::Status UnlinkSegment(const std::string& name) override;
  absl::StatusOr<std::unique_ptr<Parker>> CreateParker(ParkerCell& cell) override;
  absl::Status StartThread(std::function<void()> body) override;
  absl::StatusOr<std::string> ProgramPath(std::string_view argv0) override;
  absl::StatusOr<std::string> FileIdentity(const std::string& path) override;

 protected:
  std::unique_ptr<Stream> WrapStream(std::unique_ptr<Stream> real) override;

 private:
  absl::StatusOr<std::unique_ptr<ChildProcess>> Wrap(
      absl::StatusOr<std::unique_ptr<ChildProcess>> child);
  absl::StatusOr<std::unique_ptr<Segment>> Wrap(absl::StatusOr<std::unique_ptr<Segment>> segment);
};

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_TESTING_FAULT_PORT_H_
