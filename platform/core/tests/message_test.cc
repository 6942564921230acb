// Messages over a stream: how they are written, read, given up and handed over.
#include "platform/core/connection/message.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "platform/core/connection/message_reader.h"
#include "platform/core/connection/message_writer.h"
#include "platform/port/port.h"
#include "platform/testing/byte_stream.h"
#include "platform/testing/port_wrapper.h"

namespace isoproc::internal {
namespace {

using port::ByteStream;

const port::Deadline kNever = port::Deadline::Never();

absl::Span<const std::byte> AsBytes(const std::string& text) {
  return absl::MakeConstSpan(reinterpret_cast<const std::byte*>(text.data()), text.size());
}

std::string Text(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>((i * 7 + i / 251) & 0xFF);
  return text;
}

// How a message with that text is shown.
std::string Shown(const std::string& text, const Enclosed& enclosed) {
  if (enclosed.parcel == 0) return text;
  return absl::StrCat("with ", enclosed.parcel, ", ", enclosed.handles(), " handles: ", text);
}

absl::Status Write(MessageWriter& writer, port::Stream& stream, const std::string& text,
                   const Enclosed& enclosed) {
  if (enclosed.parcel == 0) return writer.Write(stream, AsBytes(text), kNever);
  std::vector<port::Handle> handles;
  for (uint64_t i = 0; i < enclosed.handles(); ++i) handles.push_back(ByteStream::NewHandle());
  OutgoingHandles outgoing{.handles = handles};
  return writer.WriteWith(enclosed, outgoing, stream, AsBytes(text), kNever);
}

// The next message, or the code of the failure.
std::string Next(MessageReader& reader, port::Stream& stream, absl::Span<std::byte> into = {}) {
  const absl::Status read = reader.Read(stream, ~uint64_t{0}, kNever, into);
  if (!read.ok()) return absl::StatusCodeToString(read.code());
  const Enclosed enclosed = reader.enclosed();
  for (const port::Handle& handle : reader.handles()) EXPECT_TRUE(handle);
  EXPECT_EQ(reader.handles().size(), enclosed.handles());
  if (into.empty()) return Shown(reader.TakePayload(), enclosed);
  const absl::Span<const std::byte> payload = reader.payload();
  std::string text(reinterpret_cast<const char*>(payload.data()), payload.size());
  reader.Pop();
  return Shown(text, enclosed);
}

// All that is received: messages, and failures but for pauses, to the end. With `hand_over`, by a
// new reader after each pause.
std::vector<std::string> ReceiveAll(const std::string& bytes, size_t pause, bool hand_over,
                                    absl::Span<std::byte> into) {
  ByteStream stream(bytes, pause);
  MessageReader reader;
  std::vector<std::string> all;
  while (all.size() < 100 && (all.empty() || all.back() != "OUT_OF_RANGE")) {
    std::string next = Next(reader, stream, into);
    if (next != "DEADLINE_EXCEEDED") {
      all.push_back(std::move(next));
    } else if (hand_over && !reader.MayHaveHandles()) {
      reader = MessageReader(reader.Consumed());
    }
    if (all.size() > 1 && all.back() == "DATA_LOSS" && all[all.size() - 2] == "DATA_LOSS") break;
  }
  return all;
}

constexpr Enclosed kEnclosed[] = {
    {}, {.parcel = 7}, {.parcel = 8, .blocks = 1}, {.parcel = 9, .blocks = 1, .ends = 2}};
constexpr size_t kSizes[] = {0, 1, 110, 111, 112, 5000, 16500, 70000, kChunkSize + 112};

// The same into memory of the reader's own and into a buffer.
std::vector<std::string> ReceiveAll(const std::string& bytes, size_t pause = ByteStream::kAll,
                                    bool hand_over = false) {
  static std::vector<std::byte> buffer(2 * kChunkSize);
  std::vector<std::string> all = ReceiveAll(bytes, pause, hand_over, {});
  EXPECT_TRUE(ReceiveAll(bytes, pause, hand_over, absl::MakeSpan(buffer)) == all);
  EXPECT_EQ(ByteStream::open_handles(), 0);
  return all;
}

TEST(MessageTest, WhatIsWrittenIsRead) {
  ByteStream out;
  MessageWriter writer;
  std::vector<std::string> sent;
  for (const size_t size : kSizes) {
    for (const Enclosed& enclosed : kEnclosed) {
      sent.push_back(Shown(Text(size), enclosed));
      ASSERT_TRUE(Write(writer, out, Text(size), enclosed).ok());
    }
  }
  sent.emplace_back("OUT_OF_RANGE");
  EXPECT_EQ(ReceiveAll(out.written()), sent);
}

// The stream has room for `room` bytes until the message is given up.
void GiveUpAnywhere(size_t size, const Enclosed& enclosed) {
  ByteStream whole;
  MessageWriter first;
  ASSERT_TRUE(Write(first, whole, Text(size), enclosed).ok());
  const size_t full = whole.written().size();
  const size_t step = full < 1000 ? 1 : full / 97;
  for (size_t room = 0; room < full; room += step) {
    ByteStream out;
    MessageWriter writer;
    out.set_room(room);
    ASSERT_TRUE(absl::IsDeadlineExceeded(Write(writer, out, Text(size), enclosed)));
    out.set_room(1);
    ASSERT_TRUE(absl::IsDeadlineExceeded(Write(writer, out, Text(5), enclosed)));
    MessageWriter next(writer.owed(), writer.owes_handle());  // in another process, maybe
    out.set_room(ByteStream::kAll);
    ASSERT_TRUE(next.Write(out, AsBytes("next"), kNever).ok());
    EXPECT_EQ(ReceiveAll(out.written()), (std::vector<std::string>{"next", "OUT_OF_RANGE"}))
        << size << " bytes, given up after " << room;
  }
}
TEST(MessageTest, WhatIsGivenUpAnywhereIsNeverRead) {
  for (const size_t size : kSizes) {
    for (const Enclosed& enclosed : kEnclosed) GiveUpAnywhere(size, enclosed);
  }
}

TEST(MessageTest, ReaderGoesOnAfterEachByte) {
  for (const size_t size : kSizes) {
    for (const Enclosed& enclosed : kEnclosed) {
      ByteStream out;
      MessageWriter writer;
      ASSERT_TRUE(Write(writer, out, Text(size), enclosed).ok());
      ASSERT_TRUE(writer.Write(out, AsBytes("next"), kNever).ok());
      const std::vector<std::string> all = {Shown(Text(size), enclosed), "next", "OUT_OF_RANGE"};
      const size_t pause = size < 10000 ? 1 : 9973;
      EXPECT_EQ(ReceiveAll(out.written(), pause), all) << size;
      EXPECT_EQ(ReceiveAll(out.written(), pause, /*hand_over=*/true), all) << size;
    }
  }
}

TEST(MessageTest, EndInsideAMessageIsToldOnce) {
  for (const size_t size : {size_t{5}, size_t{500}}) {
    for (const Enclosed& enclosed : kEnclosed) {
      ByteStream out;
      MessageWriter writer;
      ASSERT_TRUE(Write(writer, out, Text(size), enclosed).ok());
      for (size_t cut = 1; cut < out.written().size(); ++cut) {
        EXPECT_EQ(ReceiveAll(out.written().substr(0, cut)),
                  (std::vector<std::string>{"DATA_LOSS", "OUT_OF_RANGE"}))
            << cut;
      }
    }
  }
}

std::string Block(const MessageBlock& block) {
  return std::string(reinterpret_cast<const char*>(block.data()), block.size());
}

// No parcel, or one after the other.
TEST(MessageTest, ParcelsThatNobodyWritesAreRefused) {
  const auto block = [](uint64_t parcel) { return Block(BlockOfParcel({.parcel = parcel})); };
  const std::vector<std::string> refused = {"DATA_LOSS", "DATA_LOSS"};
  EXPECT_EQ(ReceiveAll(block(0)), refused);
  EXPECT_EQ(ReceiveAll(block(7) + block(7)), refused);
}

// More handles than there are, some that never come, and some that nobody spoke of.
TEST(MessageTest, HandlesThatNobodySendsAreRefused) {
  ByteStream out;
  MessageWriter writer;
  ASSERT_TRUE(Write(writer, out, "text", {.parcel = 7, .ends = 1}).ok());
  const std::string block = out.written().substr(kBlockSize, kBlockSize);
  const std::string many = Block(BlockOfParcel({.parcel = 7, .blocks = 2, .ends = 2})) + block;
  const std::vector<std::string> refused = {"DATA_LOSS", "DATA_LOSS"};
  EXPECT_EQ(ReceiveAll(many + "hhhx"), refused);
  EXPECT_EQ(ReceiveAll(many + "hhh"), (std::vector<std::string>{"DATA_LOSS", "OUT_OF_RANGE"}));
  EXPECT_EQ(ReceiveAll(block + "h"), refused);
  EXPECT_EQ(ReceiveAll(Block(BlockOfParcel({.parcel = 7, .ends = 1})) + block + "hx"), refused);
}

// Their parcels can be let go then.
TEST(MessageTest, MessagesThatNobodyGetsAreTold) {
  ByteStream out;
  MessageWriter writer;
  out.set_room(2 * kBlockSize + 1);
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      Write(writer, out, "given up", {.parcel = 7, .blocks = 1, .ends = 1})));
  out.set_room(ByteStream::kAll);
  ASSERT_TRUE(Write(writer, out, "received", {.parcel = 8, .ends = 1}).ok());
  ASSERT_TRUE(Write(writer, out, "discarded", {.parcel = 9, .ends = 1}).ok());
  ByteStream in(out.written() + Block(BlockOfParcel({.parcel = 10, .ends = 1})));
  MessageReader reader;
  EXPECT_TRUE(reader.Read(in, 100, kNever).ok());
  EXPECT_EQ(reader.TakeLost(), std::vector<uint64_t>{7});
  EXPECT_EQ(ByteStream::open_handles(), 1);
  EXPECT_EQ(reader.TakePayload(), "received");
  EXPECT_EQ(ByteStream::open_handles(), 0);
  EXPECT_TRUE(reader.Discard(in, kNever).ok());
  EXPECT_TRUE(absl::IsDataLoss(reader.Read(in, 100, kNever)));
  EXPECT_EQ(reader.TakeLost(), (std::vector<uint64_t>{9, 10}));
  EXPECT_TRUE(reader.HasEnded());
}

TEST(MessageTest, WhatIsTooLongStays) {
  ByteStream out;
  ASSERT_TRUE(MessageWriter().Write(out, AsBytes(Text(500)), kNever).ok());
  ByteStream in(out.written());
  MessageReader reader;
  EXPECT_FALSE(reader.HasNews());
  EXPECT_TRUE(absl::IsResourceExhausted(reader.Read(in, 499, kNever)));
  EXPECT_EQ(reader.NextSize(in, kNever).value_or(0), 500u);
  MessageReader other(reader.Consumed());
  EXPECT_TRUE(other.HasNews());
  EXPECT_TRUE(other.Read(in, 500, kNever).ok());
  EXPECT_EQ(other.TakePayload(), Text(500));
}

// As one that was received, and stays since there is no memory for its value.
TEST(MessageTest, WhatIsReadWholeGoesToTheNextReader) {
  for (const size_t size : {size_t{5}, size_t{500}, kChunkSize, 2 * kChunkSize + 500}) {
    ByteStream out;
    ASSERT_TRUE(MessageWriter().Write(out, AsBytes(Text(size)), kNever).ok());
    ASSERT_TRUE(MessageWriter().Write(out, AsBytes("next"), kNever).ok());
    ByteStream in(out.written());
    MessageReader reader;
    EXPECT_TRUE(reader.Read(in, size, kNever).ok());
    MessageReader other(reader.Consumed());
    EXPECT_TRUE(other.Read(in, size, kNever).ok());
    EXPECT_EQ(other.TakePayload(), Text(size));
    EXPECT_TRUE(other.Read(in, size, kNever).ok());
    EXPECT_EQ(other.TakePayload(), "next");
  }
}

// Messages of up to three chunks are discarded after any number of bytes, and read by as many
// readers as there are pauses.
TEST(MessageTest, WhatIsDiscardedIsNeverRead) {
  for (const size_t size : {size_t{5}, size_t{5000}, 2 * kChunkSize + 500}) {
    ByteStream out;
    MessageWriter writer;
    ASSERT_TRUE(writer.Write(out, AsBytes(Text(size)), kNever).ok());
    out.set_room(700);
    EXPECT_TRUE(absl::IsDeadlineExceeded(writer.Write(out, AsBytes(Text(size + 1000)), kNever)));
    out.set_room(ByteStream::kAll);
    ASSERT_TRUE(writer.Write(out, AsBytes("next"), kNever).ok());
    const size_t pause = 7 + size / 7;
    for (size_t reads = 0; reads < out.written().size() / pause; ++reads) {
      ByteStream in(out.written(), pause);
      MessageReader reader;
      bool is_there = false;
      for (size_t i = 0; i < reads; ++i) is_there |= Next(reader, in) != "DEADLINE_EXCEEDED";
      if (is_there) break;
      absl::Status discarded;
      do {
        discarded = reader.Discard(in, kNever);
      } while (absl::IsDeadlineExceeded(discarded));
      EXPECT_TRUE(discarded.ok());
      std::string next;
      do {
        reader = MessageReader(reader.Consumed());
        EXPECT_LE(reader.Consumed().size(), 3 * kChunkSize);
        next = Next(reader, in);
      } while (next == "DEADLINE_EXCEEDED");
      EXPECT_EQ(next, "next") << size << " bytes, after " << reads << " reads";
    }
  }
}

// A message for which there need not be memory. Counts what is written, and looks at nothing; what
// is read is whatever stands there, but for the block and the verdicts.
class LargeStream final : public port::Stream {
 public:
  explicit LargeStream(uint64_t size) {
    const MessageHeader header{.size = size};
    std::memcpy(block_.data(), &header, sizeof(header));
    block_.back() = static_cast<std::byte>(Verdict::kGoesOn);
    const uint64_t rest = size - kInlineSize;
    full_ = kBlockSize + rest + (rest + kChunkSize - 1) / kChunkSize;
  }
  // What the whole message takes on its way.
  uint64_t full() const { return full_; }
  uint64_t written() const { return written_; }

  absl::StatusOr<size_t> Read(absl::Span<std::byte> into, port::Deadline) override {
    if (read_ == full_) return size_t{0};
    if (read_ == 0) {
      std::memcpy(into.data(), block_.data(), kBlockSize);
      read_ = kBlockSize;
      return kBlockSize;
    }
    const uint64_t in_chunk = (read_ - kBlockSize) % (kChunkSize + 1);
    const uint64_t to_verdict = (std::min)(kChunkSize - in_chunk, full_ - read_ - 1);
    const auto size =
        static_cast<size_t>(to_verdict == 0 ? 1 : (std::min<uint64_t>)(into.size(), to_verdict));
    read_ += size;
    if (to_verdict == 0) {
      into[0] = static_cast<std::byte>(read_ == full_ ? Verdict::kWhole : Verdict::kGoesOn);
    }
    return size;
  }
  absl::StatusOr<size_t> Write(absl::Span<const std::byte> bytes, port::Deadline) override {
    written_ += bytes.size();
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
  MessageBlock block_{};
  uint64_t full_ = 0;
  uint64_t read_ = 0;
  uint64_t written_ = 0;
};

constexpr uint64_t kLargeSize = (uint64_t{1} << 32) + 5;

TEST(MessageTest, LargeMessageIsWrittenToItsLastByte) {
  const std::unique_ptr<std::byte[]> bytes(new (std::nothrow) std::byte[kLargeSize]);
  ASSERT_NE(bytes, nullptr);
  LargeStream out(kLargeSize);
  const auto payload = absl::MakeConstSpan(bytes.get(), kLargeSize);
  ASSERT_TRUE(MessageWriter().Write(out, payload, kNever).ok());
  EXPECT_EQ(out.written(), out.full());
}

// Its chunks are counted as those of a message that is kept.
TEST(MessageTest, LargeMessageIsReadToItsLastByte) {
  LargeStream in(kLargeSize);
  MessageReader reader;
  EXPECT_EQ(reader.NextSize(in, kNever).value_or(0), kLargeSize);
  ASSERT_TRUE(reader.Discard(in, kNever).ok());
  EXPECT_EQ(Next(reader, in), "OUT_OF_RANGE");
}

TEST(MessageTest, LieAboutTheSizeTakesNoMemory) {
  MessageBlock block{};
  MessageHeader header;
  header.size = ~uint64_t{0};
  std::memcpy(block.data(), &header, sizeof(header));
  block.back() = static_cast<std::byte>(Verdict::kGoesOn);
  ByteStream in(std::string(reinterpret_cast<const char*>(block.data()), kBlockSize) +
                std::string(1000, 'x'));
  MessageReader reader;
  EXPECT_EQ(Next(reader, in), "DATA_LOSS");
}

TEST(MessageTest, LieAboutHandlesTakesNone) {
  ByteStream out;
  MessageWriter writer;
  ASSERT_TRUE(Write(writer, out, "text", {.parcel = 7, .ends = 1}).ok());
  const std::string block = out.written().substr(kBlockSize, kBlockSize);
  const std::string many = Block(BlockOfParcel({.parcel = 7, .blocks = ~0U})) + block;
  // Known by the number alone: the end of the stream is not what ends it.
  EXPECT_EQ(ReceiveAll(many + "hhh"), (std::vector<std::string>{"DATA_LOSS", "DATA_LOSS"}));
}

// A system that is short of something now and then when a handle is taken.
class ScarceStream final : public port::StreamWrapper {
 public:
  explicit ScarceStream(std::string input)
      : StreamWrapper(std::make_unique<ByteStream>(std::move(input))) {}
  absl::StatusOr<port::Handle> ReceiveHandle(port::Deadline deadline) override {
    is_short_ = !is_short_;
    if (is_short_) return absl::AbortedError("no memory");
    return StreamWrapper::ReceiveHandle(deadline);
  }

 private:
  bool is_short_ = false;
};

TEST(MessageTest, ShortageLosesNoHandle) {
  ByteStream out;
  MessageWriter writer;
  ASSERT_TRUE(Write(writer, out, "text", {.parcel = 7, .blocks = 2}).ok());
  ScarceStream in(out.written());
  MessageReader reader;
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Next(reader, in), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(Next(reader, in), "with 7, 2 handles: text");
}

// Those that have come; the rest when it comes.
TEST(MessageTest, DiscardClosesHandlesAtOnce) {
  ByteStream out;
  MessageWriter writer;
  ASSERT_TRUE(Write(writer, out, "text", {.parcel = 7, .blocks = 2}).ok());
  ASSERT_TRUE(writer.Write(out, AsBytes("next"), kNever).ok());
  for (const size_t pause : {ByteStream::kAll, 2 * kBlockSize + 1}) {
    ByteStream in(out.written(), pause);
    MessageReader reader;
    const bool comes_late = pause != ByteStream::kAll;
    if (comes_late) {
      EXPECT_EQ(Next(reader, in), "DEADLINE_EXCEEDED");
      EXPECT_EQ(ByteStream::open_handles(), 1);
    }
    ASSERT_TRUE(reader.Discard(in, kNever).ok());
    EXPECT_EQ(ByteStream::open_handles(), 0);
    EXPECT_EQ(reader.TakeLost(), std::vector<uint64_t>{7});
    EXPECT_EQ(Next(reader, in), "next");
  }
}

// Real messages, of which some bits are turned, cut and doubled: what is received does not depend
// on how the bytes come, and the bytes of a message that is received were sent.
TEST(MessageTest, AnyBytesAreMessagesOrErrors) {
  std::mt19937 random(1);
  const auto number = [&random](size_t below) { return static_cast<size_t>(random() % below); };
  for (int round = 0; round < 3000; ++round) {
    ByteStream out;
    MessageWriter writer;
    const size_t count = 1 + number(4);
    for (size_t i = 0; i < count; ++i) {
      if (number(3) == 0) out.set_room(number(400));
      const absl::Status written = Write(writer, out, Text(number(600)), kEnclosed[number(4)]);
      ASSERT_TRUE(written.ok() || absl::IsDeadlineExceeded(written));
      out.set_room(ByteStream::kAll);
    }
    std::string bytes = out.written();
    for (size_t i = number(4); i > 0 && !bytes.empty(); --i) {
      const size_t at = number(bytes.size());
      switch (number(4)) {
        case 0:
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << number(8)));
          break;
        case 1:
          bytes.resize(at);
          break;
        case 2:
          bytes.insert(at, bytes.substr(at, number(300)));
          break;
        default:
          bytes.erase(at, number(200));
      }
    }
    const std::vector<std::string> all = ReceiveAll(bytes);
    ASSERT_TRUE(all.back() == "OUT_OF_RANGE" || all.back() == "DATA_LOSS");
    const size_t pause = 1 + number(200);
    ASSERT_EQ(ReceiveAll(bytes, pause), all);
    ASSERT_EQ(ReceiveAll(bytes, pause, /*hand_over=*/true), all);
  }
}

}  // namespace
}  // namespace isoproc::internal
