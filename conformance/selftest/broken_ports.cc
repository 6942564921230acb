#include "conformance/selftest/broken_ports.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/port/port.h"
#include "platform/testing/port_wrapper.h"

namespace isoproc::conformance {
namespace {

using port::Deadline;
using port::Handle;
using port::Parker;
using port::ParkerCell;
using port::Port;
using port::PortWrapper;
using port::ProcessIdentity;
using port::Segment;
using port::Stream;
using port::StreamWrapper;
using port::Waitable;

// A port whose streams are of class T.
template <class T>
class WithStreams : public PortWrapper {
 public:
  using PortWrapper::PortWrapper;

 protected:
  std::unique_ptr<Stream> WrapStream(std::unique_ptr<Stream> stream) override {
    return std::make_unique<T>(std::move(stream), real());
  }
};

class DroppingStream : public StreamWrapper {
 public:
  DroppingStream(std::unique_ptr<Stream> real, Port&) : StreamWrapper(std::move(real)) {}
  absl::StatusOr<size_t> Write(absl::Span<const std::byte> bytes, Deadline deadline) override {
    if (bytes.size() < 1000) return StreamWrapper::Write(bytes, deadline);
    const absl::StatusOr<size_t> n = StreamWrapper::Write(bytes.subspan(1), deadline);
    return n.ok() ? absl::StatusOr<size_t>(*n + 1) : n;
  }
};

class ForgetfulReader : public StreamWrapper {
 public:
  ForgetfulReader(std::unique_ptr<Stream> real, Port&) : StreamWrapper(std::move(real)) {}
  absl::StatusOr<size_t> Read(absl::Span<std::byte> into, Deadline) override {
    return StreamWrapper::Read(into, Deadline::At(absl::ZeroDuration()));
  }
};

class UnendingStream : public StreamWrapper {
 public:
  UnendingStream(std::unique_ptr<Stream> real, Port&) : StreamWrapper(std::move(real)) {}
  absl::StatusOr<size_t> Read(absl::Span<std::byte> into, Deadline deadline) override {
    absl::StatusOr<size_t> n = StreamWrapper::Read(into, deadline);
    if (n.ok() && *n == 0) return absl::UnavailableError("the peer is gone");
    return n;
  }
};

class WrongCodeStream : public StreamWrapper {
 public:
  WrongCodeStream(std::unique_ptr<Stream> real, Port&) : StreamWrapper(std::move(real)) {}
  absl::StatusOr<size_t> Write(absl::Span<const std::byte> bytes, Deadline deadline) override {
    absl::StatusOr<size_t> n = StreamWrapper::Write(bytes, deadline);
    if (absl::IsUnavailable(n.status())) return absl::UnknownError("broken pipe");
    return n;
  }
};

class DeafStream : public StreamWrapper {
 public:
  DeafStream(std::unique_ptr<Stream> real, Port&) : StreamWrapper(std::move(real)) {}
  void Interrupt() override {}
};

class ImpatientWaits : public PortWrapper {
 public:
  using PortWrapper::PortWrapper;
  absl::StatusOr<std::vector<size_t>> WaitAny(absl::Span<Waitable* const> objects,
                                              Deadline deadline) override {
    return PortWrapper::WaitAny(objects,
                                deadline.never() ? deadline : Deadline::At(absl::ZeroDuration()));
  }
};

class TellsOneOfTheReady : public PortWrapper {
 public:
  using PortWrapper::PortWrapper;
  absl::StatusOr<std::vector<size_t>> WaitAny(absl::Span<Waitable* const> objects,
                                              Deadline deadline) override {
    absl::StatusOr<std::vector<size_t>> ready = PortWrapper::WaitAny(objects, deadline);
    if (ready.ok()) ready->resize(1);
    return ready;
  }
};

class ConstantRandom : public PortWrapper {
 public:
  using PortWrapper::PortWrapper;
  void RandomBytes(absl::Span<std::byte> into) override {
    std::fill(into.begin(), into.end(), std::byte{4});
  }
};

class ShortRandom : public PortWrapper {
 public:
  using PortWrapper::PortWrapper;
  void RandomBytes(absl::Span<std::byte> into) override {
    PortWrapper::RandomBytes(into.subspan(0, into.size() / 2));
  }
};

class Immortals : public PortWrapper {
 public:
  using PortWrapper::PortWrapper;
  absl::StatusOr<bool> IsAlive(const ProcessIdentity&) override { return true; }
};

class ForgetsUnpark : public PortWrapper {
 public:
  using PortWrapper::PortWrapper;
  void Unpark(ParkerCell&) override {}
};

class KeepsTokens : public PortWrapper {
 public:
  using PortWrapper::PortWrapper;
  absl::StatusOr<std::unique_ptr<Parker>> CreateParker(ParkerCell& cell) override {
    // Park succeeds for ever once there was a token.
    class Greedy : public Parker {
     public:
      explicit Greedy(std::unique_ptr<Parker> real) : real_(std::move(real)) {}
      absl::Status Park(Deadline deadline) override {
        if (woken_) return absl::OkStatus();
        const absl::Status status = real_->Park(deadline);
        woken_ = status.ok();
        return status;
      }
      absl::StatusOr<Waitable*> Listen() override { return real_->Listen(); }

     private:
      std::unique_ptr<Parker> real_;
      bool woken_ = false;
    };
    absl::StatusOr<std::unique_ptr<Parker>> real = PortWrapper::CreateParker(cell);
    if (!real.ok()) return real;
    return std::make_unique<Greedy>(*std::move(real));
  }
};

class RoundsSegments : public PortWrapper {
 public:
  using PortWrapper::PortWrapper;
  absl::StatusOr<std::unique_ptr<Segment>> CreateSegment(uint64_t size) override {
    if (size == 0 || size > uint64_t{1} << 40) return PortWrapper::CreateSegment(size);
    return PortWrapper::CreateSegment((size + 4095) / 4096 * 4096);
  }
};

class LeaksHandles : public PortWrapper {
 public:
  using PortWrapper::PortWrapper;
  absl::StatusOr<std::unique_ptr<Segment>> MapSegment(Handle handle) override {
    Handle* leaked = new Handle(std::move(handle));
    kept_.push_back(leaked);
    return absl::InvalidArgumentError("not a segment");
  }

 private:
  std::vector<Handle*> kept_;
};

class TimeStandsStill : public PortWrapper {
 public:
  explicit TimeStandsStill(Port& real) : PortWrapper(real), start_(real.Now()) {}
  absl::Duration Now() override { return start_ - absl::Nanoseconds(++calls_ % 2); }

 private:
  const absl::Duration start_;
  int calls_ = 0;
};

template <class T>
std::unique_ptr<Port> Make(Port& real) {
  return std::make_unique<T>(real);
}

}  // namespace

const std::vector<BrokenPort>& BrokenPorts() {
  static const auto& ports = *new std::vector<BrokenPort>{
      {"drops-a-byte",
       "Write of many bytes loses the first one.",
       {"STRM-06.1", "STRM-07.1"},
       &Make<WithStreams<DroppingStream>>},
      {"forgets-the-deadline",
       "Read tries once and never waits.",
       {"GEN-04.1"},
       &Make<WithStreams<ForgetfulReader>>},
      {"has-no-end-of-stream",
       "Read reports a closed peer as an error.",
       {"STRM-01.1", "STRM-03.1"},
       &Make<WithStreams<UnendingStream>>},
      {"wrong-code",
       "Write to a closed peer is kUnknown.",
       {"STRM-08.1", "STRM-08.2"},
       &Make<WithStreams<WrongCodeStream>>},
      {"deaf",
       "Interrupt does nothing.",
       {"STRM-14.1", "STRM-14.2"},
       &Make<WithStreams<DeafStream>>},
      {"impatient", "WaitAny tries once and does not wait.", {"CONN-51.1"}, &Make<ImpatientWaits>},
      {"tells-one",
       "WaitAny gives only the first ready object.",
       {"WAIT-01.1", "WAIT-01.2", "CONN-50.1"},
       &Make<TellsOneOfTheReady>},
      {"constant-random",
       "RandomBytes gives the same bytes always.",
       {"SYS-02.1"},
       &Make<ConstantRandom>},
      {"short-random", "RandomBytes fills the first half.", {"SYS-02.1"}, &Make<ShortRandom>},
      {"immortals", "IsAlive is always true.", {"LIVE-02.2"}, &Make<Immortals>},
      {"forgets-unpark",
       "Unpark does nothing.",
       {"PARK-01.1", "PARK-01.2", "PARK-02.2", "PARK-03.1"},
       &Make<ForgetsUnpark>},
      {"keeps-tokens", "Park does not take the token.", {"PARK-01.1"}, &Make<KeepsTokens>},
      {"rounds-segments",
       "Segments are as large as their pages.",
       {"MEM-02.1", "MEM-02.2"},
       &Make<RoundsSegments>},
      {"leaks-handles",
       "MapSegment keeps a handle that it refuses.",
       {"MEM-04.1"},
       &Make<LeaksHandles>},
      {"time-stands-still", "Now goes back and forth.", {"SYS-01.1"}, &Make<TimeStandsStill>},
      // Nothing is wrong with this port, but with its cases.
      {"bad-cases",
       "Cases skip themselves, have no clause, or need what does not exist.",
       {"PORT-03.90", "NOROW-01.1", "PORT-03.91"},
       &Make<PortWrapper>},
  };
  return ports;
}

}  // namespace isoproc::conformance
