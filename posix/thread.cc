#include "posix/thread.h"

#include <pthread.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "posix/errors.h"
#include "posix/signals.h"
#include "posix/syscalls.h"

namespace isoproc::port::posix {
namespace {

extern "C" void* RunBody(void* argument) {
  const std::unique_ptr<std::function<void()>> body(static_cast<std::function<void()>*>(argument));
  (*body)();
  return nullptr;
}

}  // namespace

absl::Status StartThread(std::function<void()> body, size_t stack_size) {
  auto owned = std::make_unique<std::function<void()>>(std::move(body));
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
    error = sys.pthread_create(&thread, &attributes, RunBody, owned.get());
  }
  (void)::pthread_attr_destroy(&attributes);
  if (error != 0) return PosixError(error, "pthread_create");
  (void)owned.release();
  return absl::OkStatus();
}

}  // namespace isoproc::port::posix
