// Streams are named pipes in byte mode.
#ifndef ISOPROC_WIN32_STREAM_H_
#define ISOPROC_WIN32_STREAM_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/deadline.h"
#include "platform/port/handle.h"
#include "platform/port/stream.h"
#include "win32/unique_handle.h"
#include "win32/waitable.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {

class Win32Stream final : public Stream, public Watchable {
 public:
  // `pipe` is one end of a pipe of CreateStreamPair, or was one in another process.
  static absl::StatusOr<std::unique_ptr<Win32Stream>> Create(UniqueHandle pipe);

  absl::StatusOr<size_t> Read(absl::Span<std::byte> into, Deadline deadline) override;
  absl::StatusOr<size_t> Write(absl::Span<const std::byte> bytes, Deadline deadline) override;
  absl::Status SendHandle(const Handle& handle, const ProcessIdentity& receiver,
                          Deadline deadline) override;
  absl::StatusOr<Handle> ReceiveHandle(Deadline deadline) override;
  void Interrupt() override;
  Handle Detach() override { return HandleOf(std::move(pipe_)); }
  int64_t native() const override { return ValueOf(pipe_.get()); }

  absl::StatusOr<std::unique_ptr<Watch>> StartWatch() override;

  HANDLE pipe() const { return pipe_.get(); }

 private:
  Win32Stream(UniqueHandle pipe, UniqueHandle read_event, UniqueHandle write_event)
      : pipe_(std::move(pipe)),
        read_event_(std::move(read_event)),
        write_event_(std::move(write_event)) {}

  absl::StatusOr<size_t> Fill(absl::Span<const std::byte> bytes);
  // In the place of a handle: its number at the other end.
  absl::Status SendNumber(uint64_t value, Deadline deadline);
  // Sends `handle` to `process`, unless there is no room now: DeadlineExceeded.
  absl::Status SendNow(const Handle& handle, HANDLE process);

  UniqueHandle pipe_;
  UniqueHandle read_event_;   // of the one reader
  UniqueHandle write_event_;  // of the one writer
  std::atomic<bool> interrupted_ = false;
};

absl::StatusOr<StreamPair> CreateStreamPair();
absl::StatusOr<std::unique_ptr<Stream>> AdoptStream(Handle handle);

// Whether `handle` is one end of a pipe. Never blocks, changes nothing.
bool IsPipe(HANDLE handle);

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_STREAM_H_
