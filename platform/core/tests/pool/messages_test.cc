// Messages of pools, whole, broken and without room for what comes beside them.
#include "platform/core/pool/messages.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "isoproc/codec.h"
#include "platform/core/child.h"
#include "platform/core/pool/desk.h"
#include "platform/core/pool/worker_link.h"
#include "platform/core/shared/shared_block.h"
#include "platform/port/port.h"
#include "platform/testing/byte_stream.h"
#include "platform/testing/mock_port.h"

namespace isoproc::internal {
namespace {

using ::testing::NiceMock;

const port::Deadline kNever = port::Deadline::Never();

// What a pool reads first of each message; see PoolReader::Header.
struct Header {
  uint32_t magic = 0x706f6f6c;
  uint32_t kind = static_cast<uint32_t>(PoolMessage::Kind::kResult);
  uint32_t flags = 0;
  uint32_t handles = 0;
  uint64_t size = 0;
  uint64_t in_block = 0;
};
std::string BytesOf(const Header& header) {
  return std::string(reinterpret_cast<const char*>(&header), sizeof(header));
}

absl::StatusCode Reading(const Header& header) {
  port::ByteStream stream(BytesOf(header));
  PoolReader reader(stream, 1);
  return reader.Read(kNever).status().code();
}

TEST(PoolMessages, AreReadAsTheyWereWritten) {
  port::ByteStream out;
  PoolWriter writer(out, 0);
  for (const char* const text : {"one", ""}) {
    PoolMessage message;
    message.kind = PoolMessage::Kind::kResult;
    message.bytes = text;
    ASSERT_TRUE(writer.Put(std::move(message)).ok());
  }
  ASSERT_TRUE(writer.Flush(kNever).ok());
  port::ByteStream in(out.written(), 7);
  PoolReader reader(in, 0);
  const auto next = [&reader] {
    absl::StatusOr<PoolMessage> message = reader.Read(kNever);
    while (absl::IsDeadlineExceeded(message.status())) message = reader.Read(kNever);
    return message;
  };
  EXPECT_EQ(next().value().bytes, "one");
  EXPECT_EQ(next().value().bytes, "");
  EXPECT_EQ(next().status().code(), absl::StatusCode::kOutOfRange);
}

TEST(PoolMessages, HaveAMostOfEverything) {
  EXPECT_EQ(Reading({}), absl::StatusCode::kOk);
  EXPECT_EQ(Reading({.magic = 1}), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Reading({.handles = 2}), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Reading({.size = kMostInline + 1}), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Reading({.size = kMostInline}), absl::StatusCode::kOutOfRange) << "it is cut off";
}

// There is no room for the handle of a result: this one is lost, and the next one comes.
TEST(PoolMessages, LossOfAHandleIsTheLossOfOnePayload) {
  port::ByteStream bytes(BytesOf({.handles = 1, .size = 70000, .in_block = 1}) + BytesOf({}));
  NiceMock<port::MockStream> stream;
  ON_CALL(stream, Read).WillByDefault([&bytes](absl::Span<std::byte> into, port::Deadline until) {
    return bytes.Read(into, until);
  });
  EXPECT_CALL(stream, ReceiveHandle).WillOnce([](port::Deadline) {
    return absl::ResourceExhaustedError("no room");
  });
  PoolReader reader(stream, 1);
  const absl::StatusOr<PoolMessage> lost = reader.Read(kNever);
  ASSERT_TRUE(lost.ok()) << lost.status();
  EXPECT_EQ(lost->lost.code(), absl::StatusCode::kResourceExhausted);
  const absl::StatusOr<PoolMessage> next = reader.Read(kNever);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->lost, absl::OkStatus());
}

TEST(PoolMessages, WhatIsTooLargeIsLost) {
  port::ByteStream out;
  PoolWriter writer(out, 0);
  PoolMessage message = PoolMessage::Make(PoolMessage::Kind::kItems, uint64_t{1} << 62, 100,
                                          [](std::byte*) { FAIL() << "there is no room"; });
  EXPECT_EQ(writer.Put(std::move(message)).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(writer.empty());
}

absl::Status Read(const TaskFailure& failure) {
  PoolMessage message;
  message.bytes = Encode(failure).value();
  return ReadFailure(message).status();
}
TEST(PoolMessages, FailureIsAnError) {
  EXPECT_EQ(Read({1, "", "cancelled"}), absl::OkStatus());
  EXPECT_EQ(Read({16, "", "the last"}), absl::OkStatus());
  for (const int code : {-1, 0, 17, 1 << 20}) {
    EXPECT_EQ(Read({code, "", "no error"}).code(), absl::StatusCode::kDataLoss) << code;
  }
}

// What cannot be written to will never do what it was asked for.
TEST(PoolWorkerLink, WorkerThatCannotBeWrittenToIsLost) {
  absl::StatusOr<std::shared_ptr<SharedBlock>> desk = MakeDesk();
  if (absl::IsUnimplemented(desk.status())) GTEST_SKIP() << desk.status();
  auto process = std::make_unique<NiceMock<port::MockChildProcess>>();
  auto stream = std::make_unique<NiceMock<port::MockStream>>();
  EXPECT_CALL(*stream, Write).WillOnce([](absl::Span<const std::byte>, port::Deadline) {
    return absl::ResourceExhaustedError("too much is on its way");
  });
  WorkerLink link(std::make_shared<Child>(Child::Traits{}, std::move(process), nullptr),
                  std::move(stream), *std::move(desk), false);
  link.Dismiss();
  EXPECT_FALSE(link.is_lost());
  link.Flush();
  EXPECT_TRUE(link.is_lost());
  EXPECT_FALSE(link.has_unsent());
}

}  // namespace
}  // namespace isoproc::internal
