#include "win32/process.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/deadline.h"
#include "platform/base/termination.h"
#include "platform/base/win_exit_code.h"
#include "platform/port/process.h"
#include "platform/port/waitable.h"
#include "win32/errors.h"
#include "win32/job.h"
#include "win32/notice.h"
#include "win32/syscalls.h"
#include "win32/unique_handle.h"
#include "win32/wait.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

// The exit code of a child that was killed with `signal`. An error code of nobody: bit 29 is for
// applications ("GetLastError function").
constexpr uint32_t KillCode(int signal) { return 0xE1500000 | static_cast<uint32_t>(signal); }

bool IsKillCode(uint32_t code) { return code == KillCode(kSigKill) || code == KillCode(kSigTerm); }

// The job of a child; and the child, when it still runs and nobody is interested any longer. The
// job has to stay open: if it was closed, the child would end. Made with the child, as there may be
// no memory for it later.
struct Unattended {
  Job job;
  UniqueHandle process;

  static void Keep(std::unique_ptr<Unattended> child) {
    Unattended* const kept = child.release();
    PTP_WAIT const wait = ::CreateThreadpoolWait(&OnEnd, kept, nullptr);
    // Without a thread pool the handles stay open until this process ends, which is safe.
    if (wait != nullptr) ::SetThreadpoolWait(wait, kept->process.get(), nullptr);
  }

 private:
  static void CALLBACK OnEnd(PTP_CALLBACK_INSTANCE /*instance*/, void* context, PTP_WAIT wait,
                             TP_WAIT_RESULT /*result*/) {
    const std::unique_ptr<Unattended> kept(static_cast<Unattended*>(context));
    kept->job.LetGo();
    ::CloseThreadpoolWait(wait);
  }
};

class Win32Child final : public ChildProcess {
 public:
  Win32Child(uint32_t pid, UniqueHandle process, Job job)
      : pid_(pid),
        notice_(std::move(process)),
        later_(new Unattended{std::move(job), UniqueHandle()}) {}

  ~Win32Child() override {
    if (notice_.IsDead()) {
      // What the child has started by itself lives on, as on POSIX.
      later_->job.LetGo();
    } else {
      later_->process = notice_.Release();
      Unattended::Keep(std::move(later_));
    }
  }

  int64_t pid() const override { return pid_; }

  absl::StatusOr<Termination> Wait(Deadline deadline) override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (termination_.has_value()) return *termination_;
    }
    // The handle and not the exit code tells that the child has ended: 259 (STILL_ACTIVE) is an
    // exit code like any other.
    if (absl::Status status = WaitFor(process(), deadline); !status.ok()) return status;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (termination_.has_value()) return *termination_;
    DWORD code = 0;
    if (!sys.get_exit_code_process(process(), &code)) {
      const DWORD error = ::GetLastError();
      return Win32Error(error, "GetExitCodeProcess");
    }
    termination_ = TerminationOf(code);
    return *termination_;
  }

  absl::Status Kill(int signal) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    // The first request counts, and it cannot be refused.
    if (notice_.IsDead() || requested_ != 0) return absl::OkStatus();
    requested_ = signal;
    if (sys.terminate_process(process(), KillCode(signal))) return absl::OkStatus();
    const DWORD error = ::GetLastError();
    // "TerminateProcess function": the child is about to end already. We have all rights to it.
    if (error == ERROR_ACCESS_DENIED) return absl::OkStatus();
    requested_ = 0;
    return Win32Error(error, "TerminateProcess");
  }

  absl::Status KillTree(int signal) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (termination_.has_value()) return absl::OkStatus();
    const bool is_first = requested_ == 0 && !notice_.IsDead();
    if (is_first) requested_ = signal;
    absl::Status status = later_->job.Terminate(KillCode(signal));
    if (!status.ok() && is_first) requested_ = 0;
    return status;
  }

  Waitable& notice() override { return notice_; }

 private:
  HANDLE process() const { return notice_.process(); }

  // Requires mutex_.
  Termination TerminationOf(uint32_t code) const {
    // Not inferred from the code alone: a program may use any. Nor from the request alone: the
    // child may have ended by itself before.
    if (requested_ != 0 && IsKillCode(code)) {
      return {Termination::Kind::kSignalled, requested_};
    }
    return TerminationOfWindowsExitCode(code);
  }

  const uint32_t pid_;
  ProcessNotice notice_;  // owns the process handle
  std::unique_ptr<Unattended> later_;
  std::mutex mutex_;
  int requested_ = 0;                       // guarded by mutex_; the first signal asked for
  std::optional<Termination> termination_;  // guarded by mutex_; set: awaited
};

}  // namespace

std::unique_ptr<ChildProcess> MakeChild(uint32_t pid, UniqueHandle process, Job job) {
  return std::make_unique<Win32Child>(pid, std::move(process), std::move(job));
}

}  // namespace isoproc::port::win32
