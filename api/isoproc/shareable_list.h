// A list of fixed length, of small values of several types, that several processes share.
#ifndef ISOPROC_SHAREABLE_LIST_H_
#define ISOPROC_SHAREABLE_LIST_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "cereal/access.hpp"
#include "isoproc/shared_memory.h"

namespace isoproc {

// A handle of a list, with or without a name, in a SharedMemory of its own: how it travels, how
// long it lives, and who finds it by name is said there.                                [SHL-10]
//
// Items are replaced as a whole, without a lock: whoever is killed while he stores one has stored
// all of it or nothing, nobody ever waits for him, and nobody sees half of it. What several items
// are together, others may change between one call and the next.                        [SHL-11]
//
// An item takes 8 bytes of memory for each byte of its capacity.
//
// Thread safety: any thread of any process.
class ShareableList {
 public:
  // Nothing, a bool, a number, text or bytes. Other types are a compile error.  [SHL-01, SHL-07]
  using Item =
      std::variant<std::monostate, bool, int64_t, double, std::string, std::vector<std::byte>>;

  // An empty handle: no list.
  ShareableList() = default;

  // A list of copies of `items`, none is fine. Each place can take an item of any type, and text or
  // bytes of up to `least_capacity`, or as many as it has at first if that is more; counted in
  // bytes and rounded up to a multiple of 8.                                    [SHL-04, SHL-05]
  // Errors:  ResourceExhausted.
  static absl::StatusOr<ShareableList> Create(absl::Span<const Item> items,
                                              size_t least_capacity = 8);
  // The same with a name. Nobody finds it before it is all there.
  // Errors:  as Create, and SharedMemory::CreateNamed.                          [SHL-09]
  static absl::StatusOr<ShareableList> CreateNamed(std::string_view name,
                                                   absl::Span<const Item> items,
                                                   size_t least_capacity = 8);
  // The list of that name. SharedMemory::Unlink takes the name away.
  // Errors:  as SharedMemory::Open; NotFound: the memory of that name is all zero: no list yet;
  //          DataLoss: it holds something else.                                  [SHL-09]
  static absl::StatusOr<ShareableList> Open(std::string_view name,
                                            MemoryAccess access = MemoryAccess::kReadWrite);

  // The number of items, which does not change; 0 if the handle is empty.
  size_t size() const { return size_; }
  // As SharedMemory::name.
  const std::string& name() const { return memory_.name(); }

  // The item at `index`.                                                  [SHL-02, SHL-03, SHL-06]
  // Blocks:  never.
  // Errors:  InvalidArgument: there is no such item; FailedPrecondition: the handle is empty;
  //          DataLoss: something else has written to the memory.
  absl::StatusOr<Item> Load(size_t index) const;
  // Replaces it.
  // Blocks:  never for long: who stores at the same time is waited for a little, then overtaken.
  // Errors:  as Load; InvalidArgument: more bytes than the place has; PermissionDenied: the list
  //          was opened with kReadOnly. Nothing changed.
  absl::Status Store(size_t index, const Item& item) const;
  // How many bytes of text fit there.
  // Errors:  as Load.
  absl::StatusOr<size_t> Capacity(size_t index) const;

  // All items, one after the other.                                             [SHL-08]
  // Errors:  as Load.
  absl::StatusOr<std::vector<Item>> LoadAll() const;
  // How many items are equal to `item`, in type and value; the index of the first of them.
  // Errors:  as Load; Find: NotFound: there is none.
  absl::StatusOr<size_t> Count(const Item& item) const;
  absl::StatusOr<size_t> Find(const Item& item) const;

  explicit operator bool() const { return static_cast<bool>(memory_); }

 private:
  // Errors:  as Slots::Open.
  static absl::StatusOr<ShareableList> Of(SharedMemory memory);
  static absl::StatusOr<ShareableList> Make(absl::StatusOr<SharedMemory> memory,
                                            absl::Span<const Item> items,
                                            absl::Span<const uint64_t> capacities);
  // For load: ends GuardDecode if there is a memory without a list.
  void Arrive();

  friend class cereal::access;
  template <class Archive>
  void save(Archive& archive) const {
    archive(memory_);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(memory_);
    Arrive();
  }

  SharedMemory memory_;
  size_t size_ = 0;
};

template <>
inline constexpr bool internal::kIsHandle<ShareableList> = true;

}  // namespace isoproc

#endif  // ISOPROC_SHAREABLE_LIST_H_
