// A port that hands on to another one: to be derived from, where one operation is to be different.
#ifndef ISOPROC_PLATFORM_TESTING_PORT_WRAPPER_H_
#define ISOPROC_PLATFORM_TESTING_PORT_WRAPPER_H_

#include <cstddef>
#include <cstdint>
#include <cstdlib>
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
#include "platform/port/port.h"

namespace isoproc::port {

// A stream that hands on to another one.
class StreamWrapper : public Stream {
 public:
  explicit StreamWrapper(std::unique_ptr<Stream> real) : real_(std::move(real)) {}

  absl::StatusOr<size_t> Read(absl::Span<std::byte> into, Deadline deadline) override {
    return real_->Read(into, deadline);
  }
  absl::StatusOr<size_t> Write(absl::Span<const std::byte> bytes, Deadline deadline) override {
    return real_->Write(bytes, deadline);
  }
  absl::Status SendHandle(const Handle& handle, const ProcessIdentity& receiver,
                          Deadline deadline) override {
    return real_->SendHandle(handle, receiver, deadline);
  }
  absl::StatusOr<Handle> ReceiveHandle(Deadline deadline) override {
    return real_->ReceiveHandle(deadline);
  }
  void Interrupt() override { real_->Interrupt(); }
  Handle Detach() override { return real_->Detach(); }
  int64_t native() const override { return real_->native(); }

  Stream& real() { return *real_; }
  std::unique_ptr<Stream> TakeReal() { return std::move(real_); }

 private:
  std::unique_ptr<Stream> real_;
};

// `real` outlives the wrapper, which outlives what it hands out. Streams go through WrapStream; a
// real port never sees a wrapped one.
class PortWrapper : public Port {
 public:
  explicit PortWrapper(Port& real) : real_(real) {}

  const Capabilities& capabilities() const override { return real_.capabilities(); }
  absl::StatusOr<std::unique_ptr<ChildProcess>> Spawn(const SpawnRequest& request) override {
    return real_.Spawn(Unwrap(request));
  }
  absl::StatusOr<std::unique_ptr<Stream>> AdoptBootstrap(
      std::string_view token, absl::Span<const std::byte> expected) override {
    return Wrap(real_.AdoptBootstrap(token, expected));
  }
  std::optional<std::string> FindBootstrap(absl::Span<const std::byte> expected) override {
    return real_.FindBootstrap(expected);
  }
  [[noreturn]] void EndFamily() override {
    real_.EndFamily();
    std::abort();  // the compiler does not know which function was called
  }
  [[noreturn]] void ExitNow(int code) override {
    real_.ExitNow(code);
    std::abort();
  }
  void PrepareChild() override { real_.PrepareChild(); }
  absl::Status ServeForks(std::unique_ptr<Stream> server, const ForkedEntry& entry) override {
    if (auto* wrapped = dynamic_cast<StreamWrapper*>(server.get())) {
      return real_.ServeForks(wrapped->TakeReal(), entry);
    }
    return real_.ServeForks(std::move(server), entry);
  }
  absl::StatusOr<std::unique_ptr<ChildProcess>> SpawnFromServer(Stream& server,
                                                                const SpawnRequest& request,
                                                                Deadline deadline) override {
    return real_.SpawnFromServer(*Unwrap(&server), Unwrap(request), deadline);
  }
  absl::StatusOr<std::unique_ptr<ChildProcess>> Fork(const SpawnRequest& request, int own_threads,
                                                     const ForkedEntry& entry) override {
    return real_.Fork(Unwrap(request), own_threads, entry);
  }
  absl::StatusOr<StreamPair> CreateStreamPair() override {
    absl::StatusOr<StreamPair> pair = real_.CreateStreamPair();
    if (!pair.ok()) return pair;
    return StreamPair{WrapStream(std::move(pair->first)), WrapStream(std::move(pair->second))};
  }
  absl::StatusOr<std::unique_ptr<Stream>> AdoptStream(Handle handle) override {
    return Wrap(real_.AdoptStream(std::move(handle)));
  }
  absl::StatusOr<std::vector<size_t>> WaitAny(absl::Span<Waitable* const> objects,
                                              Deadline deadline) override {
    std::vector<Waitable*> real;
    real.reserve(objects.size());
    for (Waitable* object : objects) real.push_back(Unwrap(object));
    return real_.WaitAny(real, deadline);
  }
  absl::StatusOr<ProcessIdentity> Self() override { return real_.Self(); }
  absl::StatusOr<bool> IsAlive(const ProcessIdentity& process) override {
    return real_.IsAlive(process);
  }
  absl::StatusOr<std::unique_ptr<DeathNotice>> WatchDeath(const ProcessIdentity& process) override {
    return real_.WatchDeath(process);
  }
  void RunInForkedCopies(void (*forget)()) override { real_.RunInForkedCopies(forget); }
  absl::StatusOr<std::unique_ptr<Segment>> CreateSegment(uint64_t size) override {
    return real_.CreateSegment(size);
  }
  absl::StatusOr<std::unique_ptr<Segment>> MapSegment(Handle handle) override {
    return real_.MapSegment(std::move(handle));
  }
  absl::StatusOr<std::unique_ptr<Segment>> CreateNamedSegment(const std::string& name,
                                                              uint64_t size) override {
    return real_.CreateNamedSegment(name, size);
  }
  absl::StatusOr<std::unique_ptr<Segment>> OpenNamedSegment(const std::string& name,
                                                            SegmentAccess access) override {
    return real_.OpenNamedSegment(name, access);
  }
  absl::Status UnlinkSegment(const std::string& name) override { return real_.UnlinkSegment(name); }
  absl::StatusOr<std::unique_ptr<Parker>> CreateParker(ParkerCell& cell) override {
    return real_.CreateParker(cell);
  }
  void Unpark(ParkerCell& cell) override { real_.Unpark(cell); }
  absl::Duration Now() override { return real_.Now(); }
  void RandomBytes(absl::Span<std::byte> into) override { real_.RandomBytes(into); }
  int CpuCount() override { return real_.CpuCount(); }
  int UsableCpuCount() override { return real_.UsableCpuCount(); }
  int64_t ProcessId() override { return real_.ProcessId(); }
  absl::Status StartThread(std::function<void()> body) override {
    return real_.StartThread(std::move(body));
  }
  std::vector<std::string> ProgramArguments(int argc, char** argv) override {
    return real_.ProgramArguments(argc, argv);
  }
  absl::StatusOr<std::string> ProgramPath(std::string_view argv0) override {
    return real_.ProgramPath(argv0);
  }
  absl::StatusOr<std::string> FileIdentity(const std::string& path) override {
    return real_.FileIdentity(path);
  }

 protected:
  // Override to hand out another class of stream, derived from StreamWrapper.
  virtual std::unique_ptr<Stream> WrapStream(std::unique_ptr<Stream> real) { return real; }

  Port& real() { return real_; }

 private:
  // For a Stream or a Waitable, of which only streams are wrapped.
  template <class Object>
  static Object* Unwrap(Object* object) {
    auto* wrapped = dynamic_cast<StreamWrapper*>(object);
    return wrapped == nullptr ? object : &wrapped->real();
  }
  static SpawnRequest Unwrap(const SpawnRequest& request) {
    SpawnRequest real = request;
    real.bootstrap = Unwrap(request.bootstrap);
    return real;
  }
  absl::StatusOr<std::unique_ptr<Stream>> Wrap(absl::StatusOr<std::unique_ptr<Stream>> stream) {
    if (!stream.ok()) return stream;
    return WrapStream(*std::move(stream));
  }

  Port& real_;
};

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_TESTING_PORT_WRAPPER_H_
