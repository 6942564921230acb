// A port whose process dies before the n-th call of it: where pools, which share no memory with
// their workers, can be seen from outside to have done one thing and not yet the next.
#ifndef ISOPROC_PLATFORM_TESTING_MORTAL_PORT_H_
#define ISOPROC_PLATFORM_TESTING_MORTAL_PORT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/port/port.h"
#include "platform/testing/port_wrapper.h"

namespace isoproc::port {

// How the dead have ended.
inline constexpr int kExitCodeOfTheDead = 7;

class MortalPort : public PortWrapper {
 public:
  MortalPort() : PortWrapper(HostPort()) {}

  // From now on calls are counted, and the process dies before the `last`-th, after `last_words`:
  // of `thread`, or of all threads. A write is two calls, between which its first half is written;
  // so is the sending of a handle, which is sent then if there is room.
  void Arm(
      int64_t last, std::thread::id thread = {}, std::function<void()> last_words = [] {}) {
    thread_ = thread;
    last_words_ = std::move(last_words);
    calls_ = 0;
    last_ = last;
  }
  // As a call, for what else is to be counted.
  void Visit() { Reach(); }

  // The memory that was mapped last.
  absl::Span<std::byte> last_mapped() const { return last_mapped_; }

  absl::StatusOr<std::unique_ptr<ChildProcess>> Spawn(const SpawnRequest& request) override {
    Reach();
    return PortWrapper::Spawn(request);
  }
  absl::StatusOr<StreamPair> CreateStreamPair() override {
    Reach();
    return PortWrapper::CreateStreamPair();
  }
  absl::StatusOr<std::unique_ptr<Stream>> AdoptStream(Handle handle) override {
    Reach();
    return PortWrapper::AdoptStream(std::move(handle));
  }
  absl::StatusOr<std::vector<size_t>> WaitAny(absl::Span<Waitable* const> objects,
                                              Deadline deadline) override {
    Reach();
    return PortWrapper::WaitAny(objects, deadline);
  }
  absl::StatusOr<std::unique_ptr<Segment>> CreateSegment(uint64_t size) override {
    Reach();
    return PortWrapper::CreateSegment(size);
  }
  absl::StatusOr<std::unique_ptr<Segment>> MapSegment(Handle handle) override {
    Reach();
    absl::StatusOr<std::unique_ptr<Segment>> segment = PortWrapper::MapSegment(std::move(handle));
    if (segment.ok()) last_mapped_ = (*segment)->data();
    return segment;
  }
  absl::Status StartThread(std::function<void()> body) override {
    Reach();
    return PortWrapper::StartThread(std::move(body));
  }

 protected:
  std::unique_ptr<Stream> WrapStream(std::unique_ptr<Stream> real) override {
    return std::make_unique<MortalStream>(*this, std::move(real));
  }

 private:
  class MortalStream : public StreamWrapper {
   public:
    MortalStream(MortalPort& port, std::unique_ptr<Stream> real)
        : StreamWrapper(std::move(real)), port_(port) {}

    absl::StatusOr<size_t> Read(absl::Span<std::byte> into, Deadline deadline) override {
      port_.Reach();
      return StreamWrapper::Read(into, deadline);
    }
    absl::StatusOr<size_t> Write(absl::Span<const std::byte> bytes, Deadline deadline) override {
      port_.Reach();
      port_.Reach([&] {
        if (bytes.size() < 2) return;
        StreamWrapper::Write(bytes.subspan(0, bytes.size() / 2), deadline).IgnoreError();
      });
      return StreamWrapper::Write(bytes, deadline);
    }
    absl::Status SendHandle(const Handle& handle, const ProcessIdentity& receiver,
                            Deadline deadline) override {
      port_.Reach();
      port_.Reach([&] {
        const Deadline once = Deadline::At(absl::ZeroDuration());
        StreamWrapper::SendHandle(handle, receiver, once).IgnoreError();
      });
      return StreamWrapper::SendHandle(handle, receiver, deadline);
    }
    absl::StatusOr<Handle> ReceiveHandle(Deadline deadline) override {
      port_.Reach();
      return StreamWrapper::ReceiveHandle(deadline);
    }

   private:
    MortalPort& port_;
  };

  void Reach(const std::function<void()>& before = [] {}) {
    if (last_ == 0) return;
    if (thread_ != std::thread::id() && std::this_thread::get_id() != thread_) return;
    if (++calls_ != last_) return;
    before();
    last_words_();
    real().ExitNow(kExitCodeOfTheDead);
  }

  std::thread::id thread_;
  std::function<void()> last_words_;
  absl::Span<std::byte> last_mapped_;
  std::atomic<int64_t> calls_{0};
  std::atomic<int64_t> last_{0};
};

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_TESTING_MORTAL_PORT_H_
