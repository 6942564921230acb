// What the waitable objects of this port have in common.
#ifndef ISOPROC_WIN32_WAITABLE_H_
#define ISOPROC_WIN32_WAITABLE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {

// Keeps an eye on one object during one call of WaitAny. The destructor ends that.
class Watch {
 public:
  virtual ~Watch() = default;

  // Whether the object is ready now. Never blocks.
  virtual bool Ready() = 0;

  // The handle that is signalled when Ready() is worth another look. Called again before each
  // sleep; the handle stays open as long as the watch.
  virtual absl::StatusOr<HANDLE> Arm() = 0;
};

class Watchable {
 public:
  virtual ~Watchable() = default;

  // Thread safety: from any number of threads, each of which gets a watch of its own.
  virtual absl::StatusOr<std::unique_ptr<Watch>> StartWatch() = 0;
};

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_WAITABLE_H_
