// Containers, whose counts may lie, and elements that hold nothing.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <forward_list>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <valarray>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "isoproc/codec.h"
#include "platform/core/tests/round_trip.h"

namespace isoproc {
namespace {

enum class Colour : uint8_t { kRed, kGreen };

struct NothingInside {
  std::monostate first;
  std::tuple<> second;
  friend bool operator==(const NothingInside&, const NothingInside&) = default;
};
struct SaysNothing {
  template <class Archive>
  void serialize(Archive&) {}
  friend bool operator==(const SaysNothing&, const SaysNothing&) = default;
  friend bool operator<(const SaysNothing&, const SaysNothing&) { return false; }
};

template <class T>
void ExpectManyTravel() {
  EXPECT_EQ(RoundTrip(T()), T());
  EXPECT_EQ(RoundTrip(std::vector<T>(1000)).size(), 1000);
  EXPECT_EQ(RoundTrip(std::list<T>(3)).size(), 3);
  EXPECT_EQ(RoundTrip(std::deque<T>(3)), std::deque<T>(3));
  EXPECT_EQ(RoundTrip(std::forward_list<T>(3)), std::forward_list<T>(3));
  EXPECT_EQ((RoundTrip(std::map<int, T>{{1, T()}, {2, T()}}).size()), 2);
  EXPECT_EQ((RoundTrip(std::pair(std::vector<T>(2), 7)).second), 7) << "what follows is not eaten";
}
TEST(CodecSequence, KeepsValuesThatHoldNothing) {
  ExpectManyTravel<std::monostate>();
  ExpectManyTravel<std::tuple<>>();
  ExpectManyTravel<std::array<int, 0>>();
  ExpectManyTravel<std::array<std::monostate, 3>>();
  ExpectManyTravel<std::pair<std::monostate, std::monostate>>();
  ExpectManyTravel<std::variant<std::monostate, int>>();
  ExpectManyTravel<NothingInside>();
  ExpectManyTravel<SaysNothing>();
  EXPECT_EQ(RoundTrip(std::multiset<SaysNothing>{{}, {}}).size(), 2);
  EXPECT_EQ(*RoundTrip(std::make_shared<SaysNothing>()), SaysNothing());
}
TEST(CodecSequence, RefusesToCountNothingForEver) {
  std::string bytes = *Encode(std::vector<std::monostate>(3));
  for (const uint64_t count : {uint64_t{2}, uint64_t{4}, uint64_t{1} << 60}) {
    bytes.replace(sizeof(uint64_t), sizeof(count), reinterpret_cast<const char*>(&count),
                  sizeof(count));
    EXPECT_TRUE(absl::IsDataLoss(Decode<std::vector<std::monostate>>(bytes).status())) << count;
  }
}

// Sequences of every kind, in which the elements are larger than the bytes that they travel as.
TEST(CodecSequence, KeepsSequences) {
  const auto keeps = [](const auto& value) { EXPECT_EQ(RoundTrip(value), value); };
  keeps(std::vector<std::optional<std::string>>{"a", std::nullopt, "b"});
  keeps(std::deque<std::string>{"a", "b"});
  keeps(std::deque<int>{1, 2, 3});
  keeps(std::list<int>{3, 2, 1});
  keeps(std::forward_list<std::string>{"a", "b", "c"});
  keeps(std::vector<double>{1.5, 2.5});
  keeps(std::vector<Colour>{Colour::kGreen, Colour::kRed});
  keeps(std::array<bool, 3>{true, false, true});
  keeps(std::u32string(U"gr\u00fcn"));
  const std::valarray<bool> flags = RoundTrip(std::valarray<bool>{true, false});
  EXPECT_EQ(std::vector<bool>(std::begin(flags), std::end(flags)),
            (std::vector<bool>{true, false}));
  const auto numbers = RoundTrip(std::valarray<int>{1, 2});
  EXPECT_EQ(std::vector<int>(std::begin(numbers), std::end(numbers)), (std::vector<int>{1, 2}));
  const auto words = RoundTrip(std::valarray<std::string>{"a", "b"});
  EXPECT_EQ(words[1], "b");
}

// Counts how much is taken at once, at most.
size_t most_taken = 0;
template <class T>
struct Watched {
  using value_type = T;
  Watched() = default;
  template <class U>
  Watched(const Watched<U>&) {}  // NOLINT(google-explicit-constructor): as allocators are
  T* allocate(size_t count) {
    most_taken = std::max(most_taken, count * sizeof(T));
    return std::allocator<T>().allocate(count);
  }
  void deallocate(T* memory, size_t count) { std::allocator<T>().deallocate(memory, count); }
  friend bool operator==(const Watched&, const Watched&) { return true; }
};
struct Large {
  std::array<char, 4096> room;
  template <class Archive>
  void serialize(Archive& archive) {
    bool there = false;
    archive(there);
  }
};

// A count that the bytes allow, of elements that are no such thing.
template <class Sequence>
void ExpectLittleTaken() {
  constexpr uint64_t kBytes = 200'000;
  std::string bytes = *Encode(Sequence());
  bytes.resize(sizeof(uint64_t));
  bytes.append(reinterpret_cast<const char*>(&kBytes), sizeof(kBytes));
  bytes.append(kBytes, '\2');
  most_taken = 0;
  EXPECT_TRUE(absl::IsDataLoss(Decode<Sequence>(bytes).status()));
  EXPECT_LE(most_taken, 2 * kBytes);
}
TEST(CodecSequence, TakesNoMoreMemoryThanTheBytesJustify) {
  ExpectLittleTaken<std::vector<Large, Watched<Large>>>();
  ExpectLittleTaken<std::deque<Large, Watched<Large>>>();
  ExpectLittleTaken<std::vector<double, Watched<double>>>();
  ExpectLittleTaken<std::basic_string<char32_t, std::char_traits<char32_t>, Watched<char32_t>>>();
}

}  // namespace
}  // namespace isoproc
