// Shared memory is a POSIX object that loses its name as soon as it has one; what keeps its name is
// a file in the run directory, as not all systems can lock such objects. The last page holds the
// exact size, which some systems round up when they are asked for it.
#include "posix/memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "posix/errors.h"
#include "posix/fd.h"
#include "posix/os.h"
#include "posix/strict/locks.h"
#include "posix/strict/run_directory.h"
#include "posix/syscalls.h"
#include "posix/system.h"

namespace isoproc::port::posix::os {
namespace {

struct Trailer {
  static constexpr std::array<char, 8> kMagic = {'i', 's', 'o', 'p', 'r', 'o', 'c', '1'};
  std::array<char, 8> magic;
  uint64_t size;
};

uint64_t PageSize() { return static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)); }

// Where the trailer begins, for a segment of `size` bytes.
uint64_t TrailerOffset(uint64_t size) {
  const uint64_t page = PageSize();
  return (size + page - 1) / page * page;
}

absl::StatusOr<Fd> OpenUnnamed() {
  while (true) {
    std::byte random[10];
    RandomBytes(random);
    const std::string name =
        "/isoproc." + absl::BytesToHexString(
                          absl::string_view(reinterpret_cast<const char*>(random), sizeof(random)));
    const std::lock_guard<std::mutex> lock(DescriptorMutex());
    const int fd =
        RetryOnEintr([&] { return ::shm_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600); });
    if (fd < 0) {
      if (errno == EEXIST) continue;
      return PosixError(errno, "shm_open");
    }
    Fd owned(fd);
    if (::shm_unlink(name.c_str()) != 0) return PosixError(errno, "shm_unlink");
    (void)::fcntl(fd, F_SETFD, FD_CLOEXEC);  // some systems have done so, some have not
    owned.reset(AboveStandardStreams(owned.release()));
    if (!owned) return PosixError(errno, "fcntl");
    return owned;
  }
}

bool IsShortage(int error) {
  return error == ENOSPC || error == ENOMEM || error == EDQUOT || error == EFBIG;
}

// More than there is can be found in no time. An object that may be larger than that (a file system
// in memory can say so) would fill the memory of the whole machine first.
bool IsMoreThanThereIs(uint64_t size) {
  const auto pages = ::sysconf(_SC_PHYS_PAGES);
  return pages > 0 && size / PageSize() > static_cast<uint64_t>(pages);
}

// Writing zeros makes the system find room for them; the call that only does this is missing on
// some systems. Those which do not let such objects be written to (macOS) keep them in memory that
// they can swap out. Returns 0 or errno.
int Reserve(int fd, uint64_t size) {
  if (IsMoreThanThereIs(size)) return ENOMEM;
  struct statvfs space;
  // A shortage that can be known is not found by filling the memory first.
  if (::fstatvfs(fd, &space) == 0 && space.f_blocks > 0 && size / space.f_frsize > space.f_bavail) {
    return ENOSPC;
  }
  static constexpr std::array<std::byte, 65536> kZeros = {};
  for (uint64_t offset = 0; offset < size;) {
    const size_t length = static_cast<size_t>(std::min<uint64_t>(kZeros.size(), size - offset));
    const ssize_t count = RetryOnEintr(
        [&] { return ::pwrite(fd, kZeros.data(), length, static_cast<off_t>(offset)); });
    if (count <= 0) return count < 0 && IsShortage(errno) ? errno : 0;
    offset += static_cast<uint64_t>(count);
  }
  return 0;
}

// Maps the last page, in which the trailer is.
class TrailerPage {
 public:
  TrailerPage(int fd, uint64_t offset, int protection)
      : size_(static_cast<size_t>(PageSize())),
        data_(sys.mmap(nullptr, size_, protection, MAP_SHARED, fd, static_cast<off_t>(offset))) {}
  TrailerPage(const TrailerPage&) = delete;
  TrailerPage& operator=(const TrailerPage&) = delete;
  ~TrailerPage() {
    if (ok()) (void)sys.munmap(data_, size_);
  }

  bool ok() const { return data_ != MAP_FAILED; }
  void* data() const { return data_; }

 private:
  const size_t size_;
  void* const data_;
};

}  // namespace

absl::StatusOr<Fd> CreateMemory(uint64_t size) {
  absl::StatusOr<Fd> fd = OpenUnnamed();
  if (!fd.ok()) return fd.status();
  const absl::Status made = MakeMemory(fd->get(), size);
  if (!made.ok()) return made;
  return fd;
}

absl::Status MakeMemory(int fd, uint64_t size) {
  const uint64_t page = PageSize();
  if (size > static_cast<uint64_t>(std::numeric_limits<off_t>::max()) - 2 * page) {
    return PosixError(EFBIG, "ftruncate");
  }
  const uint64_t offset = TrailerOffset(size);
  if (RetryOnEintr([&] { return sys.ftruncate(fd, static_cast<off_t>(offset + page)); }) != 0) {
    return PosixError(errno, "ftruncate");
  }
  if (const int error = Reserve(fd, offset + page); error != 0) return PosixError(error, "pwrite");
  const TrailerPage trailer_page(fd, offset, PROT_READ | PROT_WRITE);
  if (!trailer_page.ok()) return PosixError(errno, "mmap");
  const Trailer trailer = {.magic = Trailer::kMagic, .size = size};
  std::memcpy(trailer_page.data(), &trailer, sizeof(trailer));
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> MemorySize(int fd) {
  const auto not_a_segment = [] {
    return absl::InvalidArgumentError("the handle is not a segment");
  };
  const uint64_t page = PageSize();
  struct stat object;
  if (::fstat(fd, &object) != 0 || object.st_size < 0) return not_a_segment();
  const uint64_t total = static_cast<uint64_t>(object.st_size) / page * page;
  if (total < 2 * page) return not_a_segment();
  const TrailerPage trailer_page(fd, total - page, PROT_READ);
  if (!trailer_page.ok()) {
    return CannotBeMapped(errno) ? not_a_segment() : PosixError(errno, "mmap");
  }
  Trailer trailer;
  std::memcpy(&trailer, trailer_page.data(), sizeof(trailer));
  if (trailer.magic != Trailer::kMagic || trailer.size == 0 || trailer.size > total - page) {
    return not_a_segment();
  }
  return trailer.size;
}

absl::StatusOr<std::string> NamedMemoryPrefix() {
  const absl::Status there = EnsureRunDirectory();
  if (!there.ok()) return there;
  return RunDirectory() + "m.";
}

}  // namespace isoproc::port::posix::os
