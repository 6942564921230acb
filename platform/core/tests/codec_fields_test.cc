// Plain aggregates by their members, and what may hide in classes that look like bytes.
#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <tuple>
#include <typeindex>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "isoproc/codec.h"
#include "platform/core/tests/round_trip.h"

namespace isoproc {
namespace {

struct Strings {
  int id;
  std::array<std::string, 3> names;
  std::array<std::pair<int, std::string>, 2> pairs;
};
struct Sequel {
  std::optional<std::string> text;
  std::tuple<> nothing;
  std::unique_ptr<int> owned;
};
TEST(CodecFields, KeepsArraysOfObjects) {
  const Strings value = RoundTrip(Strings{1, {"a", "b", "c"}, {{{1, "x"}, {2, "y"}}}});
  EXPECT_EQ(value.names[2], "c");
  EXPECT_EQ(value.pairs[1].second, "y");
  EXPECT_EQ(*Decode<Sequel>(*Encode(Sequel{"t", {}, std::make_unique<int>(5)}))->owned, 5);
}

struct Bits {
  unsigned low : 3;
  unsigned high : 5;
};
struct OneBit {
  unsigned bit : 1;
  double number;
};
struct Constant {
  const int number;
};
TEST(CodecFields, KeepsBitFieldsAndConstants) {
  EXPECT_EQ(RoundTrip(Bits{5, 17}).high, 17);
  EXPECT_EQ(RoundTrip(OneBit{1, 2.5}).bit, 1);
  EXPECT_EQ(RoundTrip(Constant{7}).number, 7);
}

// clang-format off
struct Hundred {
  int a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9;
  int c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9;
  int e0, e1, e2, e3, e4, e5, e6, e7, e8, e9, f0, f1, f2, f3, f4, f5, f6, f7, f8, f9;
  int g0, g1, g2, g3, g4, g5, g6, g7, g8, g9, h0, h1, h2, h3, h4, h5, h6, h7, h8, h9;
  int i0, i1, i2, i3, i4, i5, i6, i7, i8, i9, j0, j1, j2, j3, j4, j5, j6, j7, j8;
  std::string last;
};
// clang-format on
TEST(CodecFields, KeepsAHundredMembers) {
  Hundred value{};
  value.j8 = 3;
  value.last = "end";
  EXPECT_EQ(RoundTrip(value).j8, 3);
  EXPECT_EQ(RoundTrip(value).last, "end");
}

struct HoldsError {
  std::error_code error;
  std::string text;
};
struct HoldsIterator {
  std::vector<int>::iterator place;
};
struct HoldsReference {
  int& reference;
};
struct ConstantAndString {
  const int number;
  std::string text;
};
struct BitsAndString {
  unsigned low : 3;
  unsigned middle : 5;
  unsigned high : 1;
  std::string text;
};
union Number {
  int integer;
  float real;
};
struct HoldsUnion {
  Number number;
  std::string text;
};
class LooksLikeALocation {
 public:
  const char* file_name() const { return name_; }
  const char* function_name() const { return name_; }

 private:
  const char* name_ = nullptr;
};
class LooksLikeACoroutine {
 public:
  void* address() const { return address_; }
  static LooksLikeACoroutine from_address(void*) { return {}; }

 private:
  void* address_ = nullptr;
};
TEST(CodecFields, RefusesWhatMeansSomethingInOneProcessOnly) {
  static_assert(!kTravels<std::error_code>);
  static_assert(!kTravels<std::error_condition>);
  static_assert(!kTravels<std::type_index>);
  static_assert(!kTravels<std::thread::id>);
  static_assert(!kTravels<std::vector<int>::iterator>);
  static_assert(!kTravels<std::list<int>::const_iterator>);
  static_assert(!kTravels<std::string::iterator>);
  static_assert(!kTravels<LooksLikeALocation>);
  static_assert(!kTravels<LooksLikeACoroutine>);
  static_assert(!kTravels<HoldsError>);
  static_assert(!kTravels<HoldsIterator>);
  static_assert(!kTravels<std::weak_ptr<int>>);
  static_assert(!kTravels<std::unique_ptr<int[]>>);
  static_assert(!kTravels<std::shared_ptr<int[]>>);
  static_assert(!kTravels<std::shared_ptr<void>>);
  static_assert(!kTravels<HoldsReference>);
  static_assert(!kTravels<ConstantAndString>);
  static_assert(!kTravels<BitsAndString>);
  static_assert(!kTravels<HoldsUnion>);
  static_assert(!kTravels<std::map<std::string_view, int>>);
  static_assert(!kTravels<std::array<const char*, 2>>);
}

// Types inside it, which say nothing about what its hook writes.
struct Hooked {
  using value_type = Hooked*;
  using element_type = void;
  int value = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(value);
  }
};
TEST(CodecFields, BelievesHooks) {
  Hooked hooked;
  hooked.value = 4;
  EXPECT_EQ(RoundTrip(hooked).value, 4);
}

class Constructed {
 public:
  explicit Constructed(int64_t value) : value_(value) {}
  int64_t value() const { return value_; }
  template <class Archive>
  void save(Archive& archive) const {
    archive(value_);
  }
  template <class Archive>
  static void load_and_construct(Archive& archive, cereal::construct<Constructed>& construct) {
    int64_t value = 0;
    archive(value);
    construct(value);
  }

 private:
  int64_t value_;
};
TEST(CodecFields, KeepsSharedObjectsThatAreConstructed) {
  const auto shared = std::make_shared<Constructed>(7);
  const auto pair = RoundTrip(std::pair(shared, shared));
  EXPECT_EQ(pair.first->value(), 7);
  EXPECT_EQ(pair.first, pair.second);
}
TEST(CodecFields, RefusesASharedPointerOfAnotherTypeThatIsConstructed) {
  using Pair = std::pair<std::shared_ptr<std::string>, std::shared_ptr<Constructed>>;
  std::string bytes = *Encode(Pair(std::make_shared<std::string>("text"), nullptr));
  const uint32_t first = 1;
  bytes.replace(bytes.size() - sizeof(first), sizeof(first), reinterpret_cast<const char*>(&first),
                sizeof(first));
  EXPECT_TRUE(absl::IsDataLoss(Decode<Pair>(bytes).status()));
}

TEST(CodecFields, KeepsArraysOfNothing) {
  EXPECT_EQ(RoundTrip(std::array<int, 0>()), (std::array<int, 0>()));
  EXPECT_TRUE((RoundTrip(std::array<std::string, 0>()).empty()));
}

}  // namespace
}  // namespace isoproc
