// How tasks are written down for a worker.
#ifndef ISOPROC_PLATFORM_CORE_POOL_ITEMS_H_
#define ISOPROC_PLATFORM_CORE_POOL_ITEMS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "isoproc/internal/batch.h"
#include "platform/core/pool/messages.h"
#include "platform/core/pool/scheduler.h"
#include "platform/core/target_registry.h"
#include "platform/port/handle.h"

namespace isoproc::internal {

// A function, which items name from then on by its number: how many have come, with it.
struct CodeMessage {
  TargetName target;
  std::string object;  // the encoded callable, if it has state
};

void CopyBytes(std::byte* into, const std::string& bytes);

// Puts all of it, or nothing. Errors: as port::Segment::Share and PoolWriter::PutLarge.
absl::Status PutCode(PoolWriter& writer, const CodeMessage& code, const SharedBlocks& blocks);

// The items of a chunk, by the number of their code.
uint64_t SizeOfItems(const SendItems& items);
void WriteItems(uint64_t code, const SendItems& items, std::byte* into);
// Puts what they need besides. Errors: nothing is put; as port::Segment::Share.
absl::Status PutLuggage(PoolWriter& writer, const SendItems& items);

// The number of a code that no items will name any more.
absl::Status PutForget(PoolWriter& writer, uint64_t code);
uint64_t ReadForget(const PoolMessage& message);

// Gives the items of a chunk one by one.
class ItemsReader {
 public:
  // Errors: DataLoss: `bytes` are not such items.
  static absl::StatusOr<ItemsReader> Read(absl::Span<const std::byte> bytes, SharedBlocks luggage);

  uint64_t code() const { return code_; }
  // How many there are still.
  uint64_t left() const { return left_; }
  // Requires: left() > 0. Until the next call.
  struct Item {
    absl::Span<const std::byte> arguments;
    const Delivery& delivery;
  };
  Item Next();

 private:
  ItemsReader() = default;

  uint64_t code_ = 0;
  uint64_t left_ = 0;
  const std::byte* sizes_ = nullptr;   // of the items that are left
  const std::byte* blocks_ = nullptr;  // how many each has, if any has one
  const std::byte* bytes_ = nullptr;
  SharedBlocks luggage_;
  size_t taken_ = 0;  // of the luggage
  Delivery delivery_;
};

// Errors: as port::Port::MapSegment.
absl::StatusOr<SharedBlocks> Open(std::vector<port::Handle> handles);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_POOL_ITEMS_H_
