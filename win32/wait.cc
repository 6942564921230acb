#include "win32/wait.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/deadline.h"
#include "platform/port/waitable.h"
#include "win32/errors.h"
#include "win32/syscalls.h"
#include "win32/system.h"
#include "win32/unique_handle.h"
#include "win32/waitable.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

// About 24 days; INFINITE is the largest DWORD.
constexpr int64_t kLongestWait = 0x7FFFFFFF;

bool Over(Deadline deadline) { return !deadline.never() && deadline.Expired(Now()); }

// Lets the thread pool wait for one handle and set `event` then. The destructor waits for a
// callback that is under way.
class PoolWait {
 public:
  PoolWait() = default;
  PoolWait(const PoolWait&) = delete;
  PoolWait& operator=(const PoolWait&) = delete;
  ~PoolWait() {
    if (wait_ != nullptr) ::UnregisterWaitEx(wait_, INVALID_HANDLE_VALUE);
  }

  absl::Status Start(HANDLE handle, HANDLE event) {
    if (sys.register_wait(&wait_, handle, &Signal, event, INFINITE, WT_EXECUTEONLYONCE)) {
      return absl::OkStatus();
    }
    const DWORD error = ::GetLastError();
    wait_ = nullptr;
    return Win32Error(error, "RegisterWaitForSingleObject");
  }

 private:
  static void CALLBACK Signal(void* event, BOOLEAN /*timed_out*/) { ::SetEvent(event); }

  HANDLE wait_ = nullptr;
};

// Both sleep once, until a handle is signalled or for what one wait can take of the deadline.
absl::Status SleepDirectly(absl::Span<const HANDLE> handles, Deadline deadline) {
  const DWORD result =
      sys.wait_for_multiple_objects(static_cast<DWORD>(handles.size()), handles.data(),
                                    /*bWaitAll=*/FALSE, WaitMilliseconds(deadline));
  if (result != WAIT_FAILED) return absl::OkStatus();
  const DWORD error = ::GetLastError();
  return Win32Error(error, "WaitForMultipleObjects");
}

absl::Status SleepInPool(absl::Span<const HANDLE> handles, Deadline deadline) {
  const UniqueHandle event(sys.create_event(nullptr, /*bManualReset=*/TRUE, FALSE, nullptr));
  if (!event) {
    const DWORD error = ::GetLastError();
    return Win32Error(error, "CreateEvent");
  }
  std::vector<PoolWait> waits(handles.size());
  for (size_t i = 0; i < handles.size(); ++i) {
    if (absl::Status status = waits[i].Start(handles[i], event.get()); !status.ok()) return status;
  }
  const HANDLE raw = event.get();
  return SleepDirectly(absl::MakeConstSpan(&raw, 1), deadline);
}

absl::Status Sleep(std::vector<HANDLE> handles, Deadline deadline) {
  // The same handle twice is an error of WaitForMultipleObjects.
  std::sort(handles.begin(), handles.end(), std::less<HANDLE>());
  handles.erase(std::unique(handles.begin(), handles.end()), handles.end());
  if (handles.size() <= MAXIMUM_WAIT_OBJECTS) return SleepDirectly(handles, deadline);
  return SleepInPool(handles, deadline);
}

absl::Status SleepUntil(Deadline deadline) {
  while (!Over(deadline)) ::Sleep(WaitMilliseconds(deadline));
  return DeadlineIsOver();
}

// The watches of the objects, one for each distinct object.
struct Watches {
  std::vector<std::unique_ptr<Watch>> distinct;
  std::vector<size_t> of_object;  // index into `distinct`
};

absl::StatusOr<Watches> StartWatches(absl::Span<Waitable* const> objects) {
  Watches watches;
  watches.of_object.reserve(objects.size());
  std::unordered_map<const Waitable*, size_t> known;
  for (Waitable* const object : objects) {
    const auto [it, is_new] = known.emplace(object, watches.distinct.size());
    watches.of_object.push_back(it->second);
    if (!is_new) continue;
    auto* const watchable = dynamic_cast<Watchable*>(object);
    if (watchable == nullptr) {
      return absl::InvalidArgumentError("null, or not an object of this port");
    }
    absl::StatusOr<std::unique_ptr<Watch>> watch = watchable->StartWatch();
    if (!watch.ok()) return watch.status();
    watches.distinct.push_back(*std::move(watch));
  }
  return watches;
}

std::vector<size_t> ReadyIndices(const Watches& watches) {
  std::vector<bool> ready(watches.distinct.size());
  std::transform(watches.distinct.begin(), watches.distinct.end(), ready.begin(),
                 [](const std::unique_ptr<Watch>& watch) { return watch->Ready(); });
  std::vector<size_t> indices;
  for (size_t i = 0; i < watches.of_object.size(); ++i) {
    if (ready[watches.of_object[i]]) indices.push_back(i);
  }
  return indices;
}

}  // namespace

DWORD WaitMilliseconds(Deadline deadline) {
  if (deadline.never()) return INFINITE;
  return static_cast<DWORD>(deadline.RemainingMilliseconds(Now(), kLongestWait));
}

bool IsSignalled(HANDLE handle) { return ::WaitForSingleObject(handle, 0) == WAIT_OBJECT_0; }

absl::Status WaitFor(HANDLE handle, Deadline deadline) {
  while (true) {
    const DWORD result = sys.wait_for_single_object(handle, WaitMilliseconds(deadline));
    if (result == WAIT_OBJECT_0) return absl::OkStatus();
    if (result != WAIT_TIMEOUT) {
      const DWORD error = ::GetLastError();
      return Win32Error(error, "WaitForSingleObject");
    }
    // The wait counts clock ticks, the deadline does not: it can be early by a little.
    if (Over(deadline)) return DeadlineIsOver();
  }
}

absl::StatusOr<std::vector<size_t>> WaitAny(absl::Span<Waitable* const> objects,
                                            Deadline deadline) {
  if (objects.empty()) {
    if (deadline.never()) return absl::InvalidArgumentError("nothing to wait for, and for ever");
    return SleepUntil(deadline);
  }
  const absl::StatusOr<Watches> watches = StartWatches(objects);
  if (!watches.ok()) return watches.status();
  while (true) {
    std::vector<size_t> ready = ReadyIndices(*watches);
    if (!ready.empty()) return ready;
    if (Over(deadline)) return DeadlineIsOver();
    std::vector<HANDLE> handles;
    handles.reserve(watches->distinct.size());
    for (const std::unique_ptr<Watch>& watch : watches->distinct) {
      const absl::StatusOr<HANDLE> handle = watch->Arm();
      if (!handle.ok()) return handle.status();
      handles.push_back(*handle);
    }
    if (absl::Status status = Sleep(std::move(handles), deadline); !status.ok()) return status;
  }
}

}  // namespace isoproc::port::win32
