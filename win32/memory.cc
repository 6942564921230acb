#include "win32/memory.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/port/handle.h"
#include "platform/port/memory.h"
#include "win32/errors.h"
#include "win32/syscalls.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

// The first page of a section: its own size is a multiple of pages, and what was asked for is not.
struct Header {
  uint64_t magic;
  uint64_t size;
};
constexpr uint64_t kMagic = 0x746E656D67655369;

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
  View& operator=(View&& other) = delete;
  ~View() {
    if (base_ != nullptr) ::UnmapViewOfFile(base_);
  }
  explicit operator bool() const { return base_ != nullptr; }
  std::byte* get() const { return static_cast<std::byte*>(base_); }

 private:
  void* base_ = nullptr;
};

class Win32Segment final : public Segment {
 public:
  Win32Segment(UniqueHandle section, View view, uint64_t size)
      : section_(std::move(section)), view_(std::move(view)), size_(static_cast<size_t>(size)) {}

  absl::Span<std::byte> data() override { return {view_.get() + kHeaderSize, size_}; }

  absl::StatusOr<Handle> Share() const override {
    absl::StatusOr<UniqueHandle> duplicate = Duplicate(section_.get(), Inheritable::kNo);
    if (!duplicate.ok()) return duplicate.status();
    return HandleOf(*std::move(duplicate));
  }

 private:
  UniqueHandle section_;
  View view_;
  size_t size_;
};

View MapAll(HANDLE section) {
  return View(sys.map_view_of_file(section, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Segment>> CreateSegment(uint64_t size) {
  if (size == 0) return absl::InvalidArgumentError("a segment of size 0");
  if (!CanEverExist(size)) {
    return absl::ResourceExhaustedError("a segment that is larger than the memory can be");
  }
  const uint64_t whole = kHeaderSize + size;
  // SEC_COMMIT: the pages are charged now ("CreateFileMappingW function"), so that no store can
  // fail.
  UniqueHandle section(sys.create_file_mapping(
      INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE | SEC_COMMIT, static_cast<DWORD>(whole >> 32),
      static_cast<DWORD>(whole & 0xFFFFFFFF), nullptr));
  if (!section) {
    const DWORD error = ::GetLastError();
    return Win32ErrorAs(absl::StatusCode::kResourceExhausted, error, "CreateFileMapping");
  }
  View view = MapAll(section.get());
  if (!view) {
    const DWORD error = ::GetLastError();
    return Win32ErrorAs(absl::StatusCode::kResourceExhausted, error, "MapViewOfFile");
  }
  const Header header = {kMagic, size};
  std::memcpy(view.get(), &header, sizeof(header));
  return std::make_unique<Win32Segment>(std::move(section), std::move(view), size);
}

absl::StatusOr<std::unique_ptr<Segment>> MapSegment(Handle handle) {
  UniqueHandle section = TakeNative(std::move(handle));
  if (!section) return absl::InvalidArgumentError("no handle");
  View view = MapAll(section.get());
  if (!view) {
    const DWORD error = ::GetLastError();
    return error == ERROR_NOT_ENOUGH_MEMORY
               ? Win32Error(error, "MapViewOfFile")
               : Win32ErrorAs(absl::StatusCode::kInvalidArgument, error, "MapViewOfFile");
  }
  // The sender may be anybody: nothing outside of the view is touched, whatever the header says.
  // The size is read once, since others can write there.
  MEMORY_BASIC_INFORMATION region = {};
  Header header = {};
  if (::VirtualQuery(view.get(), &region, sizeof(region)) == 0 ||
      region.RegionSize <= kHeaderSize) {
    return absl::InvalidArgumentError("the handle is not a segment");
  }
  std::memcpy(&header, view.get(), sizeof(header));
  if (header.magic != kMagic || header.size == 0 || header.size > region.RegionSize - kHeaderSize) {
    return absl::InvalidArgumentError("the handle is not a segment");
  }
  return std::make_unique<Win32Segment>(std::move(section), std::move(view), header.size);
}

}  // namespace isoproc::port::win32
