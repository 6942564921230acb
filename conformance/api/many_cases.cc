// Many children, one after the other and at once: all end as they should, nothing is left.
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "conformance/api/process_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "conformance/harness/temp_dir.h"
#include "conformance/port/support.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "isoproc/process.h"
#include "isoproc/process_info.h"
#include "isoproc/process_options.h"
#include "isoproc/wait.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {
namespace {

// Where a start takes 0.1 s and not 0.002 s, there are fewer.
struct Scale {
  int alive_at_once;
  int cycles;
};
Scale ScaleOfThisPort() {
  static const std::map<std::string, Scale>& slow =
      *new std::map<std::string, Scale>{{"win32", {24, 12}}};
  const auto found = slow.find(TestPort().capabilities().profile);
  return found == slow.end() ? Scale{100, 40} : found->second;
}
constexpr int kStressCycles = 10000;

ISOPROC_CASE(Lifetime, PROC_55, ManyAtOnce) {
  const int count = ScaleOfThisPort().alive_at_once;
  std::vector<Process> processes;
  std::vector<Waitable> ends;
  for (int i = 0; i < count; ++i) {
    ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitStop>(Killable(), i & 0x7F));
    ASSERT_OK_AND_ASSIGN(const Waitable end, process.AsWaitable());
    processes.push_back(std::move(process));
    ends.push_back(end);
  }
  EXPECT_CODE(Wait(ends, absl::ZeroDuration()), kDeadlineExceeded) << "all are alive";
  EXPECT_GE(ActiveChildren().size(), static_cast<size_t>(count));
  for (int i = 1; i < count; i += 2) ASSERT_OK(processes[static_cast<size_t>(i)].Terminate());
  for (int i = 0; i < count; ++i) {
    Process& process = processes[static_cast<size_t>(i)];
    if (i % 2 == 0) {
      EXPECT_EQ(Show(process.Stop(GetEnvironment().patience)), absl::StrCat("exited ", i & 0x7F));
    } else {
      EXPECT_EQ(EndOf(process), "signalled 15 (SIGTERM)");
    }
  }
}

void SayHandles() { Say(absl::StrCat(system_support::CountHandles())); }

// As many as a child of this process has.
int HandlesOfAChild() {
  SystemPipe output;
  absl::StatusOr<Process> process = Process::Start<SayHandles>(Into(output));
  EXPECT_OK(process);
  int count = 0;
  EXPECT_TRUE(absl::SimpleAtoi(output.ReadLine(), &count));
  return count;
}

ISOPROC_CASE(Lifetime, PROC_56, SiblingsAddNoHandles) {
  constexpr int kSiblings = 8;
  const int few = HandlesOfAChild();
  EXPECT_GT(few, 0);
  std::vector<Process> siblings;
  for (int i = 0; i < kSiblings; ++i) {
    ASSERT_OK_AND_ASSIGN(Process sibling, Process::Start<AwaitStop>(Killable(), 0));
    siblings.push_back(std::move(sibling));
  }
  // Systems that count what threads and libraries open may differ by one or two.
  EXPECT_LT(HandlesOfAChild(), few + kSiblings);
}

// One child, ended in the way that `i` says: half of them by force, at some moment of their life.
// Gives false if it did not end as it should.
bool StartAndEnd(int i) {
  switch (i % 6) {
    case 0: {
      return EndOf(Process::Start<Return>(Killable(), 5)) == "exited 5";
    }
    case 1: {  // killed while it comes to life
      absl::StatusOr<Process> process = Process::Start<AwaitStop>(Killable(), 5);
      return process.ok() && process->Kill().ok() && EndOf(*process) == "signalled 9 (SIGKILL)";
    }
    case 2: {
      absl::StatusOr<Process> process = Process::Start<AwaitStop>(Killable(), 5);
      return process.ok() && Show(process->Stop(absl::Minutes(1))) == "exited 5";
    }
    case 3: {  // by its destructor
      return Process::Start<AwaitStop>(Killable(), 5).ok();
    }
    case 4: {  // not joined at all
      ProcessOptions options;
      options.detached = true;
      return Process::Start<DoNothing>(options).ok();
    }
    default: {  // before it could take over its target, or some time after that
      ProcessOptions options = Killable();
      options.start_timeout = absl::Microseconds(i % 7 * 300);
      const absl::Status status = Process::Start<AwaitStop>(options, 5).status();
      return status.ok() || absl::IsDeadlineExceeded(status);
    }
  }
}

// Gives 0 if everything is as before.
int StartAndEndMany(int cycles) {
  GetEnvironment().patience /= 4;  // what is left is told before the case gives up
  absl::StatusOr<Process> first = Process::Start<DoNothing>();  // what is made once and kept
  if (!first.ok() || !Await(*first).ok() || !first->Close().ok()) return 1;
  const int handles = system_support::CountHandles();
  const int mappings = system_support::CountMappings();
  const int names = system_support::CountSharedMemoryNames();
  const int children = system_support::CountChildren();
  for (int i = 0; i < cycles; ++i) {
    if (!StartAndEnd(i)) return 2;
  }
  // Detached children are reaped by a later start, when they have ended; ActiveChildren would reap
  // them as well.
  const bool clean = Eventually([&] {
    absl::StatusOr<Process> last = Process::Start<DoNothing>();
    return last.ok() && Await(*last).ok() && last->Close().ok() &&
           system_support::CountChildren() == children;
  });
  if (!clean || !ActiveChildren().empty()) return 3;
  // The system may close what it was asked to close a little later.
  if (!Eventually([&] { return system_support::CountHandles() <= handles; })) return 4;
  // The standard library maps and keeps some for itself.
  constexpr int kSlack = 8;
  if (system_support::CountMappings() > mappings + kSlack) return 5;
  // Other programs that run at this time have names for an instant.
  if (!Eventually([&] { return system_support::CountSharedMemoryNames() <= names; })) return 6;
  return 0;
}

ISOPROC_CASE(Lifetime, LIFE_01, NothingIsLeft) {
  // Whatever would be left in the directories for temporary files is seen there.
  const TempDir dir;
  ProcessOptions options = Killable();
  options.environment.emplace();
  for (const char* name : {"TMPDIR", "TEMP", "TMP", "XDG_RUNTIME_DIR"}) {
    (*options.environment)[name] = dir.path().string();
  }
  const int cycles = GetEnvironment().stress ? kStressCycles : ScaleOfThisPort().cycles;
  const std::string end = EndOf(Process::Start<StartAndEndMany>(options, cycles));
  EXPECT_EQ(end, "exited 0")
      << "2: an end, 3: children, 4: handles, 5: mappings, 6: names of shared memory";
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
  Observe("end", end);
}

ISOPROC_CASE(Lifetime, LIFE_02, ThreadsStartAtOnce) {
  constexpr int kThreads = 6;
  constexpr int kEach = 2;
  std::vector<std::vector<std::string>> ends(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([t, &mine = ends[static_cast<size_t>(t)]] {
      for (int i = 0; i < kEach; ++i) {
        mine.push_back(EndOf(Process::Start<Return>(Killable(), t * kEach + i)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int t = 0; t < kThreads; ++t) {
    for (int i = 0; i < kEach; ++i) {
      EXPECT_EQ(ends[static_cast<size_t>(t)][static_cast<size_t>(i)],
                absl::StrCat("exited ", t * kEach + i));
    }
  }
}

// Threads start, end and look at children, their own and those of others.
ISOPROC_CASE(Lifetime, LIFE_02_2, ThreadsStartAndEndAtOnce) {
  std::vector<std::thread> threads;
  std::vector<int> failures(4, 0);
  for (size_t t = 0; t < failures.size(); ++t) {
    threads.emplace_back([t, &failed = failures[t]] {
      for (int i = 0; i < 4; ++i) {
        if (!StartAndEnd(static_cast<int>(t) + i)) ++failed;
        for (const ProcessInfo& child : ActiveChildren()) (void)child.IsAlive();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(failures, testing::Each(0));
}

}  // namespace
}  // namespace isoproc::conformance
