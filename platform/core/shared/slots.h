// Places in shared memory that hold short strings of bytes, each of them replaced as a whole. What
// ShareableList is made of.
//
// There is no lock, and so nobody who could die with it. A slot has two buffers: the head names the
// one that is valid, and who wants to write fills the other one and then turns the head. Each
// attempt to write gets the next number, from the head, by which it makes all earlier ones vain: it
// overwrites what they left, they cannot overwrite what it stored, since each cell carries the
// number of the attempt that it is from, and they cannot turn the head. So half an attempt is
// nothing, whether its writer is dead, stopped or slow.
//
// A reader takes the buffer that the head names. All cells of it that belong to the string are from
// the attempt that turned the head; any that were overwritten since are from one that is later than
// the head that he saw, and he looks again.
//
// The memory may be open to other programs of the user: no number in it is believed.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_SLOTS_H_
#define ISOPROC_PLATFORM_CORE_SHARED_SLOTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/core/shared/atomic.h"

namespace isoproc::internal {

// One place.
// Thread safety: any thread of any process.
class Slot {
 public:
  // The longest string that it holds.
  uint64_t capacity() const { return capacity_; }
  // Errors:    DataLoss: somebody else has written to the memory.
  absl::StatusOr<std::string> Read() const;
  // Requires:  memory that may be written to; at most capacity() bytes.
  // Blocks:    never for long: who writes at the same time is waited for a little, and overtaken
  //            then.
  // Errors:    DataLoss: somebody else has written to the memory.
  absl::Status Write(std::string_view bytes) const;

 private:
  friend class Slots;
  Slot(Atomic<uint64_t>* head, uint64_t capacity) : head_(head), capacity_(capacity) {}
  Atomic<uint64_t>* Buffer(uint64_t number) const;

  Atomic<uint64_t>* head_;  // the buffers follow it
  uint64_t capacity_;
};

// All places of one memory. It refers to the memory and does not keep it.
class Slots {
 public:
  // How many bytes it takes; nullopt: more than can be.
  static std::optional<uint64_t> SizeOf(absl::Span<const uint64_t> capacities);
  // Lays them out in new memory, which is all zero. All strings are empty. Nobody takes it for
  // slots before Commit.
  static Slots Make(absl::Span<std::byte> memory, absl::Span<const uint64_t> capacities);
  void Commit();
  // Errors:    NotFound: not committed; DataLoss: the memory holds something else.
  static absl::StatusOr<Slots> Open(absl::Span<const std::byte> memory);

  uint64_t count() const { return count_; }
  // Requires:  index < count().
  // Errors:    DataLoss: somebody else has written to the memory.
  absl::StatusOr<Slot> At(uint64_t index) const;

 private:
  Slots(Atomic<uint64_t>* words, uint64_t size, uint64_t count)
      : words_(words), size_(size), count_(count) {}

  Atomic<uint64_t>* words_;
  uint64_t size_;  // in words
  uint64_t count_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_SLOTS_H_
