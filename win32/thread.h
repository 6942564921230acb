// Threads that belong to the library.
#ifndef ISOPROC_WIN32_THREAD_H_
#define ISOPROC_WIN32_THREAD_H_

#include <functional>

#include "absl/status/status.h"

namespace isoproc::port::win32 {

// See Port::StartThread. Windows delivers signals to threads of its own.
absl::Status StartThread(std::function<void()> body);

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_THREAD_H_
