// Messages of pools, whole, broken and without room for what comes beside them.
#include "platform/core/pool/messages.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "isoproc/codec.h"
#include "isoproc/internal/batch.h"
#include "isoproc/internal/task.h"
#include "platform/core/child.h"
#include "platform/core/pool/blocks.h"
#include "platform/core/pool/desk.h"
#include "platform/core/pool/scheduler.h"
#include "platform/core/pool/worker_link.h"
#include "platform/core/shared/shared_block.h"
#include "platform/port/port.h"
#include "platform/testing/byte_stream.h"
#include "platform/testing/mock_port.h"

namespace isoproc::internal {
namespace {

using ::testing::NiceMock;

const port::Deadline kNever = port::Deadline::Never();

constexpr auto kBlock = static_cast<uint32_t>(PoolMessage::Kind::kBlock);

// What a pool reads first of each message; see PoolReader::Header.
struct Header {
  uint32_t magic = 0x706f6f6c;
  uint32_t kind = static_cast<uint32_t>(PoolMessage::Kind::kResult);
  uint32_t flags = 0;
  uint32_t handles = 0;
  uint64_t size = 0;
  uint64_t block = 0;
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
  PoolWriter writer(out, {});
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
  EXPECT_EQ(Reading({.size = 1, .block = BlockShelf::kPlaces + 2}), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Reading({.size = 1, .block = 1}), absl::StatusCode::kDataLoss) << "never sent";
  EXPECT_EQ(Reading({.kind = kBlock}), absl::StatusCode::kDataLoss) << "without a handle";
}

// There is no room for the handle of a block: what is in it is lost, and nothing else.
TEST(PoolMessages, LossOfAHandleIsTheLossOfOnePayload) {
  port::ByteStream bytes(BytesOf({.kind = kBlock, .flags = 1, .handles = 1}) +
                         BytesOf({.size = 70000, .block = 2}) + BytesOf({}));
  NiceMock<port::MockStream> stream;
  ON_CALL(stream, Read).WillByDefault([&bytes](absl::Span<std::byte> into, port::Deadline until) {
    return bytes.Read(into, until);
  });
  EXPECT_CALL(stream, ReceiveHandle).WillOnce([](port::Deadline) {
    return absl::ResourceExhaustedError("no room");
  });
  PoolReader reader(stream, 1);
  EXPECT_TRUE(reader.Read(kNever).ok());
  const absl::StatusOr<PoolMessage> lost = reader.Read(kNever);
  ASSERT_TRUE(lost.ok()) << lost.status();
  EXPECT_EQ(lost->lost.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(lost->place, 1u);
  const absl::StatusOr<PoolMessage> next = reader.Read(kNever);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->lost, absl::OkStatus());
  EXPECT_EQ(reader.messages(), 3u);
}

// A block that is kept travels once, with all that comes to lie in it after that.
TEST(PoolMessages, PayloadsComeInBlocks) {
  port::Port& port = port::HostPort();
  const absl::StatusOr<port::StreamPair> streams = port.CreateStreamPair();
  if (absl::IsUnimplemented(streams.status())) GTEST_SKIP() << streams.status();
  PoolWriter writer(*streams->first, {.pid = port.ProcessId()});
  PoolReader reader(*streams->second, 1);
  const auto pass = [&](char letter, bool is_free) {
    PoolMessage message;
    message.kind = PoolMessage::Kind::kResult;
    const uint32_t place =
        writer
            .PutLarge(
                std::move(message), 70000, 1000, [is_free](uint32_t) { return is_free; },
                [letter](std::byte* into) { std::memset(into, letter, 70000); })
            .value();
    EXPECT_TRUE(writer.Flush(kNever).ok());
    PoolMessage read;
    while (read.kind != PoolMessage::Kind::kResult) read = reader.Read(kNever).value();
    EXPECT_EQ(read.place, place);
    const absl::Span<const std::byte> payload = read.payload();
    return std::string(reinterpret_cast<const char*>(payload.data()), payload.size());
  };
  EXPECT_EQ(pass('a', true), std::string(70000, 'a'));
  EXPECT_EQ(writer.messages(), 2u);
  EXPECT_EQ(pass('b', true), std::string(70000, 'b'));
  EXPECT_EQ(writer.messages(), 3u);
  EXPECT_EQ(pass('c', false), std::string(70000, 'c'));
  EXPECT_EQ(writer.messages(), 5u);
  EXPECT_EQ(pass('d', false), std::string(70000, 'd'));
  EXPECT_EQ(writer.messages(), 7u);
  EXPECT_EQ(reader.messages(), 7u);
  reader.LetGo();
  EXPECT_EQ(reader.Block(0).status().code(), absl::StatusCode::kDataLoss);
}

// Each worker would hold it until there is another one.
TEST(PoolMessages, BlockThatServesOnceIsGivenAway) {
  port::Port& port = port::HostPort();
  const absl::StatusOr<port::StreamPair> streams = port.CreateStreamPair();
  if (absl::IsUnimplemented(streams.status())) GTEST_SKIP() << streams.status();
  PoolWriter writer(*streams->first, {.pid = port.ProcessId()});
  PoolReader reader(*streams->second, 1);
  for (const uint64_t size : {BlockShelf::kMostKept + 1, uint64_t{1000}}) {
    const bool is_kept = size <= BlockShelf::kMostKept;
    const BlockShelf::Loan loan = writer.PutBlock(size, [](uint32_t) { return true; }).value();
    ASSERT_TRUE(writer.Flush(kNever).ok());
    ASSERT_TRUE(reader.Read(kNever).ok());
    EXPECT_EQ(loan.place != BlockShelf::kOnce, is_kept);
    EXPECT_TRUE(reader.Block(loan.place).ok());
    EXPECT_EQ(reader.Block(loan.place).ok(), is_kept);
  }
}

TEST(PoolMessages, WhatIsTooLargeIsNotWritten) {
  port::ByteStream out;
  PoolWriter writer(out, {});
  constexpr uint64_t kTooLarge = uint64_t{1} << 62;
  const auto fill = [](std::byte*) { FAIL() << "there is no room"; };
  EXPECT_EQ(writer.PutInline({}, kTooLarge, fill).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(writer
                .PutLarge(
                    {}, kTooLarge, 100, [](uint32_t) { return true; }, fill)
                .status()
                .code(),
            absl::StatusCode::kResourceExhausted);
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
  EXPECT_FALSE(link.is_lost());
  link.Dismiss();
  EXPECT_TRUE(link.is_lost());
  EXPECT_FALSE(link.has_unsent());
}

// Nothing that a worker writes is believed before it has items, or the pool would give it others
// while these are on their way.
TEST(PoolWorkerLink, ResultsOfWhatWasNotGivenAreNotTaken) {
  absl::StatusOr<std::shared_ptr<SharedBlock>> desk = MakeDesk();
  if (absl::IsUnimplemented(desk.status())) GTEST_SKIP() << desk.status();
  auto stream = std::make_unique<NiceMock<port::MockStream>>();
  ON_CALL(*stream, Write).WillByDefault([](absl::Span<const std::byte> bytes, port::Deadline) {
    return bytes.size();
  });
  WorkerLink link(
      std::make_shared<Child>(Child::Traits{}, std::make_unique<NiceMock<port::MockChildProcess>>(),
                              nullptr),
      std::move(stream), *desk, false);
  DeskOfWorker worker(*desk);
  const auto batch = std::make_shared<const Batch>(Batch{"argument", {8}, {}});
  const TaskTarget target("task", 0, nullptr);
  const auto code = std::make_shared<const TaskCode>(TaskCode{&target, {}});
  const SendItems items = {1, false, code, 1, {{batch, 0, 1}}};

  worker.Begin();
  ASSERT_TRUE(worker.Put(0, "result"));
  EXPECT_FALSE(link.TakeFromDesk().has_value());
  const absl::StatusOr<ChunkNote> chunk = link.Prepare(items);
  ASSERT_TRUE(chunk.ok()) << chunk.status();
  EXPECT_FALSE(worker.has_chunk());
  EXPECT_FALSE(link.TakeFromDesk().has_value());
  link.Give(items, *chunk);
  EXPECT_TRUE(worker.has_chunk());
  EXPECT_TRUE(link.TakeFromDesk().has_value());
}

}  // namespace
}  // namespace isoproc::internal
