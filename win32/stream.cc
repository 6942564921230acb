#include "win32/stream.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/base/deadline.h"
#include "platform/port/handle.h"
#include "platform/port/stream.h"
#include "win32/errors.h"
#include "win32/overlapped.h"
#include "win32/security.h"
#include "win32/syscalls.h"
#include "win32/unique_handle.h"
#include "win32/waitable.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

// What the pipe buffers in each direction.
constexpr DWORD kBufferSize = 64 * 1024;

// The most that one WriteFile gets.
//
// A write that does not fit waits in the kernel, which completes it as soon as what is unread fits
// the buffer. When the reader reaches the first byte of the write, nothing else is unread; so a
// write that is not larger than the buffer is complete before any of it is read, and a write that
// could be cancelled was not read in part. Larger ones could be, and nobody would tell us how much.
// Half the buffer leaves a margin, since the size of the buffer is "advisory" ("CreateNamedPipeW
// function"), and lets the reader work while the writer fills the other half.
constexpr size_t kLargestWrite = kBufferSize / 2;

// Tries once.
Deadline AlreadyOver() { return Deadline::At(-absl::InfiniteDuration()); }

absl::Status Interrupted() { return absl::UnavailableError("the stream was interrupted"); }

// How the end of the peer shows, depending on who went first and how.
bool IsPeerGone(DWORD error) {
  return error == ERROR_BROKEN_PIPE || error == ERROR_NO_DATA || error == ERROR_PIPE_NOT_CONNECTED;
}

absl::StatusOr<UniqueHandle> CreateManualEvent() {
  UniqueHandle event(sys.create_event(nullptr, /*bManualReset=*/TRUE, FALSE, nullptr));
  if (event) return event;
  const DWORD error = ::GetLastError();
  return Win32Error(error, "CreateEvent");
}

// Readiness by a read of zero bytes, which the kernel completes when there is something to read and
// which consumes nothing. It says when to look; PeekNamedPipe says what is there, since the bytes
// may have been read by the time we look.
//
// The read is cancelled when the wait is over, which loses nothing. Until then, reads of others
// simply queue up behind it.
class StreamWatch final : public Watch {
 public:
  StreamWatch(HANDLE pipe, UniqueHandle event, const std::atomic<bool>& interrupted)
      : pipe_(pipe), event_(std::move(event)), interrupted_(interrupted) {
    operation_.hEvent = event_.get();
  }
  StreamWatch(const StreamWatch&) = delete;
  StreamWatch& operator=(const StreamWatch&) = delete;
  ~StreamWatch() override {
    if (pending_) Cancel(pipe_, operation_);
  }

  bool Ready() override {
    if (interrupted_) return true;
    DWORD available = 0;
    // A failure is the end of the stream or an error of the next Read: ready in both cases.
    return !sys.peek_named_pipe(pipe_, nullptr, 0, nullptr, &available, nullptr) || available > 0;
  }

  absl::StatusOr<HANDLE> Arm() override {
    if (pending_ && !HasOverlappedIoCompleted(&operation_)) return event_.get();
    pending_ = false;
    operation_ = {};
    operation_.hEvent = event_.get();
    if (sys.read_file(pipe_, &unused_, 0, nullptr, &operation_)) return event_.get();
    const DWORD error = ::GetLastError();
    if (error == ERROR_IO_PENDING) {
      pending_ = true;
      // Set before the read began, it was not cancelled by who set it.
      if (interrupted_) ::SetEvent(event_.get());
    } else if (IsPeerGone(error)) {
      ::SetEvent(event_.get());  // Ready() will see it too
    } else {
      return Win32Error(error, "ReadFile");
    }
    return event_.get();
  }

 private:
  HANDLE pipe_;
  UniqueHandle event_;
  const std::atomic<bool>& interrupted_;
  OVERLAPPED operation_ = {};
  bool pending_ = false;
  std::byte unused_{};
};

}  // namespace

bool IsPipe(HANDLE handle) {
  // Sockets also say FILE_TYPE_PIPE.
  return ::GetFileType(handle) == FILE_TYPE_PIPE &&
         ::GetNamedPipeInfo(handle, nullptr, nullptr, nullptr, nullptr);
}

absl::StatusOr<std::unique_ptr<Win32Stream>> Win32Stream::Create(UniqueHandle pipe) {
  absl::StatusOr<UniqueHandle> read_event = CreateManualEvent();
  if (!read_event.ok()) return read_event.status();
  absl::StatusOr<UniqueHandle> write_event = CreateManualEvent();
  if (!write_event.ok()) return write_event.status();
  return std::unique_ptr<Win32Stream>(
      new Win32Stream(std::move(pipe), *std::move(read_event), *std::move(write_event)));
}

absl::StatusOr<size_t> Win32Stream::Read(absl::Span<std::byte> into, Deadline deadline) {
  while (true) {
    const Outcome outcome = ReadUntil(pipe_.get(), read_event_.get(), into, deadline, interrupted_);
    if (IsPeerGone(outcome.error)) return 0;
    if (outcome.error == ERROR_OPERATION_ABORTED) {
      if (interrupted_) return 0;
      return DeadlineIsOver();
    }
    if (outcome.error != ERROR_SUCCESS) return Win32Error(outcome.error, "ReadFile");
    // Nothing at all is what a peer's write of zero bytes looks like; no stream makes one.
    if (outcome.size > 0) return outcome.size;
  }
}

absl::StatusOr<size_t> Win32Stream::Write(absl::Span<const std::byte> bytes, Deadline deadline) {
  if (interrupted_) return Interrupted();
  const absl::Span<const std::byte> piece = bytes.subspan(0, kLargestWrite);
  const Outcome outcome =
      WriteUntil(pipe_.get(), write_event_.get(), piece, deadline, interrupted_);
  if (outcome.error == ERROR_SUCCESS) return outcome.size;
  if (outcome.error != ERROR_OPERATION_ABORTED) return Win32Error(outcome.error, "WriteFile");
  if (interrupted_) return Interrupted();
  return Fill(piece);
}

// Operations of other threads may begin at any time: they look at the flag once they have begun.
void Win32Stream::Interrupt() {
  interrupted_ = true;
  ::CancelIoEx(pipe_.get(), nullptr);  // fails if nothing is under way
}

// The kernel takes the whole of a write or nothing. When there is no time to wait for room for the
// whole, finds out what there is room for.
absl::StatusOr<size_t> Win32Stream::Fill(absl::Span<const std::byte> bytes) {
  size_t written = 0;
  // One byte first: most often there is no room at all.
  for (size_t size = 1; size > 0 && written < bytes.size();) {
    const absl::Span<const std::byte> piece = bytes.subspan(written, size);
    const Outcome outcome =
        WriteUntil(pipe_.get(), write_event_.get(), piece, AlreadyOver(), interrupted_);
    if (outcome.error == ERROR_SUCCESS) {
      written += outcome.size;
      if (written == 1) size = bytes.size() / 2;
    } else if (outcome.error == ERROR_OPERATION_ABORTED) {
      size /= 2;
    } else if (written == 0) {
      return Win32Error(outcome.error, "WriteFile");
    } else {
      break;  // the next Write meets the error again
    }
  }
  if (written == 0) return DeadlineIsOver();
  return written;
}

absl::StatusOr<std::unique_ptr<Watch>> Win32Stream::StartWatch() {
  absl::StatusOr<UniqueHandle> event = CreateManualEvent();
  if (!event.ok()) return event.status();
  return std::make_unique<StreamWatch>(pipe_.get(), *std::move(event), interrupted_);
}

absl::StatusOr<StreamPair> CreateStreamPair() {
  const absl::StatusOr<SECURITY_ATTRIBUTES*> owner_only = OwnerOnly();
  if (!owner_only.ok()) return owner_only.status();
  const std::string random = RandomName();
  const std::wstring name = LR"(\\.\pipe\isoproc-)" + std::wstring(random.begin(), random.end());
  // A server that was not the first of its name, or a second client, would talk to somebody else.
  UniqueHandle server(sys.create_named_pipe(
      name.c_str(), PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE | FILE_FLAG_OVERLAPPED,
      PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
      /*nMaxInstances=*/1, kBufferSize, kBufferSize, 0, *owner_only));
  if (!server) {
    const DWORD error = ::GetLastError();
    return Win32Error(error, "CreateNamedPipe");
  }
  // A client that is connected before ConnectNamedPipe is called is connected all the same.
  UniqueHandle client(
      sys.create_file(name.c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr, OPEN_EXISTING,
                      FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_ANONYMOUS, nullptr));
  if (!client) {
    const DWORD error = ::GetLastError();
    return Win32Error(error, "CreateFile");
  }
  absl::StatusOr<std::unique_ptr<Win32Stream>> first = Win32Stream::Create(std::move(server));
  if (!first.ok()) return first.status();
  absl::StatusOr<std::unique_ptr<Win32Stream>> second = Win32Stream::Create(std::move(client));
  if (!second.ok()) return second.status();
  return StreamPair{*std::move(first), *std::move(second)};
}

absl::StatusOr<std::unique_ptr<Stream>> AdoptStream(Handle handle) {
  UniqueHandle pipe = TakeNative(std::move(handle));
  if (!pipe || !IsPipe(pipe.get())) return absl::InvalidArgumentError("the handle is not a stream");
  return Win32Stream::Create(std::move(pipe));
}

}  // namespace isoproc::port::win32
