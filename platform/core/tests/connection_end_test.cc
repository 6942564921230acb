// An end that is closed while it is used.
#include "platform/core/connection/connection_end.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "platform/core/connection/message_writer.h"
#include "platform/core/connection/moving_end.h"
#include "platform/core/connection/pipe_carrier.h"
#include "platform/port/port.h"
#include "platform/testing/byte_stream.h"
#include "platform/testing/port_wrapper.h"

namespace isoproc::internal {
namespace {

constexpr EndTraits kBothWays;

// Does something in the midst of each read and write, and counts how often it is interrupted.
class Stream final : public port::StreamWrapper {
 public:
  Stream(std::string input, std::function<void()>& meanwhile, int& interruptions)
      : StreamWrapper(std::make_unique<port::ByteStream>(std::move(input))),
        meanwhile_(meanwhile),
        interruptions_(interruptions) {}
  absl::StatusOr<size_t> Read(absl::Span<std::byte> into, port::Deadline deadline) override {
    meanwhile_();
    return StreamWrapper::Read(into, deadline);
  }
  absl::StatusOr<size_t> Write(absl::Span<const std::byte> bytes,
                               port::Deadline deadline) override {
    meanwhile_();
    if (interruptions_ > 0) return absl::UnavailableError("interrupted");
    return StreamWrapper::Write(bytes, deadline);
  }
  void Interrupt() override { ++interruptions_; }

 private:
  std::function<void()>& meanwhile_;
  int& interruptions_;
};

// A message, as it travels.
std::string OnItsWay(const std::string& text) {
  port::ByteStream stream;
  const auto bytes =
      absl::MakeConstSpan(reinterpret_cast<const std::byte*>(text.data()), text.size());
  EXPECT_TRUE(MessageWriter().Write(stream, bytes, port::Deadline::Never()).ok());
  return stream.written();
}

class ConnectionEndTest : public testing::Test {
 protected:
  std::function<void()> meanwhile_ = [] {};
  int interruptions_ = 0;
  std::shared_ptr<ConnectionEnd> end_ = std::make_shared<ConnectionEnd>(
      std::make_shared<Stream>(OnItsWay("first") + OnItsWay("second"), meanwhile_, interruptions_),
      kBothWays, std::make_shared<PipeCarrier>());

  absl::Status Receive(std::string& text) {
    return end_->ReceiveBytes(100, absl::InfiniteDuration(),
                              [&text](MessageReader& reader) { text = reader.TakePayload(); });
  }
};

TEST_F(ConnectionEndTest, WhatHasComeIsNotTakenAfterClose) {
  std::string text;
  EXPECT_TRUE(Receive(text).ok());
  EXPECT_EQ(text, "first");
  meanwhile_ = [this] { end_->Close(); };
  EXPECT_TRUE(absl::IsFailedPrecondition(Receive(text)));
  EXPECT_EQ(text, "first");
  EXPECT_EQ(interruptions_, 1);
}

TEST_F(ConnectionEndTest, OtherCallsSayThatItIsClosed) {
  meanwhile_ = [this] { end_->Close(); };
  EXPECT_TRUE(absl::IsFailedPrecondition(end_->NextSize(absl::InfiniteDuration()).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(end_->Discard(absl::InfiniteDuration())));
}

TEST_F(ConnectionEndTest, SendThatIsInterruptedSaysThatItIsClosed) {
  meanwhile_ = [this] { end_->Close(); };
  EXPECT_TRUE(absl::IsFailedPrecondition(end_->Send({}, absl::InfiniteDuration())));
}

TEST_F(ConnectionEndTest, NobodyIsInterruptedWhoDoesNotUseIt) {
  end_->Close();
  EXPECT_EQ(interruptions_, 0);
}

// It is the other process's already.
TEST_F(ConnectionEndTest, WhatIsOnItsWayIsNotInterrupted) {
  absl::StatusOr<std::shared_ptr<MovingEnd>> moving = MovingEnd::Take(end_);
  ASSERT_TRUE(moving.ok());
  end_->Close();
  EXPECT_EQ(interruptions_, 0);
  (*moving)->HasArrived();
  EXPECT_EQ(interruptions_, 0);
}

}  // namespace
}  // namespace isoproc::internal
