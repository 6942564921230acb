// Which program the children of this process run.
#ifndef ISOPROC_PLATFORM_CORE_PROGRAM_H_
#define ISOPROC_PLATFORM_CORE_PROGRAM_H_

#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/core/wire.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// The program of a process: its own, unless the user named another one.
// Thread safety: all functions from any thread.
class Program {
 public:
  Program() = default;
  // In a fork of the process that has `other`. What is set was set once, before there was much to
  // fork; the lock may be held by a thread of that process and cannot be asked for.
  explicit Program(const Program* other) {
    if (other != nullptr) facts_ = other->facts_;
  }

  // In the process that the user started. Twice has no effect.
  void InitMain(port::Port& port, std::vector<std::string> arguments);
  // In a child: as its parent has it.
  void InitChild(const StartMessage& message);
  // From now on children run `path`.
  void SetExecutable(std::string path);

  // Errors: FailedPrecondition, with a message that teaches, if nothing may be started.
  absl::Status CheckReady(port::Port& port);

  // What a child is to run.
  struct Image {
    std::string path;
    std::string argv0;
  };
  // Errors: FailedPrecondition: the file was replaced. As port::Port::ProgramPath.
  absl::StatusOr<Image> ImageToRun(port::Port& port);

  // Fills in what a child has to know of all this.
  void Describe(StartMessage& message);

  // Those of main.
  std::vector<std::string> arguments();

 private:
  struct Facts {
    bool ready = false;
    std::vector<std::string> arguments;
    std::string executable;  // as set by the user; may be empty
    std::string path;        // of the image that runs; empty if the system did not tell
    std::string identity;    // of the image that runs; empty if it cannot be replaced
  };

  std::mutex mutex_;
  Facts facts_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_PROGRAM_H_
