#include "platform/core/target_registry.h"

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "isoproc/internal/target.h"

namespace isoproc::internal {
namespace {

absl::StatusOr<Call> BindNothing(absl::Span<const std::byte>, const Delivery&) {
  return absl::UnimplementedError("never called");
}

TEST(TargetRegistry, FindsATargetByItsName) {
  const Target target("one", 1, &BindNothing);
  const TargetName name = NameOf(target);
  EXPECT_EQ(name.name, "one");
  EXPECT_EQ(name.namesakes, 1);
  EXPECT_EQ(FindTarget(name).value(), &target);
  EXPECT_TRUE(absl::IsNotFound(FindTarget({.name = "another"}).status()));
}

TEST(TargetRegistry, TellsNamesakesApartByFileAndOrder) {
  const Target left("same", 1, &BindNothing);
  const Target right("same", 2, &BindNothing);
  const Target twin("same", 2, &BindNothing);
  EXPECT_EQ(NameOf(twin).ordinal, 1);
  EXPECT_EQ(NameOf(twin).namesakes, 3);
  for (const Target* target : {&left, &right, &twin}) {
    EXPECT_EQ(FindTarget(NameOf(*target)).value(), target);
  }
  EXPECT_TRUE(absl::IsNotFound(FindTarget({.name = "same", .file = 3}).status()));
}

// As when a shared library is unloaded, and loaded again elsewhere.
TEST(TargetRegistry, ForgetsWhatIsUnloaded) {
  std::string text = "of a library";
  auto target = std::make_unique<Target>(text.c_str(), 1, &BindNothing);
  const TargetName name = NameOf(*target);
  target.reset();
  text.assign(text.size(), '?');
  EXPECT_TRUE(absl::IsNotFound(FindTarget(name).status()));
  const Target again("of a library", 1, &BindNothing);
  EXPECT_EQ(NameOf(again).namesakes, 1);
  EXPECT_EQ(NameOf(again).ordinal, 0);
  EXPECT_EQ(FindTarget(name).value(), &again);
}

// At the end of a program targets go in the reverse order; what is left has the name by which a
// child knows it.
TEST(TargetRegistry, NamesStayWhileTheProgramEnds) {
  const Target first("ends", 1, &BindNothing);
  auto second = std::make_unique<Target>("ends", 1, &BindNothing);
  EXPECT_EQ(NameOf(*second).ordinal, 1);
  second.reset();
  EXPECT_EQ(NameOf(first).ordinal, 0);
}

}  // namespace
}  // namespace isoproc::internal
