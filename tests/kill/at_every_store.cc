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

#include "absl/time/time.h"
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

// What a victim says, and how it is answered: with the number of a point.
constexpr char kBegun = 'b';
constexpr char kStopped = 's';
constexpr char kReturned = 'r';  // and after how many points

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
    const int64_t point = std::atoll(answer);
    int64_t stores = 0;
    std::function<void()> before_store = [&] {
      if (++stores != point) return;
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

  std::optional<int64_t> RunTo(int64_t n) override {
    Answer(n);
    const std::string said = Hear();
    if (said[0] == kStopped) return std::nullopt;
    return std::atoll(said.c_str() + 1);
  }
  void RunOn() override { Answer(0); }
  void Kill() override {
    process_.Kill().IgnoreError();
    // Not Join, which tells this process of the death.
    const Waitable ended = process_.AsWaitable().value();
    Wait({&ended, 1}).value();
  }

 private:
  void Answer(int64_t point) {
    const std::string line = std::to_string(point) + "\n";
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

// The negative control: nobody is told of a death and nobody looks, so that survivors must hang,
// and be late. Whether as many do as have to.
bool HangsAt(int64_t expected, const std::string& name) {
  int64_t failures = 0;
  for (const Scenario& scenario : AllScenarios()) {
    if (scenario.name != name) continue;
    std::optional<int64_t> points;
    for (int64_t point = 1; !points.has_value(); ++point) {
      const Verdict verdict = Play(scenario, Start, {.point = point}, absl::Seconds(1));
      points = verdict.points;
      failures += verdict.problems.empty() ? 0 : 1;
    }
  }
  std::printf("%s: %lld points fail if nobody looks\n", name.c_str(),
              static_cast<long long>(failures));
  return failures == expected;
}

int RunControl() {
  internal::nobody_looks = true;
  // Between taking a lock and releasing it; and between the choice of a sleeper and its wake.
  // (Between the release and that choice, the next owner's release wakes.)
  const bool free = HangsAt(1, "lock.free");
  const bool sleepers = HangsAt(2, "lock.release_to_sleepers");
  return free && sleepers ? 0 : 1;
}

}  // namespace
}  // namespace isoproc::kill

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  if (argc == 2 && std::string(argv[1]) == "--nobody-looks") return isoproc::kill::RunControl();
  return isoproc::kill::RunKillTests(argc, argv, &isoproc::kill::Start);
}
