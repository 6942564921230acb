#include "platform/core/pool/items.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "isoproc/codec.h"
#include "isoproc/internal/target.h"
#include "platform/core/pool/messages.h"
#include "platform/core/shared/shared_block.h"

namespace isoproc::internal {
namespace {

// What is not larger fits into the stream of a worker that waits, on every system.
constexpr uint64_t kInlineItems = 2048;

struct ItemsHeader {
  uint64_t code;
  uint64_t count;
};
struct ItemHeader {
  uint64_t size;
  uint64_t blocks;
};

absl::Status ShareBlocks(const SharedBlocks& blocks, PoolMessage& message) {
  for (const std::shared_ptr<SharedBlock>& block : blocks) {
    absl::StatusOr<port::Handle> handle = block->Share();
    if (!handle.ok()) return handle.status();
    message.handles.push_back(*std::move(handle));
  }
  return absl::OkStatus();
}

template <class T>
std::byte* Put(std::byte* into, const T& value) {
  std::memcpy(into, &value, sizeof(value));
  return into + sizeof(value);
}

}  // namespace

void CopyBytes(std::byte* into, const std::string& bytes) {
  if (!bytes.empty()) std::memcpy(into, bytes.data(), bytes.size());
}

absl::StatusOr<PoolMessage> WriteCode(const CodeMessage& code, const SharedBlocks& blocks) {
  const absl::StatusOr<std::string> bytes = Encode(code);
  if (!bytes.ok()) return bytes.status();
  PoolMessage message = PoolMessage::Make(PoolMessage::Kind::kCode, bytes->size(), kInlineItems,
                                          [&](std::byte* into) { CopyBytes(into, *bytes); });
  const absl::Status shared = ShareBlocks(blocks, message);
  if (!shared.ok()) return shared;
  return message;
}

absl::StatusOr<PoolMessage> WriteItems(uint64_t code,
                                       const std::vector<std::shared_ptr<const Arguments>>& items) {
  uint64_t size = sizeof(ItemsHeader) + items.size() * sizeof(ItemHeader);
  for (const auto& item : items) size += item->bytes.size();
  PoolMessage message =
      PoolMessage::Make(PoolMessage::Kind::kItems, size, kInlineItems, [&](std::byte* into) {
        into = Put(into, ItemsHeader{code, items.size()});
        for (const auto& item : items) {
          into = Put(into, ItemHeader{item->bytes.size(), item->luggage.blocks.size()});
          CopyBytes(into, item->bytes);
          into += item->bytes.size();
        }
      });
  for (const auto& item : items) {
    const absl::Status shared = ShareBlocks(item->luggage.blocks, message);
    if (!shared.ok()) return shared;
  }
  return message;
}

PoolMessage WriteForget(uint64_t code) {
  return PoolMessage::Make(PoolMessage::Kind::kForget, sizeof(code), kInlineItems,
                           [&](std::byte* into) { Put(into, code); });
}

uint64_t ReadForget(const PoolMessage& message) {
  uint64_t code = 0;
  const absl::Span<const std::byte> payload = message.payload();
  if (payload.size() == sizeof(code)) std::memcpy(&code, payload.data(), sizeof(code));
  return code;
}

absl::StatusOr<ReceivedItems> ReadItems(PoolMessage message) {
  if (!message.lost.ok()) return message.lost;
  ReceivedItems received;
  received.message = std::make_unique<PoolMessage>(std::move(message));
  absl::StatusOr<Delivery> all = Open(std::move(received.message->handles));
  if (!all.ok()) return all.status();
  absl::Span<const std::byte> rest = received.message->payload();
  const auto take = [&rest](auto& value) {
    if (rest.size() < sizeof(value)) return false;
    std::memcpy(&value, rest.data(), sizeof(value));
    rest.remove_prefix(sizeof(value));
    return true;
  };
  ItemsHeader header = {};
  if (!take(header)) return absl::DataLossError("tasks that are cut off");
  received.code = header.code;
  size_t block = 0;
  for (uint64_t i = 0; i < header.count; ++i) {
    ItemHeader item = {};
    if (!take(item) || item.size > rest.size() || item.blocks > all->blocks.size() - block) {
      return absl::DataLossError("tasks that are cut off");
    }
    ReceivedItems::Item& entry = received.items.emplace_back();
    entry.arguments = rest.subspan(0, static_cast<size_t>(item.size));
    rest.remove_prefix(static_cast<size_t>(item.size));
    for (uint64_t k = 0; k < item.blocks; ++k) {
      entry.delivery.blocks.push_back(all->blocks[block++]);
    };
  }
  return received;
}

absl::StatusOr<Delivery> Open(std::vector<port::Handle> handles) {
  Delivery delivery;
  for (port::Handle& handle : handles) {
    absl::StatusOr<std::shared_ptr<SharedBlock>> block = SharedBlock::Open(std::move(handle));
    if (!block.ok()) return block.status();
    delivery.blocks.push_back(*std::move(block));
  }
  return delivery;
}

}  // namespace isoproc::internal
