// How tasks are written down for a worker.
#ifndef ISOPROC_PLATFORM_CORE_POOL_ITEMS_H_
#define ISOPROC_PLATFORM_CORE_POOL_ITEMS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "isoproc/internal/target.h"
#include "platform/core/pool/messages.h"
#include "platform/core/target_registry.h"
#include "platform/port/handle.h"

namespace isoproc::internal {

// A function, which items name from then on by its number: how many have come, with it.
struct CodeMessage {
  TargetName target;
  std::string object;  // the encoded callable, if it has state
};

void CopyBytes(std::byte* into, const std::string& bytes);

// Errors: as port::Segment::Share.
absl::StatusOr<PoolMessage> WriteCode(const CodeMessage& code, const SharedBlocks& blocks);
absl::StatusOr<PoolMessage> WriteItems(uint64_t code,
                                       const std::vector<std::shared_ptr<const Arguments>>& items);

// The number of a code that no items will name any more.
PoolMessage WriteForget(uint64_t code);
uint64_t ReadForget(const PoolMessage& message);

struct ReceivedItems {
  struct Item {
    absl::Span<const std::byte> arguments;  // of `message`
    Delivery delivery;
  };
  uint64_t code = 0;
  std::vector<Item> items;
  std::unique_ptr<PoolMessage> message;
};
// Errors: DataLoss; as port::Port::MapSegment.
absl::StatusOr<ReceivedItems> ReadItems(PoolMessage message);

// Errors: as port::Port::MapSegment.
absl::StatusOr<Delivery> Open(std::vector<port::Handle> handles);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_POOL_ITEMS_H_
