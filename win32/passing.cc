// Handles that travel along a stream: the sender puts a duplicate into the receiver and tells it
// the number.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/deadline.h"
#include "platform/port/handle.h"
#include "win32/errors.h"
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
  uint64_t value;
};
constexpr uint64_t kMagic = 0x656C646E61486F73;

absl::StatusOr<UniqueHandle> OpenReceiver(int64_t pid) {
  if (pid <= 0 || pid > std::numeric_limits<DWORD>::max()) {
    return absl::NotFoundError("no such receiver");
  }
  UniqueHandle process(sys.open_process(PROCESS_DUP_HANDLE | SYNCHRONIZE, /*bInheritHandle=*/FALSE,
                                        static_cast<DWORD>(pid)));
  if (process) return process;
  const DWORD error = ::GetLastError();
  // "OpenProcess function": how an unknown process id shows.
  if (error == ERROR_INVALID_PARAMETER) {
    return Win32ErrorAs(absl::StatusCode::kNotFound, error, "OpenProcess");
  }
  return Win32Error(error, "OpenProcess");
}

// A handle of another process.
class RemoteHandle {
 public:
  RemoteHandle(HANDLE process, HANDLE handle) : process_(process), handle_(handle) {}
  RemoteHandle(const RemoteHandle&) = delete;
  RemoteHandle& operator=(const RemoteHandle&) = delete;
  ~RemoteHandle() {
    if (handle_ != nullptr) {
      ::DuplicateHandle(process_, handle_, nullptr, nullptr, 0, FALSE, DUPLICATE_CLOSE_SOURCE);
    }
  }
  HANDLE get() const { return handle_; }
  void BelongsToThemNow() { handle_ = nullptr; }

 private:
  HANDLE process_;
  HANDLE handle_;
};

}  // namespace

absl::Status Win32Stream::SendHandle(const Handle& handle, int64_t receiver, Deadline deadline) {
  const absl::StatusOr<UniqueHandle> process = OpenReceiver(receiver);
  if (!process.ok()) return process.status();
  HANDLE raw = nullptr;
  if (!sys.duplicate_handle(::GetCurrentProcess(), NativeOf(handle.native()), process->get(), &raw,
                            0, /*bInheritHandle=*/FALSE, DUPLICATE_SAME_ACCESS)) {
    const DWORD error = ::GetLastError();
    // The process object is there as long as somebody has a handle to it; its handle table is not.
    const bool gone = IsSignalled(process->get());
    return gone ? Win32ErrorAs(absl::StatusCode::kNotFound, error, "DuplicateHandle")
                : Win32Error(error, "DuplicateHandle");
  }
  RemoteHandle theirs(process->get(), raw);
  const Message message = {kMagic, static_cast<uint64_t>(ValueOf(theirs.get()))};
  std::byte bytes[sizeof(message)];
  std::memcpy(bytes, &message, sizeof(message));
  const Outcome outcome =
      WriteUntil(pipe_.get(), write_event_.get(), bytes, deadline, interrupted_);
  if (outcome.error == ERROR_OPERATION_ABORTED) {
    return interrupted_ ? absl::UnavailableError("the stream was interrupted") : DeadlineIsOver();
  }
  if (outcome.error != ERROR_SUCCESS) return Win32Error(outcome.error, "WriteFile");
  theirs.BelongsToThemNow();
  return absl::OkStatus();
}

absl::StatusOr<Handle> Win32Stream::ReceiveHandle(Deadline deadline) {
  std::byte bytes[sizeof(Message)];
  const absl::StatusOr<size_t> size = Read(absl::MakeSpan(bytes), deadline);
  if (!size.ok()) return size.status();
  if (*size == 0) return absl::OutOfRangeError("the stream has ended");
  Message message = {};
  std::memcpy(&message, bytes, *size);
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
