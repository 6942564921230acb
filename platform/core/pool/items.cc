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
#include "isoproc/internal/batch.h"
#include "isoproc/internal/target.h"
#include "platform/core/pool/desk.h"
#include "platform/core/pool/messages.h"
#include "platform/core/pool/scheduler.h"
#include "platform/core/shared/shared_block.h"

namespace isoproc::internal {
namespace {

// Then come the sizes of all items; if there is luggage, how many blocks each has; and the items.
struct ItemsHeader {
  uint64_t code;
  uint64_t count;
  uint64_t luggage;  // blocks, of all items
};

absl::Status AddHandles(const SharedBlocks& blocks, std::vector<port::Handle>& handles) {
  for (const std::shared_ptr<SharedBlock>& block : blocks) {
    absl::StatusOr<port::Handle> handle = block->Share();
    if (!handle.ok()) return handle.status();
    handles.push_back(*std::move(handle));
  }
  return absl::OkStatus();
}

uint64_t LuggageOf(const SendItems& items) {
  uint64_t blocks = 0;
  for (const Slice& slice : items.items) blocks += slice.batch->luggage.blocks.size();
  return blocks;
}

void PutNumber(std::byte*& into, uint64_t number) {
  std::memcpy(into, &number, sizeof(number));
  into += sizeof(number);
}
uint64_t TakeNumber(const std::byte*& from) {
  uint64_t number = 0;
  std::memcpy(&number, from, sizeof(number));
  from += sizeof(number);
  return number;
}

}  // namespace

void CopyBytes(std::byte* into, const std::string& bytes) {
  if (!bytes.empty()) std::memcpy(into, bytes.data(), bytes.size());
}

absl::Status PutCode(PoolWriter& writer, const CodeMessage& code, const SharedBlocks& blocks) {
  const absl::StatusOr<std::string> bytes = Encode(code);
  if (!bytes.ok()) return bytes.status();
  PoolMessage message;
  message.kind = PoolMessage::Kind::kCode;
  const absl::Status added = AddHandles(blocks, message.handles);
  if (!added.ok()) return added;
  // Once: it is read long after the next chunk may be written.
  return writer
      .PutLarge(
          std::move(message), bytes->size(), kMostOnDesk, [](uint32_t) { return false; },
          [&bytes](std::byte* into) { CopyBytes(into, *bytes); })
      .status();
}

uint64_t SizeOfItems(const SendItems& items) {
  const uint64_t numbers = LuggageOf(items) == 0 ? items.count : 2 * items.count;
  uint64_t size = sizeof(ItemsHeader) + numbers * sizeof(uint64_t);
  for (const Slice& slice : items.items) {
    size += slice.batch->begin_of(slice.first + slice.count) - slice.batch->begin_of(slice.first);
  }
  return size;
}

void WriteItems(uint64_t code, const SendItems& items, std::byte* into) {
  const ItemsHeader header = {code, items.count, LuggageOf(items)};
  std::memcpy(into, &header, sizeof(header));
  into += sizeof(header);
  for (const Slice& slice : items.items) {
    size_t begin = slice.batch->begin_of(slice.first);
    for (size_t i = slice.first; i < slice.first + slice.count; ++i) {
      const size_t end = slice.batch->ends[i];
      PutNumber(into, end - begin);
      begin = end;
    }
  }
  for (const Slice& slice : items.items) {
    if (header.luggage == 0) break;
    // What has luggage is alone in its batch.
    for (size_t i = 0; i < slice.count; ++i) PutNumber(into, slice.batch->luggage.blocks.size());
  }
  for (const Slice& slice : items.items) {
    const size_t begin = slice.batch->begin_of(slice.first);
    const size_t size = slice.batch->begin_of(slice.first + slice.count) - begin;
    if (size > 0) std::memcpy(into, slice.batch->bytes.data() + begin, size);
    into += size;
  }
}

absl::Status PutLuggage(PoolWriter& writer, const SendItems& items) {
  if (LuggageOf(items) == 0) return absl::OkStatus();
  PoolMessage message;
  message.kind = PoolMessage::Kind::kLuggage;
  for (const Slice& slice : items.items) {
    const absl::Status added = AddHandles(slice.batch->luggage.blocks, message.handles);
    if (!added.ok()) return added;
  }
  return writer.Put(std::move(message));
}

absl::Status PutForget(PoolWriter& writer, uint64_t code) {
  PoolMessage message;
  message.kind = PoolMessage::Kind::kForget;
  message.bytes.assign(reinterpret_cast<const char*>(&code), sizeof(code));
  return writer.Put(std::move(message));
}

uint64_t ReadForget(const PoolMessage& message) {
  uint64_t code = 0;
  const absl::Span<const std::byte> payload = message.payload();
  if (payload.size() == sizeof(code)) std::memcpy(&code, payload.data(), sizeof(code));
  return code;
}

absl::StatusOr<ItemsReader> ItemsReader::Read(absl::Span<const std::byte> bytes,
                                              SharedBlocks luggage) {
  const auto cut_off = [] { return absl::DataLossError("tasks that are cut off"); };
  ItemsHeader header = {};
  if (bytes.size() < sizeof(header)) return cut_off();
  std::memcpy(&header, bytes.data(), sizeof(header));
  bytes.remove_prefix(sizeof(header));
  const uint64_t per_item = (header.luggage == 0 ? 1 : 2) * sizeof(uint64_t);
  if (header.luggage != luggage.size() || header.count > bytes.size() / per_item) return cut_off();
  ItemsReader items;
  items.code_ = header.code;
  items.left_ = header.count;
  items.sizes_ = bytes.data();
  if (header.luggage > 0) items.blocks_ = items.sizes_ + header.count * sizeof(uint64_t);
  items.bytes_ = items.sizes_ + header.count * per_item;
  items.luggage_ = std::move(luggage);
  // The pool has written it, which is to be trusted; but that it is whole costs little to see.
  uint64_t size = header.count * per_item;
  const std::byte* sizes = items.sizes_;
  for (uint64_t i = 0; i < header.count && size <= bytes.size(); ++i) size += TakeNumber(sizes);
  uint64_t blocks = 0;
  const std::byte* counts = items.blocks_;
  for (uint64_t i = 0; i < header.count && counts != nullptr; ++i) blocks += TakeNumber(counts);
  if (size != bytes.size() || blocks != header.luggage) return cut_off();
  return items;
}

ItemsReader::Item ItemsReader::Next() {
  --left_;
  const uint64_t size = TakeNumber(sizes_);
  const absl::Span<const std::byte> arguments(bytes_, static_cast<size_t>(size));
  bytes_ += size;
  if (blocks_ != nullptr) {
    const size_t end = taken_ + static_cast<size_t>(TakeNumber(blocks_));
    delivery_.blocks.clear();
    for (; taken_ < end; ++taken_) delivery_.blocks.push_back(std::move(luggage_[taken_]));
  }
  return {arguments, delivery_};
}

absl::StatusOr<SharedBlocks> Open(std::vector<port::Handle> handles) {
  SharedBlocks blocks;
  for (port::Handle& handle : handles) {
    absl::StatusOr<std::shared_ptr<SharedBlock>> block = SharedBlock::Open(std::move(handle));
    if (!block.ok()) return block.status();
    blocks.push_back(*std::move(block));
  }
  return blocks;
}

}  // namespace isoproc::internal
