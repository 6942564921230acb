#include "isoproc/pipe.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/internal/archive.h"
#include "isoproc/internal/object_handle.h"
#include "isoproc/wait.h"
#include "platform/core/connection/connection_end.h"
#include "platform/core/connection/message_reader.h"
#include "platform/core/connection/message_writer.h"
#include "platform/core/connection/moving_end.h"
#include "platform/core/connection/pipe_carrier.h"
#include "platform/core/runtime.h"
#include "platform/core/wait_source.h"
#include "platform/port/port.h"

namespace isoproc {

using internal::ConnectionEnd;
using internal::EndTraits;

namespace {

absl::Status NoEnd() {
  return absl::FailedPreconditionError("this Connection has no end of a pipe");
}

// Does not keep the end open.
class EndWaitSource final : public internal::WaitSource {
 public:
  explicit EndWaitSource(std::weak_ptr<ConnectionEnd> end) : end_(std::move(end)) {}

  absl::StatusOr<std::shared_ptr<port::Waitable>> PortWaitable() override {
    const std::shared_ptr<ConnectionEnd> end = end_.lock();
    if (end != nullptr) return end->PortWaitable();
    return absl::FailedPreconditionError("the connection is closed");
  }
  absl::Status Check() override {
    const std::shared_ptr<ConnectionEnd> end = end_.lock();
    return end == nullptr ? absl::FailedPreconditionError("the connection is closed")
                          : end->Check();
  }
  bool HasNews() override {
    const std::shared_ptr<ConnectionEnd> end = end_.lock();
    return end != nullptr && end->HasNews();
  }
  bool HasHiddenNews() override { return true; }

 private:
  const std::weak_ptr<ConnectionEnd> end_;
};

}  // namespace

absl::StatusOr<std::pair<Connection, Connection>> Connection::Make(bool both_ways) {
  absl::StatusOr<port::StreamPair> streams = internal::Runtime::Get().port().CreateStreamPair();
  if (!streams.ok()) return streams.status();
  const EndTraits first{.receives = true, .sends = both_ways, .side = 0};
  const EndTraits second{.receives = both_ways, .sends = true, .side = 1};
  const auto carrier = std::make_shared<internal::PipeCarrier>();
  return std::pair(
      Connection(std::make_shared<ConnectionEnd>(std::move(streams->first), first, carrier)),
      Connection(std::make_shared<ConnectionEnd>(std::move(streams->second), second, carrier)));
}

absl::StatusOr<std::pair<Connection, Connection>> Pipe() { return Connection::Make(true); }
absl::StatusOr<std::pair<Connection, Connection>> OneWayPipe() { return Connection::Make(false); }

absl::Status Connection::SendBytes(absl::Span<const std::byte> bytes,
                                   absl::Duration timeout) const {
  return end_ == nullptr ? NoEnd() : end_->Send(bytes, timeout);
}

absl::Status Connection::SendWith(const internal::Luggage& luggage, const std::string& bytes,
                                  absl::Duration timeout) const {
  if (luggage.empty()) return SendBytes(bytes, timeout);
  if (end_ == nullptr) return NoEnd();
  return end_->SendWith(
      luggage, absl::MakeConstSpan(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()),
      timeout);
}

absl::Status Connection::Take(
    uint64_t max_size, absl::Duration timeout,
    absl::FunctionRef<bool(absl::Span<const std::byte> bytes, const internal::Delivery& delivery)>
        use) const {
  return end_ == nullptr ? NoEnd() : end_->Receive(max_size, timeout, use);
}

absl::StatusOr<std::string> Connection::ReceiveBytes(absl::Duration timeout,
                                                     uint64_t max_size) const {
  if (end_ == nullptr) return NoEnd();
  std::string bytes;
  const absl::Status received = end_->ReceiveBytes(
      max_size, timeout, [&](internal::MessageReader& reader) { bytes = reader.TakePayload(); });
  if (!received.ok()) return received;
  return bytes;
}

absl::StatusOr<size_t> Connection::ReceiveBytesInto(absl::Span<std::byte> into,
                                                    absl::Duration timeout) const {
  if (end_ == nullptr) return NoEnd();
  size_t size = 0;
  const auto take = [&](internal::MessageReader& reader) {
    const absl::Span<const std::byte> bytes = reader.payload();
    size = bytes.size();
    if (size > 0 && bytes.data() != into.data()) std::memcpy(into.data(), bytes.data(), size);
  };
  const absl::Status received = end_->ReceiveBytes(into.size(), timeout, take, into);
  if (!received.ok()) return received;
  return size;
}

absl::StatusOr<uint64_t> Connection::NextSize(absl::Duration timeout) const {
  if (end_ == nullptr) return NoEnd();
  return end_->NextSize(timeout);
}

absl::Status Connection::Discard(absl::Duration timeout) const {
  return end_ == nullptr ? NoEnd() : end_->Discard(timeout);
}

absl::Status Connection::Poll(absl::Duration timeout) const {
  return end_ == nullptr ? NoEnd() : end_->Poll(timeout);
}

absl::StatusOr<Waitable> Connection::AsWaitable() const {
  if (end_ == nullptr) return NoEnd();
  return Waitable(std::make_shared<EndWaitSource>(end_));
}

void Connection::Close() const {
  if (end_ != nullptr) end_->Close();
}

bool Connection::closed() const { return end_ == nullptr || end_->closed(); }
bool Connection::readable() const { return end_ != nullptr && end_->traits().receives; }
bool Connection::writable() const { return end_ != nullptr && end_->traits().sends; }

absl::StatusOr<int64_t> Connection::native_handle() const {
  if (end_ == nullptr) return NoEnd();
  return end_->native();
}

// ---- travel -------------------------------------------------------------------------------------

// What is half sent and half received travels along.
void Connection::Save(internal::WriteArchive& archive) const {
  if (archive.luggage() == nullptr) {
    internal::ThrowStatus(
        absl::InvalidArgumentError("a connection does not travel as bytes: see pipe.h"));
  }
  const bool has_end = end_ != nullptr;
  archive(has_end);
  if (!has_end) return;
  absl::StatusOr<std::shared_ptr<internal::MovingEnd>> moving = internal::MovingEnd::Take(end_);
  if (!moving.ok()) internal::ThrowStatus(moving.status());
  archive.luggage()->ends.push_back(*moving);
  archive.Write(static_cast<uint32_t>(archive.luggage()->ends.size() - 1));
  internal::SaveObject(archive, (*moving)->pipe());
  const internal::MessageWriter& writer = (*moving)->writer();
  archive(readable(), writable(), end_->traits().side, (*moving)->reader().Consumed(),
          writer.owed(), writer.owes_handle());
}

void Connection::Load(internal::ReadArchive& archive) {
  end_ = nullptr;
  bool has_end = false;
  archive(has_end);
  if (!has_end) return;
  uint32_t number = 0;
  archive.Read(number);
  auto carrier = std::make_shared<internal::PipeCarrier>(
      internal::LoadObject(archive, internal::ObjectKind::kPipe));
  EndTraits traits;
  std::string consumed;
  std::string owed;
  bool owes_handle = false;
  archive(traits.receives, traits.sends, traits.side, consumed, owed, owes_handle);
  const internal::Delivery* const delivery = archive.delivery();
  if (delivery == nullptr || number >= delivery->ends.size() || (traits.side & ~1) != 0) {
    internal::ThrowBadBytes("the end of a pipe did not come along");
  }
  internal::ArrivedEnd& arrived = *delivery->ends[number];
  std::shared_ptr<port::Stream> stream = arrived.Take();
  if (stream == nullptr) internal::ThrowBadBytes("the end of a pipe is in two places");
  end_ = std::make_shared<ConnectionEnd>(std::move(stream), traits, std::move(carrier),
                                         internal::MessageReader(std::move(consumed)),
                                         internal::MessageWriter(owed, owes_handle));
  arrived.Becomes(end_);
}

}  // namespace isoproc
