// Each Win32 call fails once, at every position: the status is as documented, no process is left
// and no handle is leaked.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/termination.h"
#include "platform/port/port.h"
#include "platform/testing/system_support.h"
#include "win32/syscalls.h"
#include "win32/tests/support.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

const ChildProgram kUntilTheEnd("until-the-end", [](ChildContext& context) {
  ReceiveLine(*context.stream);
  return 0;
});

// Counts calls and lets one fail.
struct Faults {
  static inline int calls = 0;
  static inline int failing = 0;  // the first is 1; 0: none
  static inline DWORD error = 0;
  static inline bool fired = false;

  static bool Now() {
    if (++calls != failing) return false;
    fired = true;
    ::SetLastError(error);
    return true;
  }
};

// An entry of the table that fails on demand. kTag tells entries of the same type apart.
template <int kTag, typename Function>
struct Wrapped;
template <int kTag, typename Result, typename... Arguments>
struct Wrapped<kTag, Result(WINAPI*)(Arguments...)> {
  static inline Result(WINAPI* original)(Arguments...) = nullptr;
  static inline Result failure = Result();
  static Result WINAPI Call(Arguments... arguments) {
    if (Faults::Now()) return failure;
    return original(arguments...);
  }
};

template <int kTag, typename Function>
void Wrap(Function& entry,
          std::type_identity_t<decltype(Wrapped<kTag, Function>::failure)> failure = {}) {
  Wrapped<kTag, Function>::original = entry;
  Wrapped<kTag, Function>::failure = failure;
  entry = &Wrapped<kTag, Function>::Call;
}

class ScopedFaults {
 public:
  ScopedFaults() : saved_(sys) {
    Wrap<0>(sys.create_event);
    Wrap<1>(sys.create_file, INVALID_HANDLE_VALUE);
    Wrap<2>(sys.create_file_mapping);
    Wrap<3>(sys.create_job_object);
    Wrap<4>(sys.create_named_pipe, INVALID_HANDLE_VALUE);
    Wrap<5>(sys.create_process);
    Wrap<6>(sys.duplicate_handle);
    Wrap<7>(sys.get_exit_code_process);
    Wrap<8>(sys.get_file_attributes, INVALID_FILE_ATTRIBUTES);
    Wrap<9>(sys.initialize_attribute_list);
    Wrap<10>(sys.map_view_of_file);
    Wrap<11>(sys.open_process);
    Wrap<12>(sys.peek_named_pipe);
    Wrap<13>(sys.read_file);
    Wrap<14>(sys.register_wait);
    Wrap<15>(sys.set_handle_information);
    Wrap<16>(sys.set_information_job_object);
    Wrap<17>(sys.terminate_job_object);
    Wrap<18>(sys.terminate_process);
    Wrap<19>(sys.update_attribute);
    Wrap<20>(sys.wait_for_multiple_objects, WAIT_FAILED);
    Wrap<21>(sys.wait_for_single_object, WAIT_FAILED);
    Wrap<22>(sys.write_file);
    Wrap<23>(sys.create_mutex);
    Wrap<24>(sys.open_file_mapping);
  }
  ScopedFaults(const ScopedFaults&) = delete;
  ScopedFaults& operator=(const ScopedFaults&) = delete;
  ~ScopedFaults() { sys = saved_; }

 private:
  const Syscalls saved_;
};

// Runs `scenario` again and again, with the first, the second, ... call failing with `error`, until
// it ran without a failure. `scenario` gets no error unless a fault fired; `slack` handles may be
// new.
int FailEach(DWORD error, const std::function<absl::Status()>& scenario,
             const std::vector<absl::StatusCode>& documented, int slack = 0) {
  const ScopedFaults faults;
  Faults::error = error;
  Faults::failing = 0;
  EXPECT_TRUE(scenario().ok());
  // The first error of a process loads the texts of errors, which takes handles.
  Faults::calls = 0;
  Faults::failing = 1;
  scenario().IgnoreError();
  Faults::failing = 0;
  const int before = system_support::CountHandles();
  for (int n = 1;; ++n) {
    Faults::calls = 0;
    Faults::failing = n;
    Faults::fired = false;
    const absl::Status status = scenario();
    Faults::failing = 0;
    // The thread pool comes and goes as it likes.
    EXPECT_LE(system_support::CountHandles(), before + slack) << "call " << n << ", " << status;
    if (!Faults::fired) {
      EXPECT_TRUE(status.ok()) << status;
      return n - 1;
    }
    if (!status.ok()) {
      EXPECT_THAT(documented, testing::Contains(status.code())) << "call " << n << ", " << status;
    }
    if (n > 1000 || testing::Test::HasFailure()) return n;
  }
}

// Starts a child, waits in vain, kills it and waits. After a failure, what exists is ended without
// faults.
absl::Status SpawnKillWait(SpawnRequest request, bool tree) {
  absl::StatusOr<StartedChild> child = Start(std::move(request));
  if (!child.ok()) return child.status();
  const auto finish = [&](absl::Status status) {
    Faults::failing = 0;
    EXPECT_TRUE(child->process->Kill(9).ok());
    const absl::StatusOr<Termination> end = child->process->Wait(Generous());
    EXPECT_TRUE(end.ok()) << end.status();
    return status;
  };
  const absl::StatusOr<Termination> early = child->process->Wait(Expired());
  if (!absl::IsDeadlineExceeded(early.status())) return finish(early.status());
  if (absl::Status status = tree ? child->process->KillTree(15) : child->process->Kill(15);
      !status.ok()) {
    return finish(status);
  }
  const absl::StatusOr<Termination> end = child->process->Wait(Generous());
  if (!end.ok()) return finish(end.status());
  EXPECT_EQ(*end, (Termination{Termination::Kind::kSignalled, 15}));
  return absl::OkStatus();
}

TEST(FaultTest, SpawnKillWait) {
  SpawnRequest request = RequestFor(kUntilTheEnd);
  request.working_directory = "C:\\";
  const int calls =
      FailEach(ERROR_NO_SYSTEM_RESOURCES, [&] { return SpawnKillWait(request, /*tree=*/false); },
               {absl::StatusCode::kResourceExhausted});
  EXPECT_GT(calls, 15);
}

TEST(FaultTest, SpawnKillTreeWaitDetached) {
  SpawnRequest request = RequestFor(kUntilTheEnd);
  request.detached = true;
  FailEach(ERROR_NOT_ENOUGH_MEMORY, [&] { return SpawnKillWait(request, /*tree=*/true); },
           {absl::StatusCode::kResourceExhausted});
}

// CreateProcessW of a process in a job that nobody may leave.
std::vector<DWORD>& FlagsSeen() {
  static auto& flags = *new std::vector<DWORD>;
  return flags;
}
BOOL WINAPI CreateWithoutBreakaway(LPCWSTR program, LPWSTR line, LPSECURITY_ATTRIBUTES process,
                                   LPSECURITY_ATTRIBUTES thread, BOOL inherit, DWORD flags,
                                   LPVOID environment, LPCWSTR directory, LPSTARTUPINFOW startup,
                                   LPPROCESS_INFORMATION created) {
  FlagsSeen().push_back(flags);
  if ((flags & CREATE_BREAKAWAY_FROM_JOB) != 0) {
    ::SetLastError(ERROR_ACCESS_DENIED);
    return FALSE;
  }
  return ::CreateProcessW(program, line, process, thread, inherit, flags, environment, directory,
                          startup, created);
}

TEST(FaultTest, BreakawayThatIsRefusedIsNotAnError) {
  const Syscalls saved = sys;
  sys.create_process = &CreateWithoutBreakaway;
  FlagsSeen().clear();
  SpawnRequest request = RequestFor(kUntilTheEnd);
  request.detached = true;
  const absl::Status detached = SpawnKillWait(request, /*tree=*/false);
  const size_t calls = FlagsSeen().size();
  request.detached = false;
  const absl::Status normal = SpawnKillWait(request, /*tree=*/false);
  sys = saved;
  EXPECT_TRUE(detached.ok()) << detached;
  EXPECT_EQ(calls, 2u);
  EXPECT_TRUE(normal.ok()) << normal;
  EXPECT_EQ(FlagsSeen().size(), 3u);  // does not even try to break away
}

// CreateProcessW of a process that ends before it has begun, for the first times.
int& FailuresLeft() {
  static int left = 0;
  return left;
}
BOOL WINAPI CreateWhatEndsAtOnce(LPCWSTR program, LPWSTR line, LPSECURITY_ATTRIBUTES process,
                                 LPSECURITY_ATTRIBUTES thread, BOOL inherit, DWORD flags,
                                 LPVOID environment, LPCWSTR directory, LPSTARTUPINFOW startup,
                                 LPPROCESS_INFORMATION created) {
  if (FailuresLeft()-- > 0) {
    ::SetLastError(ERROR_INTERNAL_ERROR);
    return FALSE;
  }
  return ::CreateProcessW(program, line, process, thread, inherit, flags, environment, directory,
                          startup, created);
}

TEST(FaultTest, ProcessThatEndsBeforeItBeginsIsStartedAgain) {
  const Syscalls saved = sys;
  sys.create_process = &CreateWhatEndsAtOnce;
  const SpawnRequest request = RequestFor(kUntilTheEnd);
  FailuresLeft() = 1;
  const absl::Status started = SpawnKillWait(request, /*tree=*/false);
  FailuresLeft() = 100;
  const absl::Status never = SpawnKillWait(request, /*tree=*/false);
  const int tries = 100 - FailuresLeft();
  sys = saved;
  EXPECT_TRUE(started.ok()) << started;
  EXPECT_FALSE(never.ok());
  EXPECT_EQ(tries, 4);
}

TEST(FaultTest, Streams) {
  const auto scenario = []() -> absl::Status {
    absl::StatusOr<StreamPair> pair = HostPort().CreateStreamPair();
    if (!pair.ok()) return pair.status();
    const std::string text(100000, 'x');
    size_t written = 0;
    size_t read = 0;
    std::vector<std::byte> buffer(30000);
    while (read < text.size()) {
      const absl::StatusOr<size_t> w =
          written < text.size() ? pair->first->Write(BytesOf(text).subspan(written), Expired()) : 0;
      if (w.ok()) {
        written += *w;
      } else if (!absl::IsDeadlineExceeded(w.status())) {
        return w.status();
      }
      const absl::StatusOr<size_t> r = pair->second->Read(absl::MakeSpan(buffer), Generous());
      if (!r.ok()) return r.status();
      read += *r;
      EXPECT_LE(read, written);
    }
    const absl::StatusOr<size_t> none = pair->second->Read(absl::MakeSpan(buffer), Expired());
    EXPECT_FALSE(none.ok());
    if (!absl::IsDeadlineExceeded(none.status())) return none.status();
    return absl::OkStatus();
  };
  EXPECT_GT(FailEach(ERROR_NO_SYSTEM_RESOURCES, scenario, {absl::StatusCode::kResourceExhausted}),
            10);
}

TEST(FaultTest, AFailedWaitIsNotADeadline) {
  const StreamPair pair = HostPort().CreateStreamPair().value();
  const ScopedFaults faults;
  Faults::calls = 0;
  Faults::failing = 2;  // after ReadFile
  Faults::error = ERROR_NO_SYSTEM_RESOURCES;
  std::byte byte{};
  EXPECT_EQ(CodeOf(pair.first->Read(absl::MakeSpan(&byte, 1), Generous())),
            absl::StatusCode::kResourceExhausted);
  Faults::failing = 0;
}

TEST(FaultTest, PassingHandles) {
  const auto scenario = []() -> absl::Status {
    absl::StatusOr<StreamPair> pair = HostPort().CreateStreamPair();
    if (!pair.ok()) return pair.status();
    absl::StatusOr<std::unique_ptr<Segment>> segment = HostPort().CreateSegment(100);
    if (!segment.ok()) return segment.status();
    const absl::StatusOr<Handle> handle = (*segment)->Share();
    if (!handle.ok()) return handle.status();
    const ProcessIdentity self{.pid = HostPort().ProcessId()};
    if (absl::Status sent = pair->first->SendHandle(*handle, self, Generous()); !sent.ok()) {
      return sent;
    }
    absl::StatusOr<Handle> received = pair->second->ReceiveHandle(Generous());
    // A failed read has taken nothing: the handle is still to be had, and then closed.
    if (!received.ok()) {
      EXPECT_TRUE(absl::IsAborted(received.status())) << received.status();
    }
    if (!received.ok()) received = pair->second->ReceiveHandle(Generous());
    if (!received.ok()) return received.status();
    return HostPort().MapSegment(*std::move(received)).status();
  };
  FailEach(ERROR_NOT_ENOUGH_MEMORY, scenario, {absl::StatusCode::kResourceExhausted});
}

TEST(FaultTest, NamedSegments) {
  const std::string name = "fault" + std::to_string(HostPort().ProcessId());
  const auto scenario = [&]() -> absl::Status {
    const auto made = HostPort().CreateNamedSegment(name, 100);
    if (!made.ok()) return made.status();
    const auto opened = HostPort().OpenNamedSegment(name, SegmentAccess::kReadOnly);
    if (!opened.ok()) return opened.status();
    return HostPort().UnlinkSegment(name);
  };
  FailEach(ERROR_NOT_ENOUGH_MEMORY, scenario, {absl::StatusCode::kResourceExhausted});
  EXPECT_EQ(HostPort().UnlinkSegment(name).code(), absl::StatusCode::kNotFound);
}

TEST(FaultTest, WaitAny) {
  for (const size_t count : {2u, 70u}) {
    const auto scenario = [count]() -> absl::Status {
      std::vector<StreamPair> pairs;
      std::vector<Waitable*> objects;
      for (size_t i = 0; i < count; ++i) {
        // Not what is tested here.
        const int failing = std::exchange(Faults::failing, 0);
        const int calls = Faults::calls;
        pairs.push_back(HostPort().CreateStreamPair().value());
        Faults::failing = failing;
        Faults::calls = calls;
        objects.push_back(pairs.back().first.get());
      }
      const absl::StatusOr<std::vector<size_t>> ready =
          HostPort().WaitAny(objects, Deadline::After(HostPort().Now(), absl::Milliseconds(1)));
      // A stream that fails is ready: its next Read says how.
      if (ready.ok() || absl::IsDeadlineExceeded(ready.status())) return absl::OkStatus();
      return ready.status();
    };
    // Far less than a handle for each call that fails.
    const size_t pool_threads = count > MAXIMUM_WAIT_OBJECTS ? 20 : 0;
    EXPECT_GT(FailEach(ERROR_NOT_ENOUGH_QUOTA, scenario, {absl::StatusCode::kResourceExhausted},
                       pool_threads),
              count);
  }
}

TEST(FaultTest, AThreadThatCannotBeginRunsNothing) {
  const Syscalls saved = sys;
  sys.begin_thread = [](void*, unsigned, unsigned(__stdcall*)(void*), void*, unsigned,
                        unsigned*) -> uintptr_t {
    ::SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    return 0;
  };
  bool ran = false;
  const auto owned = std::make_shared<int>();
  const absl::Status status = HostPort().StartThread([&ran, owned] { ran = true; });
  sys = saved;
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_FALSE(ran);
  EXPECT_EQ(owned.use_count(), 1) << "the body is gone";
}

TEST(FaultTest, ParkersAndLiveness) {
  const auto scenario = []() -> absl::Status {
    ParkerCell cell = {};
    const absl::StatusOr<std::unique_ptr<Parker>> parker = HostPort().CreateParker(cell);
    if (!parker.ok()) return parker.status();
    const absl::Status parked = (*parker)->Park(Expired());
    if (!absl::IsDeadlineExceeded(parked)) return parked;
    const ProcessIdentity self = HostPort().Self().value();
    if (absl::Status status = HostPort().IsAlive(self).status(); !status.ok()) return status;
    return HostPort().WatchDeath(self).status();
  };
  FailEach(ERROR_NO_SYSTEM_RESOURCES, scenario, {absl::StatusCode::kResourceExhausted});
}

}  // namespace
}  // namespace isoproc::port::win32
