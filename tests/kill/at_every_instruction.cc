// Kills a process at every instruction of what it does with shared objects.
#include "tests/kill/at_every_instruction.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "isoproc/main.h"
#include "platform/testing/stepped_copy.h"
#include "tests/kill/arena_view.h"
#include "tests/kill/driver.h"
#include "tests/kill/play.h"
#include "tests/kill/scenario.h"

namespace isoproc::kill {
namespace {

// About as many as there are between two changes.
constexpr int64_t kSomeInstructions = 64;

// Has copies of all handles, as it is a copy of the surviving process.
class SteppedVictim : public Victim {
 public:
  SteppedVictim(const Scenario& scenario, const Objects& objects, Role role)
      : objects_(objects),
        copy_(
            [&] {
              if (role == Role::kVictim && !scenario.registered) return;
              Enter();
              (role == Role::kFirst ? scenario.first : scenario.before)(objects_);
            },
            [&] { scenario.act(objects_); }) {}

  std::optional<int64_t> RunTo(const Point& point) override {
    return copy_.RunTo(point.changes, point.instructions);
  }
  std::vector<int64_t> Survey(bool exactly) override {
    if (exactly) return copy_.Survey();
    const int64_t changes = *copy_.RunTo((std::numeric_limits<int64_t>::max)(), 0);
    return std::vector<int64_t>(1 + static_cast<size_t>(changes), kSomeInstructions);
  }
  void RunOn() override { copy_.Continue(); }
  void Kill() override { copy_.Kill(); }

 private:
  Objects objects_;
  system_support::SteppedCopy copy_;
};

}  // namespace

int KillAtEveryInstruction(int argc, char** argv, Program program) {
  Init(argc, argv);
  const std::string why_not = system_support::SteppedCopy::WhyNot();
  if (!why_not.empty()) {
    std::printf("SKIPPED: %s\n", why_not.c_str());
    return kSkipped;
  }
  program.start = [](const Scenario& scenario, const Objects& objects, Role role) {
    return std::make_unique<SteppedVictim>(scenario, objects, role);
  };
  return RunKillTests(argc, argv, program);
}

}  // namespace isoproc::kill
