// Plain memory that several processes share, with or without a name.
#ifndef ISOPROC_SHARED_MEMORY_H_
#define ISOPROC_SHARED_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "cereal/access.hpp"
#include "isoproc/internal/archive.h"

namespace isoproc {

enum class MemoryAccess { kReadWrite, kReadOnly };

// A handle of shared memory. Copies are cheap and refer to the same memory; handles travel as those
// of sync.h do, by whatever access they have. The memory lives until its last handle is gone, in
// whatever process, also if all of these are killed.                          [SHM-17, SHM-18]
//
// Who else uses the bytes, and when, is the program's to order: with a Lock, or see Array, Value
// and ShareableList, which do that themselves. Each memory takes whole pages, and a handle of the
// system in each process that has it; on Windows a name takes some more of these.
//
// Named memory is found by all programs of the user (on Windows: of the session), also by such as
// have no parent in common. A name is 1 to 30 of A-Z, a-z, 0-9, '.', '_' and '-'; case matters. It
// lives exactly as long as the memory, on every system, unless Unlink takes it away before: it
// needs neither an owner nor a process that cleans up. Other users can neither read nor write
// the memory.                                               [SHM-08, SHM-16, SHM-20, SHM-24]
//
// Thread safety: as of any value; the bytes are the program's to order.
class SharedMemory {
 public:
  // Of a name.
  static constexpr size_t kMaxNameLength = 30;

  // An empty handle: no bytes.
  SharedMemory() = default;

  // `size` bytes, all zero and all there: no later store can fail for want of memory. They have no
  // name.                                                                       [SHM-01, SHM-22]
  // Blocks:  as long as the system needs to find the memory; the other functions hardly ever.
  // Errors:  InvalidArgument: size 0; ResourceExhausted: the system has not so much memory.
  static absl::StatusOr<SharedMemory> Create(uint64_t size);

  // The same with a name. Nobody finds it before it is all there.     [SHM-03, SHM-05, SHM-09]
  // Errors:  as Create; InvalidArgument: not a name; AlreadyExists: there is memory of that name;
  //          PermissionDenied: it is another user's; Unavailable: names have no place here.
  static absl::StatusOr<SharedMemory> CreateNamed(std::string_view name, uint64_t size);

  // The memory of that name, in the size that it was made with.                 [SHM-06, SHM-11]
  // Errors:  InvalidArgument: not a name; NotFound: there is no memory of that name;
  //          PermissionDenied: it is another user's; ResourceExhausted.         [SHM-04]
  static absl::StatusOr<SharedMemory> Open(std::string_view name,
                                           MemoryAccess access = MemoryAccess::kReadWrite);

  // Takes the name away, at once and for everybody: Open finds nothing, CreateNamed may give it to
  // other memory. Who has the memory keeps it.                                  [SHM-15]
  // Errors:  InvalidArgument: not a name; NotFound: there is no memory of that name;
  //          PermissionDenied: it is another user's.
  static absl::Status Unlink(std::string_view name);

  // The bytes, page-aligned, as long as a handle of this process refers to them; none if the handle
  // is empty, or was opened with kReadOnly. The address differs between processes.
  //                                                                   [SHM-07, SHM-12, SHM-14]
  absl::Span<std::byte> bytes() const;
  // The same for reading, by any handle.
  absl::Span<const std::byte> view() const;
  // As asked for, exactly, for all who have it; 0 if the handle is empty.
  size_t size() const { return view().size(); }
  // What it was made or opened by, also when that was unlinked; empty if it has no name.
  const std::string& name() const { return name_; }

  explicit operator bool() const { return block_ != nullptr; }

 private:
  SharedMemory(std::shared_ptr<internal::SharedBlock> block, std::string name)
      : block_(std::move(block)), name_(std::move(name)) {}

  void Save(internal::WriteArchive& archive) const;
  void Load(internal::ReadArchive& archive);

  friend class cereal::access;
  template <class Archive>
  void save(Archive& archive) const {
    Save(archive);
  }
  template <class Archive>
  void load(Archive& archive) {
    Load(archive);
  }

  std::shared_ptr<internal::SharedBlock> block_;
  std::string name_;
};

template <>
inline constexpr bool internal::kIsHandle<SharedMemory> = true;

}  // namespace isoproc

#endif  // ISOPROC_SHARED_MEMORY_H_
