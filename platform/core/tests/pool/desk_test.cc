// The desk of a worker: what is laid on it comes back, whole and in order, and nothing else.
#include "platform/core/pool/desk.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "platform/core/pool/blocks.h"
#include "platform/core/shared/shared_block.h"

namespace isoproc::internal {
namespace {

class DeskTest : public testing::Test {
 protected:
  std::shared_ptr<SharedBlock> desk_ = MakeDesk().value();
  DeskOfWorker writer_{desk_};
  DeskOfPool reader_{desk_};
};

TEST_F(DeskTest, ResultsComeBack) {
  EXPECT_EQ(reader_.begun(), 0u);
  EXPECT_FALSE(reader_.Take(0).has_value());
  writer_.Begin();
  EXPECT_EQ(reader_.begun(), 1u);
  EXPECT_FALSE(reader_.Take(0).has_value()) << "begun is not done";
  ASSERT_TRUE(writer_.Put(3, "result"));
  const auto result = reader_.Take(0);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->bytes, "result");
  EXPECT_EQ(result->flags, 3u);
  EXPECT_FALSE(reader_.Take(1).has_value());
}

TEST_F(DeskTest, OneThatCameOtherwiseComesFirst) {
  writer_.Begin();
  EXPECT_FALSE(writer_.Put(0, std::string(kMostOnDesk + 1, 'x')));
  writer_.Begin();
  ASSERT_TRUE(writer_.Put(0, "second"));
  EXPECT_FALSE(reader_.Take(0).has_value());
  EXPECT_FALSE(reader_.is_broken());
  EXPECT_EQ(reader_.Take(1)->bytes, "second");
}

// Of all sizes, so that they lie across the end in all ways.
TEST_F(DeskTest, GoesRoundAndRound) {
  uint64_t put = 0;
  uint64_t taken = 0;
  const auto text = [](uint64_t number) {
    return std::string(static_cast<size_t>(number * 37 % (kMostOnDesk + 1)),
                       static_cast<char>('a' + number % 26));
  };
  bool was_full = false;
  while (taken < 2000) {
    writer_.Begin();
    while (!writer_.Put(0, text(put))) {
      was_full = true;
      const auto result = reader_.Take(taken);
      ASSERT_TRUE(result.has_value());
      ASSERT_EQ(result->bytes, text(taken));
      reader_.Clear();
      ++taken;
    }
    ++put;
  }
  EXPECT_TRUE(was_full);
}

TEST_F(DeskTest, NonsenseIsSeen) {
  // More than there can be, of what would be results; then what is none.
  for (const auto& [written, rest] : {std::pair{~uint64_t{0}, 0}, std::pair{uint64_t{1} << 20, 0},
                                      std::pair{uint64_t{5}, 0}, std::pair{uint64_t{16}, 0xff}}) {
    const std::shared_ptr<SharedBlock> desk = MakeDesk().value();
    DeskOfPool reader(desk);
    std::memset(desk->bytes().data(), rest, desk->bytes().size());
    std::memcpy(desk->bytes().data() + sizeof(uint64_t), &written, sizeof(written));
    EXPECT_FALSE(reader.Take(0).has_value());
    EXPECT_TRUE(reader.is_broken()) << written;
  }
}

TEST_F(DeskTest, ChunkComesToWhoIsAwake) {
  EXPECT_FALSE(writer_.has_chunk());
  ChunkNote note = {};
  note.messages = 3;
  note.size = 5;
  EXPECT_FALSE(reader_.Give(note, [](std::byte* into) { std::memcpy(into, "items", 5); }));
  ASSERT_TRUE(writer_.has_chunk());
  EXPECT_FALSE(writer_.FallAsleep()) << "there is a chunk";
  EXPECT_EQ(writer_.TakeChunk().messages, 3u);
  EXPECT_EQ(std::memcmp(writer_.items(5).data(), "items", 5), 0);
  EXPECT_FALSE(writer_.has_chunk());
}

TEST_F(DeskTest, WhoSleepsIsRungForOnce) {
  const auto nothing = [](std::byte*) {};
  ASSERT_TRUE(writer_.FallAsleep());
  EXPECT_TRUE(reader_.Give({}, nothing));
  writer_.TakeChunk();
  EXPECT_FALSE(reader_.Give({}, nothing)) << "it was rung for";
  writer_.TakeChunk();
  ASSERT_TRUE(writer_.FallAsleep());
  writer_.WakeUp();
  EXPECT_FALSE(reader_.Give({}, nothing)) << "it woke by itself";

  EXPECT_FALSE(writer_.MustRing());
  reader_.FallAsleep();
  EXPECT_TRUE(writer_.MustRing());
  EXPECT_FALSE(writer_.MustRing());
  reader_.FallAsleep();
  reader_.WakeUp();
  EXPECT_FALSE(writer_.MustRing());
}

TEST_F(DeskTest, BlockIsThePoolsUntilItIsReturned) {
  EXPECT_TRUE(writer_.has_block(1));
  writer_.LendBlock(1);
  EXPECT_FALSE(writer_.has_block(1));
  EXPECT_TRUE(writer_.has_block(0));
  reader_.ReturnBlock(1);
  EXPECT_TRUE(writer_.has_block(1));
  EXPECT_FALSE(writer_.IsLost(1));
  writer_.LendBlock(1);
  std::shared_ptr<SharedBlock> result = reader_.ReturnedLater(1, SharedBlock::Create(1).value());
  EXPECT_FALSE(writer_.has_block(1));
  result = nullptr;
  EXPECT_TRUE(writer_.has_block(1));
  writer_.LendBlock(1);
  reader_.LoseBlock(1);
  EXPECT_TRUE(writer_.has_block(1));
  EXPECT_TRUE(writer_.IsLost(1));
  EXPECT_FALSE(writer_.IsLost(1)) << "once";
}

// ---- blocks -------------------------------------------------------------------------------------

bool Any(uint32_t) { return true; }
bool None(uint32_t) { return false; }

TEST(BlockShelf, WhatIsKeptIsUsedAgain) {
  BlockShelf shelf;
  const BlockShelf::Loan first = shelf.Take(100'000, Any).value();
  EXPECT_NE(first.place, BlockShelf::kOnce);
  EXPECT_TRUE(first.is_new);
  EXPECT_TRUE(shelf.Take(100'000, Any)->is_new) << "the other side was not told";
  shelf.IsKnown(first.place);
  const BlockShelf::Loan again = shelf.Take(110'000, Any).value();
  EXPECT_EQ(again.block, first.block);
  EXPECT_FALSE(again.is_new);
  // What is larger takes another place, then one of theirs.
  const BlockShelf::Loan larger = shelf.Take(1'000'000, Any).value();
  EXPECT_NE(larger.place, first.place);
  EXPECT_TRUE(larger.is_new);
  const BlockShelf::Loan largest = shelf.Take(3'000'000, Any).value();
  EXPECT_NE(largest.place, BlockShelf::kOnce);
  EXPECT_TRUE(largest.is_new);
  EXPECT_GE(largest.block->bytes().size(), 3'000'000u);
}

TEST(BlockShelf, OthersServeOnce) {
  BlockShelf shelf;
  EXPECT_EQ(shelf.Take(100, None)->place, BlockShelf::kOnce);
  const BlockShelf::Loan huge = shelf.Take(BlockShelf::kMostKept + 1, Any).value();
  EXPECT_EQ(huge.place, BlockShelf::kOnce);
  EXPECT_EQ(huge.block.use_count(), 1);
}

}  // namespace
}  // namespace isoproc::internal
