#include "win32/memory.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/port/handle.h"
#include "platform/port/memory.h"
#include "win32/errors.h"
#include "win32/security.h"
#include "win32/syscalls.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

// The first page of a section: its own size is a multiple of pages, and what was asked for is not.
struct Header {
  uint64_t magic;
  uint64_t size;
  std::atomic<uint64_t> naming;
};
constexpr uint64_t kMagic = 0x746E656D67655369;

// Of a section that has a name of Windows: whether it has ours. Stored by who makes it, when all
// else is there, and by who unlinks it.
enum Naming : uint64_t { kNone = 0, kNamed = 1, kUnlinked = 2 };

// Windows takes no name away from a section that lives. So a name of ours stands for several of
// Windows, and a new section gets the first that is free.
constexpr int kPlaces = 32;

// The size of a page on all machines that Windows runs on.
constexpr uint64_t kHeaderSize = 4096;

// What a process can address ("Memory Limits for Windows and Windows Server Releases").
constexpr uint64_t kLargestSize = uint64_t{1} << 47;

// The paging file can grow, up to three times the size of the memory ("How to determine the
// appropriate page file size for 64-bit versions of Windows").
constexpr uint64_t kPossibleGrowth = 4;

bool CanEverExist(uint64_t size) {
  if (size > kLargestSize) return false;
  MEMORYSTATUSEX status = {};
  status.dwLength = sizeof(status);
  return !::GlobalMemoryStatusEx(&status) || size / kPossibleGrowth <= status.ullTotalPageFile;
}

class View {
 public:
  View() = default;
  explicit View(void* base) : base_(base) {}
  View(View&& other) noexcept : base_(std::exchange(other.base_, nullptr)) {}
  View& operator=(View&& other) noexcept {
    std::swap(base_, other.base_);
    return *this;
  }
  ~View() {
    if (base_ != nullptr) ::UnmapViewOfFile(base_);
  }
  explicit operator bool() const { return base_ != nullptr; }
  std::byte* get() const { return static_cast<std::byte*>(base_); }

 private:
  void* base_ = nullptr;
};

// A section and how much of it this process can see.
struct Mapped {
  UniqueHandle section;
  View view;
  SegmentAccess access = SegmentAccess::kReadWrite;

  Header& header() const { return *reinterpret_cast<Header*>(view.get()); }
};

class Win32Segment final : public Segment {
 public:
  Win32Segment(Mapped mapped, uint64_t size)
      : section_(std::move(mapped.section)),
        view_(std::move(mapped.view)),
        size_(static_cast<size_t>(size)),
        access_(mapped.access) {}

  absl::Span<std::byte> data() override {
    return {view_.get() + kHeaderSize, access_ == SegmentAccess::kReadWrite ? size_ : 0};
  }
  absl::Span<const std::byte> view() const override { return {view_.get() + kHeaderSize, size_}; }

  absl::StatusOr<Handle> Share() const override {
    absl::StatusOr<UniqueHandle> duplicate = Duplicate(section_.get(), Inheritable::kNo);
    if (!duplicate.ok()) return duplicate.status();
    return HandleOf(*std::move(duplicate));
  }

 private:
  UniqueHandle section_;
  View view_;
  size_t size_;
  SegmentAccess access_;
};

DWORD RightsOf(SegmentAccess access) {
  return access == SegmentAccess::kReadOnly ? FILE_MAP_READ : FILE_MAP_READ | FILE_MAP_WRITE;
}

// Maps the whole section, or its header only.
View Map(HANDLE section, SegmentAccess access, size_t size = 0) {
  return View(sys.map_view_of_file(section, RightsOf(access), 0, 0, size));
}

// A new section, whose header has all but the naming. `name` may be null.
absl::StatusOr<Mapped> NewSection(uint64_t size, SECURITY_ATTRIBUTES* security,
                                  const wchar_t* name) {
  if (!CanEverExist(size)) {
    return absl::ResourceExhaustedError("a segment that is larger than the memory can be");
  }
  const uint64_t whole = kHeaderSize + size;
  // SEC_COMMIT: the pages are charged now ("CreateFileMappingW function"), so that no store can
  // fail.
  UniqueHandle section(sys.create_file_mapping(
      INVALID_HANDLE_VALUE, security, PAGE_READWRITE | SEC_COMMIT, static_cast<DWORD>(whole >> 32),
      static_cast<DWORD>(whole & 0xFFFFFFFF), name));
  const DWORD error = ::GetLastError();
  if (!section) {
    return Win32ErrorAs(absl::StatusCode::kResourceExhausted, error, "CreateFileMapping");
  }
  if (name != nullptr && error == ERROR_ALREADY_EXISTS) {
    return Win32ErrorAs(absl::StatusCode::kAlreadyExists, error, "CreateFileMapping");
  }
  Mapped mapped;
  mapped.view = Map(section.get(), mapped.access);
  if (!mapped.view) {
    const DWORD map_error = ::GetLastError();
    return Win32ErrorAs(absl::StatusCode::kResourceExhausted, map_error, "MapViewOfFile");
  }
  mapped.section = std::move(section);
  mapped.header().magic = kMagic;
  mapped.header().size = size;
  return mapped;
}

absl::StatusOr<std::unique_ptr<Segment>> SegmentOf(Mapped mapped) {
  // The sender may be anybody: nothing outside of the view is touched, whatever the header says.
  // The size is read once, since others can write there.
  MEMORY_BASIC_INFORMATION region = {};
  if (::VirtualQuery(mapped.view.get(), &region, sizeof(region)) == 0 ||
      region.RegionSize <= kHeaderSize) {
    return absl::InvalidArgumentError("the handle is not a segment");
  }
  const uint64_t size = *const_cast<volatile uint64_t*>(&mapped.header().size);
  if (mapped.header().magic != kMagic || size == 0 || size > region.RegionSize - kHeaderSize) {
    return absl::InvalidArgumentError("the handle is not a segment");
  }
  return std::make_unique<Win32Segment>(std::move(mapped), size);
}

// No name has '#'.
std::wstring PlaceOf(const std::string& name, const std::string& place) {
  const std::string whole = "Local\\isoproc-memory-" + name + "#" + place;
  return std::wstring(whole.begin(), whole.end());  // ASCII
}

// Held while a name is being given: two processes would take different places for it.
class NamingLock {
 public:
  // Blocks:    while another process gives the name, which it does at once, or dies.
  static absl::StatusOr<NamingLock> Take(const std::string& name) {
    const absl::StatusOr<SECURITY_ATTRIBUTES*> owner_only = OwnerOnly();
    if (!owner_only.ok()) return owner_only.status();
    NamingLock lock;
    lock.mutex_ = UniqueHandle(sys.create_mutex(*owner_only, FALSE, PlaceOf(name, "lock").c_str()));
    if (!lock.mutex_) return Win32Error(::GetLastError(), "CreateMutex");
    // What its last owner had begun is gone with him.
    const DWORD waited = sys.wait_for_single_object(lock.mutex_.get(), INFINITE);
    if (waited != WAIT_OBJECT_0 && waited != WAIT_ABANDONED) {
      const DWORD error = ::GetLastError();
      lock.mutex_.reset();
      return Win32Error(error, "WaitForSingleObject");
    }
    return lock;
  }
  NamingLock(NamingLock&&) = default;
  NamingLock& operator=(NamingLock&&) = delete;
  ~NamingLock() {
    if (mutex_) ::ReleaseMutex(mutex_.get());
  }

 private:
  NamingLock() = default;
  UniqueHandle mutex_;
};

// What is at one place of a name; with `whole`, all of it is mapped.
// Errors:    NotFound: nothing.
absl::StatusOr<Mapped> OpenPlace(const std::string& name, int place, SegmentAccess access,
                                 bool whole) {
  Mapped mapped;
  mapped.access = access;
  mapped.section = UniqueHandle(
      sys.open_file_mapping(RightsOf(access), FALSE, PlaceOf(name, std::to_string(place)).c_str()));
  if (!mapped.section) return Win32Error(::GetLastError(), "OpenFileMapping");
  mapped.view = Map(mapped.section.get(), access, whole ? 0 : sizeof(Header));
  if (!mapped.view) return Win32Error(::GetLastError(), "MapViewOfFile");
  return mapped;
}

// The section that has the name.
// Errors:    NotFound; what else it was that kept from looking.
absl::StatusOr<Mapped> Find(const std::string& name, SegmentAccess access, bool whole) {
  for (int place = 0; place < kPlaces; ++place) {
    absl::StatusOr<Mapped> found = OpenPlace(name, place, access, whole);
    if (absl::IsNotFound(found.status())) continue;
    if (!found.ok() || found->header().naming.load() == kNamed) return found;
  }
  return absl::NotFoundError(name + ": no shared memory of that name");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Segment>> CreateSegment(uint64_t size) {
  if (size == 0) return absl::InvalidArgumentError("a segment of size 0");
  absl::StatusOr<Mapped> mapped = NewSection(size, nullptr, nullptr);
  if (!mapped.ok()) return mapped.status();
  return std::make_unique<Win32Segment>(*std::move(mapped), size);
}

absl::StatusOr<std::unique_ptr<Segment>> MapSegment(Handle handle) {
  Mapped mapped;
  mapped.section = TakeNative(std::move(handle));
  if (!mapped.section) return absl::InvalidArgumentError("no handle");
  mapped.view = Map(mapped.section.get(), mapped.access);
  if (!mapped.view && ::GetLastError() == ERROR_ACCESS_DENIED) {
    mapped.access = SegmentAccess::kReadOnly;
    mapped.view = Map(mapped.section.get(), mapped.access);
  }
  if (!mapped.view) {
    const DWORD error = ::GetLastError();
    return error == ERROR_NOT_ENOUGH_MEMORY
               ? Win32Error(error, "MapViewOfFile")
               : Win32ErrorAs(absl::StatusCode::kInvalidArgument, error, "MapViewOfFile");
  }
  return SegmentOf(std::move(mapped));
}

absl::StatusOr<std::unique_ptr<Segment>> CreateNamedSegment(const std::string& name,
                                                            uint64_t size) {
  if (size == 0) return absl::InvalidArgumentError("a segment of size 0");
  const absl::StatusOr<SECURITY_ATTRIBUTES*> owner_only = OwnerOnly();
  if (!owner_only.ok()) return owner_only.status();
  const absl::StatusOr<NamingLock> lock = NamingLock::Take(name);
  if (!lock.ok()) return lock.status();
  const absl::Status free = Find(name, SegmentAccess::kReadOnly, false).status();
  if (free.ok()) return absl::AlreadyExistsError(name + ": there is shared memory of that name");
  if (!absl::IsNotFound(free)) return free;
  for (int place = 0; place < kPlaces; ++place) {
    absl::StatusOr<Mapped> mapped =
        NewSection(size, *owner_only, PlaceOf(name, std::to_string(place)).c_str());
    if (absl::IsAlreadyExists(mapped.status())) continue;
    if (!mapped.ok()) return mapped.status();
    mapped->header().naming.store(kNamed);  // commits
    return std::make_unique<Win32Segment>(*std::move(mapped), size);
  }
  return absl::ResourceExhaustedError(name + ": too much is in use that had this name before");
}

absl::StatusOr<std::unique_ptr<Segment>> OpenNamedSegment(const std::string& name,
                                                          SegmentAccess access) {
  absl::StatusOr<Mapped> found = Find(name, access, true);
  if (!found.ok()) return found.status();
  return SegmentOf(*std::move(found));
}

absl::Status UnlinkSegment(const std::string& name) {
  const absl::StatusOr<Mapped> found = Find(name, SegmentAccess::kReadWrite, false);
  if (!found.ok()) return found.status();
  uint64_t named = kNamed;
  if (found->header().naming.compare_exchange_strong(named, kUnlinked)) return absl::OkStatus();
  return absl::NotFoundError(name + ": no shared memory of that name");
}

}  // namespace isoproc::port::win32
