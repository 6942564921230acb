// Notices of the end of a process.
#ifndef ISOPROC_WIN32_NOTICE_H_
#define ISOPROC_WIN32_NOTICE_H_

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "platform/port/liveness.h"
#include "win32/unique_handle.h"
#include "win32/wait.h"
#include "win32/waitable.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {

// Ready when the process is dead.
class ProcessNotice final : public DeathNotice, public Watchable {
 public:
  // An empty `process` is one that was dead before it could be opened.
  explicit ProcessNotice(UniqueHandle process) : process_(std::move(process)) {}

  absl::StatusOr<std::unique_ptr<Watch>> StartWatch() override {
    return std::make_unique<ProcessWatch>(process_.get());
  }

  HANDLE process() const { return process_.get(); }
  bool IsDead() const { return !process_ || IsSignalled(process_.get()); }

  // Gives up the process; the notice may only be destroyed after.
  UniqueHandle Release() { return std::move(process_); }

 private:
  class ProcessWatch final : public Watch {
   public:
    explicit ProcessWatch(HANDLE process) : process_(process) {}
    bool Ready() override { return process_ == nullptr || IsSignalled(process_); }
    absl::StatusOr<HANDLE> Arm() override { return process_; }

   private:
    HANDLE process_;
  };

  UniqueHandle process_;
};

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_NOTICE_H_
