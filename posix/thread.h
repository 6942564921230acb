// Threads that belong to the library.
#ifndef ISOPROC_POSIX_THREAD_H_
#define ISOPROC_POSIX_THREAD_H_

#include <cstddef>
#include <functional>

#include "absl/status/status.h"

namespace isoproc::port::posix {

// See Port::StartThread. `stack_size` 0 is the system's default.
absl::Status StartThread(std::function<void()> body, size_t stack_size = 0);

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_THREAD_H_
