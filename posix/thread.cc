#include "posix/thread.h"

#include <pthread.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "posix/errors.h"
#include "posix/os.h"
#include "posix/signals.h"
#include "posix/syscalls.h"

namespace isoproc::port::posix {
namespace {

struct Start {
  std::function<void()> body;
  os::ThreadPlacement placement;
};

extern "C" void* RunBody(void* argument) {
  const std::unique_ptr<Start> start(static_cast<Start*>(argument));
  start->placement.Widen();
  start->body();
  return nullptr;
}

}  // namespace

absl::Status StartThread(std::function<void()> body, size_t stack_size) {
  auto owned = std::make_unique<Start>(Start{.body = std::move(body), .placement = {}});
  pthread_attr_t attributes;
  if (const int error = ::pthread_attr_init(&attributes); error != 0) {
    return PosixError(error, "pthread_attr_init");
  }
  (void)::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  if (stack_size != 0) (void)::pthread_attr_setstacksize(&attributes, stack_size);
  int error;
  {
    // The thread inherits the mask, so that no signal of the program is ever delivered to it.
    const ScopedSignalBlock block;
    pthread_t thread;
    os::ThreadPlacement placement;  // a copy: the thread may be over before this function is
    placement.Narrow();
    owned->placement = placement;
    error = sys.pthread_create(&thread, &attributes, RunBody, owned.get());
    placement.Restore();
  }
  (void)::pthread_attr_destroy(&attributes);
  if (error != 0) return PosixError(error, "pthread_create");
  (void)owned.release();
  return absl::OkStatus();
}

}  // namespace isoproc::port::posix
