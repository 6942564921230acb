// Handles that travel along a stream: the sender puts a duplicate into the receiver and tells it
// the number.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/base/deadline.h"
#include "platform/port/handle.h"
#include "platform/port/liveness.h"
#include "win32/errors.h"
#include "win32/liveness.h"
#include "win32/overlapped.h"
#include "win32/stream.h"
#include "win32/syscalls.h"
#include "win32/unique_handle.h"
#include "win32/wait.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

// What travels. One write, and therefore one read: see kLargestWrite.
struct Message {
  uint64_t magic;
  uint64_t value;  // 0: an empty handle
};
constexpr uint64_t kMagic = 0x656C646E61486F73;

// A handle of another process.
class RemoteHandle {
 public:
  RemoteHandle(HANDLE process, HANDLE handle) : process_(process), handle_(handle) {}
  RemoteHandle(const RemoteHandle&) = delete;
  RemoteHandle& operator=(const RemoteHandle&) = delete;
  ~RemoteHandle() {
    if (handle_ == nullptr) return;
    // Taken back and closed here: Wine does not close it there without giving it to somebody.
    HANDLE back = nullptr;
    if (::DuplicateHandle(process_, handle_, ::GetCurrentProcess(), &back, 0, FALSE,
                          DUPLICATE_CLOSE_SOURCE | DUPLICATE_SAME_ACCESS)) {
      ::CloseHandle(back);
    }
  }
  HANDLE get() const { return handle_; }
  void BelongsToThemNow() { handle_ = nullptr; }

 private:
  HANDLE process_;
  HANDLE handle_;
};

}  // namespace

absl::Status Win32Stream::SendHandle(const Handle& handle, const ProcessIdentity& receiver,
                                     Deadline deadline) {
  if (!handle) return SendNumber(0, deadline);
  const absl::StatusOr<UniqueHandle> process = OpenLiving(receiver, PROCESS_DUP_HANDLE);
  if (!process.ok()) return process.status();
  if (!*process) return absl::NotFoundError("the receiver is dead");
  constexpr DWORD kLongestPause = 16;
  for (DWORD pause = 1;; pause = (std::min)(2 * pause, kLongestPause)) {
    absl::Status sent = SendNow(handle, process->get());
    if (!absl::IsDeadlineExceeded(sent)) return sent;
    const DWORD left = WaitMilliseconds(deadline);
    if (left == 0) return sent;
    ::Sleep((std::min)(pause, left));
  }
}

// While the number waits for room, the handle is in the receiver and nobody there knows it: if this
// process died then, it would stay. So it does not wait, and the handle is taken back instead.
absl::Status Win32Stream::SendNow(const Handle& handle, HANDLE process) {
  HANDLE raw = nullptr;
  if (!sys.duplicate_handle(::GetCurrentProcess(), NativeOf(handle.native()), process, &raw, 0,
                            /*bInheritHandle=*/FALSE, DUPLICATE_SAME_ACCESS)) {
    const DWORD error = ::GetLastError();
    // The process object is there as long as somebody has a handle to it; its handle table is not.
    const bool gone = IsSignalled(process);
    return gone ? Win32ErrorAs(absl::StatusCode::kNotFound, error, "DuplicateHandle")
                : Win32Error(error, "DuplicateHandle");
  }
  RemoteHandle theirs(process, raw);
  absl::Status sent = SendNumber(static_cast<uint64_t>(ValueOf(theirs.get())),
                                 Deadline::At(-absl::InfiniteDuration()));
  if (sent.ok()) theirs.BelongsToThemNow();
  return sent;
}

absl::Status Win32Stream::SendNumber(uint64_t value, Deadline deadline) {
  const Message message = {kMagic, value};
  std::byte bytes[sizeof(message)];
  std::memcpy(bytes, &message, sizeof(message));
  const Outcome outcome =
      WriteUntil(pipe_.get(), write_event_.get(), bytes, deadline, interrupted_);
  if (outcome.error == ERROR_OPERATION_ABORTED) {
    return interrupted_ ? absl::UnavailableError("the stream was interrupted") : DeadlineIsOver();
  }
  if (outcome.error != ERROR_SUCCESS) return Win32Error(outcome.error, "WriteFile");
  return absl::OkStatus();
}

absl::StatusOr<Handle> Win32Stream::ReceiveHandle(Deadline deadline) {
  std::byte bytes[sizeof(Message)];
  const absl::StatusOr<size_t> size = Read(absl::MakeSpan(bytes), deadline);
  if (absl::IsResourceExhausted(size.status())) return absl::AbortedError(size.status().message());
  if (!size.ok()) return size.status();
  if (*size == 0) return absl::OutOfRangeError("the stream has ended");
  Message message = {};
  std::memcpy(&message, bytes, *size);
  if (*size == sizeof(message) && message.magic == kMagic && message.value == 0) return Handle();
  const HANDLE handle = NativeOf(static_cast<int64_t>(message.value));
  DWORD flags = 0;
  // A peer that is not honest could name any handle; at least it must be one that was not inherited
  // and that nobody protects. Trust between the two is assumed beyond that (see README.md).
  if (*size != sizeof(message) || message.magic != kMagic || !IsPlausibleHandle(message.value) ||
      !::GetHandleInformation(handle, &flags) || flags != 0) {
    return absl::DataLossError("no handle at this place of the stream");
  }
  return HandleOf(UniqueHandle(handle));
}

}  // namespace isoproc::port::win32
