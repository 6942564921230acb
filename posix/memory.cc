#include "posix/memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/native_error.h"
#include "platform/port/handle.h"
#include "platform/port/memory.h"
#include "posix/errors.h"
#include "posix/fd.h"
#include "posix/named_memory.h"
#include "posix/os.h"
#include "posix/syscalls.h"

namespace isoproc::port::posix {
namespace {

class PosixSegment final : public Segment {
 public:
  PosixSegment(Fd fd, std::byte* data, size_t size, bool writable)
      : fd_(std::move(fd)), data_(data), size_(size), writable_(writable) {}
  ~PosixSegment() override {
    (void)sys.munmap(data_, size_);
    struct stat file;
    const bool has_name = ::fstat(fd_.get(), &file) == 0 && file.st_nlink > 0;
    fd_.reset();
    // The name goes with the last holder.
    if (has_name) SweepNamedMemory();
  }

  absl::Span<std::byte> data() override { return {data_, writable_ ? size_ : 0}; }
  absl::Span<const std::byte> view() const override { return {data_, size_}; }

  absl::StatusOr<Handle> Share() const override {
    Fd copy(sys.fcntl(fd_.get(), F_DUPFD_CLOEXEC, 3));
    if (!copy) return PosixError(errno, "fcntl");
    return HandleOf(std::move(copy));
  }

 private:
  Fd fd_;
  std::byte* const data_;
  const size_t size_;
  const bool writable_;
};

absl::StatusOr<std::unique_ptr<Segment>> Map(Fd fd, uint64_t size) {
  if (size > std::numeric_limits<size_t>::max()) return PosixError(ENOMEM, "mmap");
  const auto length = static_cast<size_t>(size);
  const int flags = sys.fcntl(fd.get(), F_GETFL, 0);
  if (flags < 0) return PosixError(errno, "fcntl");
  const bool writable = (flags & O_ACCMODE) == O_RDWR;
  const int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
  void* data = sys.mmap(nullptr, length, protection, MAP_SHARED, fd.get(), 0);
  if (data == MAP_FAILED) {
    const int error = errno;
    if (CannotBeMapped(error)) {
      return PosixErrorAs(absl::StatusCode::kInvalidArgument, error, "mmap");
    }
    return PosixError(error, "mmap");
  }
  return std::make_unique<PosixSegment>(std::move(fd), static_cast<std::byte*>(data), length,
                                        writable);
}

}  // namespace

bool CannotBeMapped(int error) { return error == EACCES || error == ENODEV || error == EPERM; }

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

absl::StatusOr<std::unique_ptr<Segment>> CreateNamedSegment(const std::string& name,
                                                            uint64_t size) {
  if (size == 0) return absl::InvalidArgumentError("a segment of no bytes");
  SweepNamedMemory();
  const auto already_exists = [&name] {
    return absl::AlreadyExistsError(name + ": there is shared memory of that name");
  };
  const absl::StatusOr<bool> exists = NamedMemoryExists(name);
  if (!exists.ok()) return exists.status();
  if (*exists) return already_exists();
  absl::StatusOr<NewFile> file = NewFile::Create();
  if (!file.ok()) return file.status();
  const absl::Status made = os::MakeMemory(file->fd().get(), size);
  if (!made.ok()) return made;
  absl::StatusOr<std::unique_ptr<Segment>> segment = Map(std::move(file->fd()), size);
  if (!segment.ok()) return segment;
  const absl::Status published = file->Publish(name);
  if (absl::IsAlreadyExists(published)) return already_exists();
  if (!published.ok()) return published;
  return segment;
}

absl::StatusOr<std::unique_ptr<Segment>> OpenNamedSegment(const std::string& name,
                                                          SegmentAccess access) {
  absl::StatusOr<Fd> fd = OpenNamedMemory(name, access);
  if (absl::IsNotFound(fd.status())) {
    return Annotate(fd.status(), name + ": no shared memory of that name");
  }
  if (!fd.ok()) return fd.status();
  const absl::StatusOr<uint64_t> size = os::MemorySize(fd->get());
  if (!size.ok()) return size.status();
  return Map(*std::move(fd), *size);
}

}  // namespace isoproc::port::posix
