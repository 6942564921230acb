#include "platform/core/wire.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "isoproc/codec.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

// A stream without a system: what is written to one end is read from the other.
class MemoryStream final : public port::Stream {
 public:
  using Bytes = std::deque<std::byte>;
  struct Line {
    Bytes bytes;
    bool closed = false;
  };
  MemoryStream(std::shared_ptr<Line> in, std::shared_ptr<Line> out)
      : in_(std::move(in)), out_(std::move(out)) {}
  ~MemoryStream() override { out_->closed = true; }

  absl::StatusOr<size_t> Read(absl::Span<std::byte> into, port::Deadline) override {
    if (in_->bytes.empty() && !in_->closed) return absl::DeadlineExceededError("nothing there");
    const size_t size = std::min(into.size(), in_->bytes.size());
    std::copy_n(in_->bytes.begin(), size, into.begin());
    in_->bytes.erase(in_->bytes.begin(), in_->bytes.begin() + static_cast<std::ptrdiff_t>(size));
    return size;
  }
  absl::StatusOr<size_t> Write(absl::Span<const std::byte> bytes, port::Deadline) override {
    out_->bytes.insert(out_->bytes.end(), bytes.begin(), bytes.end());
    return bytes.size();
  }
  absl::Status SendHandle(const port::Handle&, const port::ProcessIdentity&,
                          port::Deadline) override {
    return absl::UnimplementedError("no handles");
  }
  absl::StatusOr<port::Handle> ReceiveHandle(port::Deadline) override {
    return absl::UnimplementedError("no handles");
  }
  void Interrupt() override {}
  port::Handle Detach() override { return {}; }
  int64_t native() const override { return -1; }

 private:
  std::shared_ptr<Line> in_;
  std::shared_ptr<Line> out_;
};

port::StreamPair MemoryPair() {
  auto there = std::make_shared<MemoryStream::Line>();
  auto back = std::make_shared<MemoryStream::Line>();
  return {std::make_unique<MemoryStream>(back, there), std::make_unique<MemoryStream>(there, back)};
}

port::Deadline Soon() { return port::Deadline::After(port::HostPort().Now(), absl::Seconds(30)); }
port::Deadline Now() { return port::Deadline::At(absl::ZeroDuration()); }

TEST(Wire, BootstrapArgumentComesBack) {
  const Preamble preamble = MakePreamble(port::HostPort());
  const std::string argument = BootstrapPrefix(preamble) + "3";
  const std::optional<BootstrapArgument> parsed = ParseBootstrapArgument(argument);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->preamble, preamble);
  EXPECT_EQ(parsed->token, "3");
}

TEST(Wire, OtherArgumentsAreTheUsers) {
  const std::string hex(32, 'a');
  for (const std::string& argument :
       {std::string(), std::string("--isoproc-child"), std::string("--isoproc-child="),
        "--isoproc-child=" + hex, "--isoproc-child=" + hex + ";3",
        "--isoproc-child=" + std::string(32, 'g') + ",3", "-isoproc-child=" + hex + ",3",
        "--isoproc-child=" + std::string(32, 'A') + ",3"}) {
    EXPECT_FALSE(ParseBootstrapArgument(argument).has_value()) << argument;
  }
}

TEST(Wire, FramesKeepKindAndPayload) {
  port::StreamPair streams = MemoryPair();
  const std::string payload("a\0b", 3);
  ASSERT_TRUE(WriteFrame(*streams.first, FrameKind::kThrew, payload, Soon()).ok());
  ASSERT_TRUE(WriteFrame(*streams.first, FrameKind::kStop, "", Soon()).ok());
  const Frame first = ReadFrame(*streams.second, Soon()).value();
  EXPECT_EQ(first.kind, FrameKind::kThrew);
  EXPECT_EQ(first.payload, payload);
  EXPECT_EQ(ReadFrame(*streams.second, Soon())->kind, FrameKind::kStop);
  EXPECT_TRUE(absl::IsDeadlineExceeded(ReadFrame(*streams.second, Now()).status()));
}

TEST(Wire, EndOfStreamBetweenAndInsideFrames) {
  port::StreamPair streams = MemoryPair();
  const std::string header = FrameHeader(FrameKind::kThrew, 10);
  std::string_view half = std::string_view(header).substr(0, header.size() / 2);
  ASSERT_TRUE(WriteAll(*streams.first, half, Soon()).ok());
  streams.first.reset();
  EXPECT_TRUE(absl::IsDataLoss(ReadFrame(*streams.second, Soon()).status()));

  streams = MemoryPair();
  std::string_view whole = header;
  ASSERT_TRUE(WriteAll(*streams.first, whole, Soon()).ok());
  streams.first.reset();
  EXPECT_TRUE(absl::IsDataLoss(ReadFrame(*streams.second, Soon()).status()));
  EXPECT_TRUE(absl::IsOutOfRange(ReadFrame(*streams.second, Soon()).status()));
}

TEST(Wire, BytesThatAreNoFrame) {
  port::StreamPair streams = MemoryPair();
  const std::string junk(64, 'x');
  std::string_view rest = junk;
  ASSERT_TRUE(WriteAll(*streams.first, rest, Soon()).ok());
  EXPECT_TRUE(absl::IsDataLoss(ReadFrame(*streams.second, Soon()).status()));
}

TEST(Wire, ASizeThatLiesAllocatesNothing) {
  port::StreamPair streams = MemoryPair();
  const std::string header = FrameHeader(FrameKind::kThrew, uint64_t{1} << 62);
  std::string_view rest = header;
  ASSERT_TRUE(WriteAll(*streams.first, rest, Soon()).ok());
  streams.first.reset();
  EXPECT_TRUE(absl::IsDataLoss(ReadFrame(*streams.second, Soon()).status()));
}

TEST(Wire, MessagesTravel) {
  StartMessage message;
  message.name = "worker";
  message.program_arguments = {"a", ""};
  message.parent = {7, 8};
  const StartMessage copy = Decode<StartMessage>(*Encode(message)).value();
  EXPECT_EQ(copy.name, "worker");
  EXPECT_EQ(copy.program_arguments, message.program_arguments);
  EXPECT_EQ(copy.parent, message.parent);
}

}  // namespace
}  // namespace isoproc::internal
