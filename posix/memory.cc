#include "posix/memory.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/port/handle.h"
#include "platform/port/memory.h"
#include "posix/errors.h"
#include "posix/fd.h"
#include "posix/os.h"
#include "posix/syscalls.h"

namespace isoproc::port::posix {
namespace {

class PosixSegment final : public Segment {
 public:
  PosixSegment(Fd fd, std::byte* data, size_t size)
      : fd_(std::move(fd)), data_(data), size_(size) {}
  ~PosixSegment() override { (void)sys.munmap(data_, size_); }

  absl::Span<std::byte> data() override { return {data_, size_}; }

  absl::StatusOr<Handle> Share() const override {
    Fd copy(sys.fcntl(fd_.get(), F_DUPFD_CLOEXEC, 3));
    if (!copy) return PosixError(errno, "fcntl");
    return HandleOf(std::move(copy));
  }

 private:
  const Fd fd_;
  std::byte* const data_;
  const size_t size_;
};

absl::StatusOr<std::unique_ptr<Segment>> Map(Fd fd, uint64_t size) {
  if (size > std::numeric_limits<size_t>::max()) return PosixError(ENOMEM, "mmap");
  const auto length = static_cast<size_t>(size);
  void* data = sys.mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (data == MAP_FAILED) {
    const int error = errno;
    // Opened for reading only, or not a thing that can be mapped: not a segment.
    if (error == EACCES || error == ENODEV || error == EPERM) {
      return PosixErrorAs(absl::StatusCode::kInvalidArgument, error, "mmap");
    }
    return PosixError(error, "mmap");
  }
  return std::make_unique<PosixSegment>(std::move(fd), static_cast<std::byte*>(data), length);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Segment>> CreateSegment(uint64_t size) {
  if (size == 0) return absl::InvalidArgumentError("a segment of no bytes");
  absl::StatusOr<Fd> fd = os::CreateMemory(size);
  if (!fd.ok()) return fd.status();
  return Map(*std::move(fd), size);
}

absl::StatusOr<std::unique_ptr<Segment>> MapSegment(Handle handle) {
  Fd fd = FdOf(std::move(handle));
  if (!fd) return absl::InvalidArgumentError("no handle");
  const absl::StatusOr<uint64_t> size = os::MemorySize(fd.get());
  if (!size.ok()) return size.status();
  return Map(std::move(fd), *size);
}

}  // namespace isoproc::port::posix
