// Kills a process at every store to the memory that it shares, and in processes that were started,
// not copied: on every port. Built with platform/testing/crash_atomic.h.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "isoproc/main.h"
#include "isoproc/process.h"
#include "isoproc/process_options.h"
#include "isoproc/wait.h"
#include "platform/testing/crash_atomic.h"
#include "platform/testing/system_support.h"
#include "platform/testing/test_patience.h"
#include "tests/kill/arena_view.h"
#include "tests/kill/driver.h"
#include "tests/kill/play.h"
#include "tests/kill/scenario.h"

namespace isoproc::kill {
namespace {

// What a victim says, and how it is answered: with the number of the store before which it stops;
// 0: none.
constexpr char kBegun = 'b';
constexpr char kStopped = 's';
constexpr char kReturned = 'r';  // and after how many stores

void Say(char word, int64_t number = 0) {
  std::printf("%c%lld\n", word, static_cast<long long>(number));
  std::fflush(stdout);
}

[[noreturn]] void Stay() {
  while (true) std::this_thread::sleep_for(std::chrono::hours(1));
}

void RunVictim(const std::string& name, bool is_first, Objects objects) {
  for (const Scenario& scenario : AllScenarios()) {
    if (scenario.name != name) continue;
    Enter();
    (is_first ? scenario.first : scenario.before)(objects);
    Say(kBegun);
    char answer[32] = {};
    if (std::fgets(answer, sizeof(answer), stdin) == nullptr) return;
    const int64_t last = std::atoll(answer);
    int64_t stores = 0;
    std::function<void()> before_store = [&] {
      if (++stores != last) return;
      internal::crash_point = nullptr;
      Say(kStopped);
      Stay();
    };
    internal::crash_point = &before_store;
    scenario.act(objects);
    internal::crash_point = nullptr;
    Say(kReturned, stores);
    Stay();
  }
}

[[noreturn]] void Fail(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

class StartedVictim : public Victim {
 public:
  StartedVictim(const Scenario& scenario, const Objects& objects, Role role)
      : input_(system_support::MakePipe()), output_(system_support::MakePipe()) {
    ProcessOptions options;
    options.standard_input = StandardStream::FromHandle(input_.read_end);
    options.standard_output = StandardStream::FromHandle(output_.write_end);
    options.standard_error = StandardStream::Inherit();
    options.at_exit = AtExit::kKill;
    process_ =
        Process::Start<RunVictim>(options, scenario.name, role == Role::kFirst, objects).value();
    if (Hear()[0] != kBegun) Fail("the victim says something strange");
  }
  ~StartedVictim() override {
    process_ = Process();
    for (const int64_t end :
         {input_.read_end, input_.write_end, output_.read_end, output_.write_end}) {
      system_support::ClosePipeEnd(end);
    }
  }

  std::optional<int64_t> RunTo(const Point& point) override {
    Answer(point.changes + 1);
    const std::string said = Hear();
    if (said[0] == kStopped) return std::nullopt;
    return std::atoll(said.c_str() + 1);
  }
  std::vector<int64_t> Survey(bool) override {
    Answer(0);
    return std::vector<int64_t>(1 + static_cast<size_t>(std::atoll(Hear().c_str() + 1)));
  }
  void RunOn() override { Answer(0); }
  void Kill() override {
    process_.Kill().IgnoreError();
    // Not Join, which tells this process of the death.
    const Waitable ended = process_.AsWaitable().value();
    Wait({&ended, 1}).value();
  }

 private:
  void Answer(int64_t store) {
    const std::string line = std::to_string(store) + "\n";
    system_support::WritePipe(input_.write_end, line.data(), line.size());
  }
  // A line.
  std::string Hear() const {
    std::string line;
    char next = 0;
    while (next != '\n') {
      if (system_support::ReadPipe(output_.read_end, &next, 1) == 0) Fail("the victim has ended");
      line += next;
    }
    return line;
  }

  system_support::NativePipe input_;
  system_support::NativePipe output_;
  Process process_;
};

std::unique_ptr<Victim> Start(const Scenario& scenario, const Objects& objects, Role role) {
  return std::make_unique<StartedVictim>(scenario, objects, role);
}

}  // namespace
}  // namespace isoproc::kill

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  return isoproc::kill::RunKillTests(
      argc, argv,
      {.start = &isoproc::kill::Start,
       .look_away = [] { isoproc::internal::nobody_looks = true; },
       // As in every_instruction_control_main.cc, without what the port does to wake somebody.
       .controls = {{"lock.free", {}}, {"lock.release_to_sleepers", {2}}}});
}
