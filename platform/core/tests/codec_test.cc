#include "isoproc/codec.h"

#include <array>
#include <atomic>
#include <chrono>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <valarray>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "isoproc/process.h"
#include "platform/core/tests/round_trip.h"

namespace isoproc {
namespace {

struct Plain {
  int id;
  std::string name;
  std::vector<double> values;
  friend bool operator==(const Plain&, const Plain&) = default;
};
struct Tree {
  int value;
  std::vector<Tree> children;
  friend bool operator==(const Tree&, const Tree&) = default;
};
struct Padded {
  char letter;
  int64_t number;
  bool flag;
  friend bool operator==(const Padded&, const Padded&) = default;
};
struct WithArray {
  char name[16];
  int id;
};
struct Empty {};
class NoDefault {
 public:
  explicit NoDefault(int value) : value_(value) {}
  int value() const { return value_; }

 private:
  int value_;
};
class Hooked {
 public:
  int value = 0;
  std::string text;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(value, text);
  }
};
struct OutsideHook {
  int value = 0;
};
template <class Archive>
void serialize(Archive& archive, OutsideHook& hook) {
  archive(cereal::make_nvp("value", hook.value));
}
struct Thrower {
  template <class Archive>
  void save(Archive&) const {
    throw std::runtime_error("will not be written");
  }
  template <class Archive>
  void load(Archive&) {
    throw 42;
  }
};
struct Writable {
  template <class Archive>
  void save(Archive& archive) const {
    archive(1);
  }
  template <class Archive>
  void load(Archive&) {
    throw 42;
  }
};
enum class Colour : uint8_t { kRed, kGreen };

TEST(Codec, KeepsValues) {
  EXPECT_EQ(RoundTrip(int64_t{-5}), -5);
  EXPECT_EQ(RoundTrip(true), true);
  EXPECT_EQ(RoundTrip(std::numeric_limits<double>::infinity()),
            std::numeric_limits<double>::infinity());
  EXPECT_EQ(RoundTrip(Colour::kGreen), Colour::kGreen);
  EXPECT_EQ(RoundTrip(std::string("a\0b", 3)), std::string("a\0b", 3));
  EXPECT_EQ(RoundTrip(std::u16string(u"grün")), u"grün");
  EXPECT_EQ(RoundTrip(std::vector<bool>{true, false, true}),
            (std::vector<bool>{true, false, true}));
  EXPECT_EQ(RoundTrip(std::list<std::string>{"x", ""}), (std::list<std::string>{"x", ""}));
  EXPECT_EQ(RoundTrip(std::map<std::string, std::set<int>>{{"a", {1, 2}}}),
            (std::map<std::string, std::set<int>>{{"a", {1, 2}}}));
  // The order of equal keys is part of the value.
  EXPECT_EQ(RoundTrip(std::multimap<int, int>{{2, 1}, {1, 0}, {2, 3}, {2, 2}}),
            (std::multimap<int, int>{{2, 1}, {1, 0}, {2, 3}, {2, 2}}));
  EXPECT_EQ(RoundTrip(std::unordered_map<int, int>{{1, 2}}),
            (std::unordered_map<int, int>{{1, 2}}));
  EXPECT_EQ(RoundTrip(std::optional<std::string>()), std::nullopt);
  EXPECT_EQ(RoundTrip(std::pair<int, std::string>(1, "b")), (std::pair<int, std::string>(1, "b")));
  EXPECT_EQ(RoundTrip(std::tuple<int, double, std::string>(1, 2.5, "c")),
            (std::tuple<int, double, std::string>(1, 2.5, "c")));
  EXPECT_EQ(RoundTrip(std::variant<int, std::string>("d")), (std::variant<int, std::string>("d")));
  EXPECT_EQ(RoundTrip(std::array<int, 3>{1, 2, 3}), (std::array<int, 3>{1, 2, 3}));
  EXPECT_EQ(RoundTrip(std::chrono::milliseconds(7)), std::chrono::milliseconds(7));
  EXPECT_EQ(RoundTrip(std::complex<double>(1, 2)), std::complex<double>(1, 2));
}

TEST(Codec, TakesPlainAggregatesWithoutBoilerplate) {
  const Plain plain{1, "one", {1.5, 2.5}};
  EXPECT_EQ(RoundTrip(plain), plain);
  const Tree tree{1, {{2, {}}, {3, {{4, {}}}}}};
  EXPECT_EQ(RoundTrip(tree), tree);
  const Padded padded{'x', -1, true};
  EXPECT_EQ(RoundTrip(padded), padded);
  EXPECT_STREQ(RoundTrip(WithArray{"name", 3}).name, "name");
  EXPECT_EQ(RoundTrip(std::vector<Empty>(5)).size(), 5);
}

TEST(Codec, TakesPointersThatOwn) {
  EXPECT_EQ(Decode<std::unique_ptr<Plain>>(*Encode(std::make_unique<Plain>(Plain{1, "p", {}})))
                .value()
                ->name,
            "p");
  EXPECT_EQ(Decode<std::unique_ptr<int>>(*Encode(std::unique_ptr<int>())).value(), nullptr);
  auto shared = std::make_shared<std::string>("s");
  const auto pair = RoundTrip(std::pair(shared, shared));
  EXPECT_EQ(*pair.first, "s");
  EXPECT_EQ(pair.first, pair.second);
}

TEST(Codec, RefusesASharedPointerOfAnotherType) {
  using Pair = std::pair<std::shared_ptr<int64_t>, std::shared_ptr<std::string>>;
  std::string bytes = *Encode(Pair(std::make_shared<int64_t>(7), nullptr));
  const uint32_t first = 1;
  bytes.replace(bytes.size() - sizeof(first), sizeof(first), reinterpret_cast<const char*>(&first),
                sizeof(first));
  EXPECT_TRUE(absl::IsDataLoss(Decode<Pair>(bytes).status()));
}

// One object through pointers of two types: cereal would give both the type that came first.
struct Base {
  int value = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(value);
  }
};
struct Derived : Base {
  std::string text;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(value, text);
  }
};
TEST(Codec, RefusesASharedObjectUnderTwoTypes) {
  using Pair = std::pair<std::shared_ptr<Derived>, std::shared_ptr<Base>>;
  const auto object = std::make_shared<Derived>();
  EXPECT_TRUE(absl::IsDataLoss(Decode<Pair>(*Encode(Pair(object, object))).status()));
  EXPECT_TRUE(Decode<Pair>(*Encode(Pair(object, std::make_shared<Base>()))).ok());
}
struct Polymorphic {
  virtual ~Polymorphic() = default;
  int value = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(value);
  }
};
struct OfPolymorphic : Polymorphic {};
template <template <class> class Pointer>
void ExpectOwnTypeOnly() {
  Pointer<Polymorphic> pointer(new Polymorphic);
  pointer->value = 5;
  EXPECT_EQ(Decode<Pointer<Polymorphic>>(*Encode(pointer)).value()->value, 5);
  pointer.reset(new OfPolymorphic);
  EXPECT_TRUE(absl::IsInvalidArgument(Encode(pointer).status()));
}
template <class T>
using Unique = std::unique_ptr<T>;
TEST(Codec, RefusesAPointerToAnObjectOfADerivedClass) {
  ExpectOwnTypeOnly<Unique>();
  ExpectOwnTypeOnly<std::shared_ptr>();
}

TEST(Codec, TakesClassesByTheirBytesOrHooks) {
  EXPECT_EQ(RoundTrip(NoDefault(7)).value(), 7);
  Hooked hooked;
  hooked.value = 3;
  hooked.text = "t";
  EXPECT_EQ(RoundTrip(hooked).text, "t");
  EXPECT_EQ(RoundTrip(std::vector<OutsideHook>{{4}})[0].value, 4);
}

// What must not travel. A line that compiles here is an error of a user that nobody reports.
struct HoldsPointer {
  int* pointer;
};
struct HoldsView {
  std::string_view view;
};
struct HoldsReference {
  explicit HoldsReference(int& value) : reference(value) {}
  int& reference;
};
struct ArrayAndString {
  char name[4];
  std::string text;
};
TEST(Codec, RefusesTypesThatCannotTravel) {
  static_assert(!kTravels<int*>);
  static_assert(!kTravels<const char*>);
  static_assert(!kTravels<std::string_view>);
  static_assert(!kTravels<absl::string_view>);
  static_assert(!kTravels<std::span<int>>);
  static_assert(!kTravels<absl::Span<const int>>);
  static_assert(!kTravels<std::reference_wrapper<int>>);
  static_assert(!kTravels<std::function<void()>>);
  static_assert(!kTravels<void (*)()>);
  static_assert(!kTravels<std::nullptr_t>);
  static_assert(!kTravels<std::mutex>);
  static_assert(!kTravels<std::thread>);
  static_assert(!kTravels<std::atomic<int>>);
  static_assert(!kTravels<Process>);
  static_assert(!kTravels<HoldsPointer>);
  static_assert(!kTravels<HoldsView>);
  static_assert(!kTravels<HoldsReference>);
  static_assert(!kTravels<ArrayAndString>);
  static_assert(!kTravels<std::vector<int*>>);
  static_assert(!kTravels<std::map<int, std::string_view>>);
  static_assert(!kTravels<std::optional<std::string_view>>);
  static_assert(!kTravels<std::tuple<int, int*>>);
  static_assert(!kTravels<std::pair<int*, int>>);
  static_assert(!kTravels<std::variant<int, int*>>);
  static_assert(!kTravels<std::unique_ptr<int*>>);
}

TEST(Codec, RefusesAnotherType) {
  EXPECT_TRUE(absl::IsDataLoss(Decode<int>(*Encode(1.5f)).status()));
  EXPECT_TRUE(absl::IsDataLoss(Decode<unsigned>(*Encode(1)).status()));
  EXPECT_TRUE(absl::IsDataLoss(Decode<Plain>(std::string()).status()));
}

TEST(Codec, RefusesEveryCutAndEveryAddition) {
  const std::string bytes = *Encode(Plain{1, "one", {1.5, 2.5}});
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(absl::IsDataLoss(Decode<Plain>(bytes.substr(0, size)).status())) << size;
  }
  EXPECT_TRUE(absl::IsDataLoss(Decode<Plain>(bytes + '\0').status()));
}

// Each byte becomes each of several values: a status or a value, and the sanitizers see the rest.
TEST(Codec, SurvivesEveryChangedByte) {
  using Value = std::tuple<Tree, std::vector<std::string>, std::variant<int, bool>,
                           std::shared_ptr<Padded>, std::map<int, std::string>>;
  const std::string bytes =
      *Encode(Value{{1, {{2, {}}}}, {"a", "b"}, true, std::make_shared<Padded>(), {{1, "x"}}});
  int refused = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const int change : {0x01, 0x7f, 0x80, 0xff}) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ change);
      if (!Decode<Value>(changed).ok()) ++refused;
    }
  }
  EXPECT_GT(refused, 100);
}

TEST(Codec, RefusesCountsThatLie) {
  std::string bytes = *Encode(std::vector<std::string>{"abc"});
  const uint64_t huge = uint64_t{1} << 60;
  bytes.replace(sizeof(uint64_t), sizeof(huge), reinterpret_cast<const char*>(&huge), sizeof(huge));
  EXPECT_TRUE(absl::IsDataLoss(Decode<std::vector<std::string>>(bytes).status()));
}

TEST(Codec, RefusesABoolThatIsNone) {
  std::string bytes = *Encode(true);
  bytes.back() = 2;
  EXPECT_TRUE(absl::IsDataLoss(Decode<bool>(bytes).status()));
  bytes = *Encode(std::array<bool, 2>{true, true});
  bytes.back() = 2;
  EXPECT_TRUE(absl::IsDataLoss((Decode<std::array<bool, 2>>(bytes).status())));
  bytes = *Encode(std::valarray<bool>(true, 2));
  bytes.back() = 2;
  EXPECT_TRUE(absl::IsDataLoss(Decode<std::valarray<bool>>(bytes).status()));
}

struct Link {
  std::unique_ptr<Link> next;
};
TEST(Codec, KeepsLists) {
  Link list;
  for (int i = 0; i < 400; ++i) list = Link{std::make_unique<Link>(std::move(list))};
  EXPECT_TRUE(Decode<Link>(*Encode(list)).ok());
}
TEST(Codec, RefusesToNestForEver) {
  // A list that ends nowhere: each byte says that one more follows.
  std::string bytes = *Encode(Link{});
  bytes.resize(bytes.size() - 1);
  bytes.append(1'000'000, '\1');
  EXPECT_TRUE(absl::IsDataLoss(Decode<Link>(bytes).status()));
}

TEST(Codec, TurnsThrowingHooksIntoStatuses) {
  EXPECT_TRUE(absl::IsInvalidArgument(Encode(Thrower()).status()));
  EXPECT_TRUE(absl::IsDataLoss(Decode<Writable>(*Encode(Writable())).status()));
}

TEST(Codec, KeepsAHundredMegabytes) {
  const std::string big(100'000'000, 'x');
  EXPECT_EQ(RoundTrip(big), big);
}

}  // namespace
}  // namespace isoproc
