// Kills a process at every instruction of what it does with shared objects.
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>

#include "isoproc/main.h"
#include "platform/testing/stepped_copy.h"
#include "tests/kill/arena_view.h"
#include "tests/kill/driver.h"
#include "tests/kill/play.h"
#include "tests/kill/scenario.h"

namespace isoproc::kill {
namespace {

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

  std::optional<int64_t> RunTo(int64_t n) override { return copy_.Step(n); }
  void RunOn() override { copy_.Continue(); }
  void Kill() override { copy_.Kill(); }

 private:
  Objects objects_;
  system_support::SteppedCopy copy_;
};

}  // namespace
}  // namespace isoproc::kill

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  if (!isoproc::system_support::SteppedCopy::IsAllowed()) {
    std::printf("SKIPPED: this system does not let a program step through another\n");
    return 0;
  }
  return isoproc::kill::RunKillTests(
      argc, argv,
      [](const isoproc::kill::Scenario& scenario, const isoproc::kill::Objects& objects,
         isoproc::kill::Role role) {
        return std::make_unique<isoproc::kill::SteppedVictim>(scenario, objects, role);
      });
}
