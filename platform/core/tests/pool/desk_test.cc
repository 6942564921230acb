// The desk of a worker: what is laid on it comes back, whole and in order, and nothing else.
#include "platform/core/pool/desk.h"

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "platform/core/shared/shared_block.h"

namespace isoproc::internal {
namespace {

class DeskTest : public testing::Test {
 protected:
  std::shared_ptr<SharedBlock> desk_ = MakeDesk().value();
  DeskWriter writer_{desk_};
  DeskReader reader_{desk_};
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
      ++taken;
    }
    ++put;
  }
  EXPECT_TRUE(was_full);
}

TEST_F(DeskTest, NonsenseIsSeen) {
  for (const uint64_t word : {~uint64_t{0}, uint64_t{1} << 20, uint64_t{5}, uint64_t{24}}) {
    const std::shared_ptr<SharedBlock> desk = MakeDesk().value();
    DeskReader reader(desk);
    std::memset(desk->bytes().data(), 0xff, desk->bytes().size());
    std::memcpy(desk->bytes().data() + sizeof(uint64_t), &word, sizeof(word));
    EXPECT_FALSE(reader.Take(0).has_value());
    EXPECT_TRUE(reader.is_broken()) << word;
  }
}

}  // namespace
}  // namespace isoproc::internal
