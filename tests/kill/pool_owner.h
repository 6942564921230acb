// A process with a pool, to be killed; and whether anything outlives it.
#ifndef ISOPROC_TESTS_KILL_POOL_OWNER_H_
#define ISOPROC_TESTS_KILL_POOL_OWNER_H_

#include <cstdint>
#include <utility>

#include "isoproc/process.h"
#include "isoproc/process_options.h"
#include "platform/testing/system_support.h"

namespace isoproc::kill {

// A child that holds the writing end of a pipe, as do all that it starts, until the last of them
// is gone.
class PoolOwner {
 public:
  // `start` starts it, with the options that it gets.
  template <class Start>
  explicit PoolOwner(Start start) : pipe_(system_support::MakePipe()) {
    ProcessOptions options;
    options.at_exit = AtExit::kKill;
    options.standard_output = StandardStream::FromHandle(pipe_.write_end);
    options.standard_error = StandardStream::Inherit();
    process_ = start(options).value();
    system_support::ClosePipeEnd(pipe_.write_end);
  }
  PoolOwner(const PoolOwner&) = delete;
  PoolOwner& operator=(const PoolOwner&) = delete;
  ~PoolOwner() { system_support::ClosePipeEnd(pipe_.read_end); }

  Process& process() { return process_; }
  // Returns when the owner has ended and no descendant of it lives, or never.
  ExitStatus AwaitTheEndOfAll() {
    const ExitStatus end = process_.Join().value();
    char byte = 0;
    while (system_support::ReadPipe(pipe_.read_end, &byte, 1) > 0) {
    }
    return end;
  }

 private:
  system_support::NativePipe pipe_;
  Process process_;
};

}  // namespace isoproc::kill

#endif  // ISOPROC_TESTS_KILL_POOL_OWNER_H_
