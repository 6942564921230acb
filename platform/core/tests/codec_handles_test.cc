// Handles of shared objects do not travel as bytes alone.
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "isoproc/array.h"
#include "isoproc/codec.h"
#include "isoproc/sync.h"
#include "isoproc/value.h"

namespace isoproc {
namespace {

template <class... Ts>
inline constexpr bool kOnlyAtStart = ((kTravels<Ts> && !kTravelsAsBytes<Ts>)&&...);

struct Inner {
  std::string name;
  std::optional<Event> event;
};
struct Outer {
  int number;
  Inner inner;
};
struct Tree {
  std::vector<Tree> branches;
  std::shared_ptr<Lock> lock;
};
struct Plain {
  std::vector<Plain> parts;
  std::string name;
};
// What its hooks do, its type does not tell.
class Hidden {
 public:
  template <class Archive>
  void serialize(Archive& archive) {
    archive(lock_);
  }

 private:
  Lock lock_;
};

TEST(CodecHandles, TypesThatHoldOneAreKnown) {
  static_assert(kOnlyAtStart<Lock, RLock, Semaphore, BoundedSemaphore, Event, Condition, Barrier>);
  static_assert(kOnlyAtStart<Value<int>, RawValue<int>, Array<int>, RawArray<int>>);
  static_assert(kOnlyAtStart<std::vector<Lock>, std::map<int, Lock>, std::pair<int, Value<char>>>);
  static_assert(kOnlyAtStart<std::tuple<int, std::list<Barrier>>, std::variant<int, Condition>>);
  static_assert(kOnlyAtStart<std::shared_ptr<Event>, std::unique_ptr<Semaphore>>);
  static_assert(kOnlyAtStart<Inner, Outer, Tree>);
  static_assert(kTravelsAsBytes<Plain> && kTravelsAsBytes<std::string> && kTravelsAsBytes<int>);
  static_assert(kTravelsAsBytes<Hidden>);
  static_assert(!kTravelsAsBytes<int*> && !kTravelsAsBytes<std::vector<const char*>>);
}

TEST(CodecHandles, WhatAHookGivesAwayIsRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(Encode(Hidden()).status()));
}

}  // namespace
}  // namespace isoproc
