#include "platform/testing/fault_port.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/port/port.h"
#include "platform/testing/port_wrapper.h"

namespace isoproc::port {
namespace {

class FaultStream : public StreamWrapper {
 public:
  FaultStream(FaultPlan& plan, std::unique_ptr<Stream> real)
      : StreamWrapper(std::move(real)), plan_(plan) {}

  absl::StatusOr<size_t> Read(absl::Span<std::byte> into, Deadline deadline) override {
    if (absl::Status fault = plan_.Enter("Stream::Read"); !fault.ok()) return fault;
    return StreamWrapper::Read(into, deadline);
  }
  absl::StatusOr<size_t> Write(absl::Span<const std::byte> bytes, Deadline deadline) override {
    if (absl::Status fault = plan_.Enter("Stream::Write"); !fault.ok()) return fault;
    return StreamWrapper::Write(bytes, deadline);
  }
  absl::Status SendHandle(const Handle& handle, const ProcessIdentity& receiver,
                          Deadline deadline) override {
    if (absl::Status fault = plan_.Enter("Stream::SendHandle"); !fault.ok()) return fault;
    return StreamWrapper::SendHandle(handle, receiver, deadline);
  }
  absl::StatusOr<Handle> ReceiveHandle(Deadline deadline) override {
    if (absl::Status fault = plan_.Enter("Stream::ReceiveHandle"); !fault.ok()) {
      // What the contract says of this failure: the handle is lost.
      if (absl::IsResourceExhausted(fault)) StreamWrapper::ReceiveHandle(deadline).IgnoreError();
      return fault;
    }
    return StreamWrapper::ReceiveHandle(deadline);
  }

 private:
  FaultPlan& plan_;
};

class FaultChildProcess : public ChildProcess {
 public:
  FaultChildProcess(FaultPlan& plan, std::unique_ptr<ChildProcess> real)
      : plan_(plan), real_(std::move(real)) {}

  int64_t pid() const override { return real_->pid(); }
  absl::StatusOr<Termination> Wait(Deadline deadline) override {
    if (absl::Status fault = plan_.Enter("ChildProcess::Wait"); !fault.ok()) return fault;
    return real_->Wait(deadline);
  }
  absl::Status Kill(int signal) override {
    if (absl::Status fault = plan_.Enter("ChildProcess::Kill"); !fault.ok()) return fault;
    return real_->Kill(signal);
  }
  absl::Status KillTree(int signal) override {
    if (absl::Status fault = plan_.Enter("ChildProcess::KillTree"); !fault.ok()) return fault;
    return real_->KillTree(signal);
  }
  Waitable& notice() override { return real_->notice(); }

 private:
  FaultPlan& plan_;
  const std::unique_ptr<ChildProcess> real_;
};

class FaultSegment : public Segment {
 public:
  FaultSegment(FaultPlan& plan, std::unique_ptr<Segment> real)
      : plan_(plan), real_(std::move(real)) {}

  absl::Span<std::byte> data() override { return real_->data(); }
  absl::Span<const std::byte> view() const override { return real_->view(); }
  absl::StatusOr<Handle> Share() const override {
    if (absl::Status fault = plan_.Enter("Segment::Share"); !fault.ok()) return fault;
    return real_->Share();
  }

 private:
  FaultPlan& plan_;
  const std::unique_ptr<Segment> real_;
};

class FaultParker : public Parker {
 public:
  FaultParker(FaultPlan& plan, std::unique_ptr<Parker> real)
      : plan_(plan), real_(std::move(real)) {}

  absl::Status Park(Deadline deadline) override {
    if (absl::Status fault = plan_.Enter("Parker::Park"); !fault.ok()) return fault;
    return real_->Park(deadline);
  }
  absl::StatusOr<Waitable*> Listen() override {
    if (absl::Status fault = plan_.Enter("Parker::Listen"); !fault.ok()) return fault;
    return real_->Listen();
  }

 private:
  FaultPlan& plan_;
  const std::unique_ptr<Parker> real_;
};

}  // namespace

void FaultPlan::FailCall(int n, absl::Status status, Repeat repeat, std::string only) {
  const std::lock_guard lock(mutex_);
  n_ = n;
  status_ = std::move(status);
  repeat_ = repeat;
  only_ = std::move(only);
  fault_.clear();
  calls_.clear();
}

void FaultPlan::FailNothing() { FailCall(0, absl::OkStatus()); }

bool FaultPlan::fired() const {
  const std::lock_guard lock(mutex_);
  return !fault_.empty();
}

std::string FaultPlan::fault() const {
  const std::lock_guard lock(mutex_);
  return fault_;
}

std::vector<std::string> FaultPlan::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

absl::Status FaultPlan::Enter(std::string_view call) {
  const std::lock_guard lock(mutex_);
  if (!only_.empty() && call != only_) return absl::OkStatus();
  calls_.emplace_back(call);
  const int count = static_cast<int>(calls_.size());
  if (n_ == 0 || count < n_ || (count > n_ && repeat_ == Repeat::kOnce)) return absl::OkStatus();
  if (fault_.empty()) fault_ = call;
  return status_;
}

std::unique_ptr<Stream> FaultPort::WrapStream(std::unique_ptr<Stream> real) {
  return std::make_unique<FaultStream>(*this, std::move(real));
}

absl::StatusOr<std::unique_ptr<ChildProcess>> FaultPort::Wrap(
    absl::StatusOr<std::unique_ptr<ChildProcess>> child) {
  if (!child.ok()) return child;
  return std::make_unique<FaultChildProcess>(*this, *std::move(child));
}

absl::StatusOr<std::unique_ptr<ChildProcess>> FaultPort::Spawn(const SpawnRequest& request) {
  if (absl::Status fault = Enter("Spawn"); !fault.ok()) return fault;
  return Wrap(PortWrapper::Spawn(request));
}

absl::StatusOr<std::unique_ptr<Stream>> FaultPort::AdoptBootstrap(
    std::string_view token, absl::Span<const std::byte> expected) {
  if (absl::Status fault = Enter("AdoptBootstrap"); !fault.ok()) return fault;
  return PortWrapper::AdoptBootstrap(token, expected);
}

absl::Status FaultPort::ServeForks(std::unique_ptr<Stream> server, const ForkedEntry& entry) {
  if (absl::Status fault = Enter("ServeForks"); !fault.ok()) return fault;
  return PortWrapper::ServeForks(std::move(server), entry);
}

absl::StatusOr<std::unique_ptr<ChildProcess>> FaultPort::SpawnFromServer(
    Stream& server, const SpawnRequest& request, Deadline deadline) {
  if (absl::Status fault = Enter("SpawnFromServer"); !fault.ok()) return fault;
  return Wrap(PortWrapper::SpawnFromServer(server, request, deadline));
}

absl::StatusOr<std::unique_ptr<ChildProcess>> FaultPort::Fork(const SpawnRequest& request,
                                                              int own_threads,
                                                              const ForkedEntry& entry) {
  if (absl::Status fault = Enter("Fork"); !fault.ok()) return fault;
  return Wrap(PortWrapper::Fork(request, own_threads, entry));
}

absl::StatusOr<StreamPair> FaultPort::CreateStreamPair() {
  if (absl::Status fault = Enter("CreateStreamPair"); !fault.ok()) return fault;
  return PortWrapper::CreateStreamPair();
}

absl::StatusOr<std::unique_ptr<Stream>> FaultPort::AdoptStream(Handle handle) {
  if (absl::Status fault = Enter("AdoptStream"); !fault.ok()) return fault;
  return PortWrapper::AdoptStream(std::move(handle));
}

absl::StatusOr<std::vector<size_t>> FaultPort::WaitAny(absl::Span<Waitable* const> objects,
                                                       Deadline deadline) {
  if (absl::Status fault = Enter("WaitAny"); !fault.ok()) return fault;
  return PortWrapper::WaitAny(objects, deadline);
}

absl::StatusOr<ProcessIdentity> FaultPort::Self() {
  if (absl::Status fault = Enter("Self"); !fault.ok()) return fault;
  return PortWrapper::Self();
}

absl::StatusOr<bool> FaultPort::IsAlive(const ProcessIdentity& process) {
  if (absl::Status fault = Enter("IsAlive"); !fault.ok()) return fault;
  return PortWrapper::IsAlive(process);
}

absl::StatusOr<std::unique_ptr<DeathNotice>> FaultPort::WatchDeath(const ProcessIdentity& process) {
  if (absl::Status fault = Enter("WatchDeath"); !fault.ok()) return fault;
  return PortWrapper::WatchDeath(process);
}

absl::StatusOr<std::unique_ptr<Segment>> FaultPort::Wrap(
    absl::StatusOr<std::unique_ptr<Segment>> segment) {
  if (!segment.ok()) return segment;
  return std::make_unique<FaultSegment>(*this, *std::move(segment));
}

absl::StatusOr<std::unique_ptr<Segment>> FaultPort::CreateSegment(uint64_t size) {
  if (absl::Status fault = Enter("CreateSegment"); !fault.ok()) return fault;
  return Wrap(PortWrapper::CreateSegment(size));
}

absl::StatusOr<std::unique_ptr<Segment>> FaultPort::MapSegment(Handle handle) {
  if (absl::Status fault = Enter("MapSegment"); !fault.ok()) return fault;
  return Wrap(PortWrapper::MapSegment(std::move(handle)));
}

absl::StatusOr<std::unique_ptr<Segment>> FaultPort::CreateNamedSegment(const std::string& name,
                                                                       uint64_t size) {
  if (absl::Status fault = Enter("CreateNamedSegment"); !fault.ok()) return fault;
  return Wrap(PortWrapper::CreateNamedSegment(name, size));
}

absl::StatusOr<std::unique_ptr<Segment>> FaultPort::OpenNamedSegment(const std::string& name,
                                                                     SegmentAccess access) {
  if (absl::Status fault = Enter("OpenNamedSegment"); !fault.ok()) return fault;
  return Wrap(PortWrapper::OpenNamedSegment(name, access));
}

absl::Status FaultPort::UnlinkSegment(const std::string& name) {
  if (absl::Status fault = Enter("UnlinkSegment"); !fault.ok()) return fault;
  return PortWrapper::UnlinkSegment(name);
}

absl::StatusOr<std::unique_ptr<Parker>> FaultPort::CreateParker(ParkerCell& cell) {
  if (absl::Status fault = Enter("CreateParker"); !fault.ok()) return fault;
  absl::StatusOr<std::unique_ptr<Parker>> parker = PortWrapper::CreateParker(cell);
  if (!parker.ok()) return parker;
  return std::make_unique<FaultParker>(*this, *std::move(parker));
}

absl::Status FaultPort::StartThread(std::function<void()> body) {
  if (absl::Status fault = Enter("StartThread"); !fault.ok()) return fault;
  return PortWrapper::StartThread(std::move(body));
}

absl::StatusOr<std::string> FaultPort::ProgramPath(std::string_view argv0) {
  if (absl::Status fault = Enter("ProgramPath"); !fault.ok()) return fault;
  return PortWrapper::ProgramPath(argv0);
}

absl::StatusOr<std::string> FaultPort::FileIdentity(const std::string& path) {
  if (absl::Status fault = Enter("FileIdentity"); !fault.ok()) return fault;
  return PortWrapper::FileIdentity(path);
}

}  // namespace isoproc::port
