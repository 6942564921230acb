#include "isoproc/shareable_list.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "isoproc/internal/archive.h"
#include "isoproc/shared_memory.h"
#include "platform/core/shared/slots.h"
#include "platform/core/sync/entered.h"

namespace isoproc {
namespace {

using internal::Slot;
using internal::Slots;
using Item = ShareableList::Item;

// In a slot an item is its type, as the index in the variant, and its bytes; nothing at all is
// nothing.
constexpr size_t kTypeSize = 1;
constexpr size_t kWordSize = 8;
static_assert(sizeof(int64_t) == kWordSize && sizeof(double) == kWordSize);

std::string EncodeItem(const Item& item) {
  std::string bytes(kTypeSize, static_cast<char>(item.index()));
  std::visit(
      [&bytes](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_arithmetic_v<T>) {
          bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
        } else if constexpr (!std::is_same_v<T, std::monostate>) {
          bytes.append(reinterpret_cast<const char*>(value.data()), value.size());
        }
      },
      item);
  return bytes;
}

template <class T>
std::optional<Item> WordIn(std::string_view bytes) {
  if (bytes.size() != sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof(value));
  return Item(value);
}

std::optional<Item> DecodeAs(size_t type, std::string_view bytes) {
  switch (type) {
    case 0:
      return bytes.empty() ? std::optional<Item>(Item()) : std::nullopt;
    case 1:
      if (bytes.size() != 1 || (bytes[0] != 0 && bytes[0] != 1)) return std::nullopt;
      return Item(bytes[0] == 1);
    case 2:
      return WordIn<int64_t>(bytes);
    case 3:
      return WordIn<double>(bytes);
    case 4:
      return Item(std::string(bytes));
    case 5: {
      const auto* const begin = reinterpret_cast<const std::byte*>(bytes.data());
      return Item(std::vector<std::byte>(begin, begin + bytes.size()));
    }
    default:
      return std::nullopt;
  }
}

absl::StatusOr<Item> DecodeItem(std::string_view bytes) {
  if (bytes.empty()) return Item();
  std::optional<Item> item =
      DecodeAs(static_cast<unsigned char>(bytes[0]), bytes.substr(kTypeSize));
  if (!item.has_value()) return absl::DataLossError("the list holds something else");
  return *std::move(item);
}

constexpr uint64_t kTooLarge = uint64_t{1} << 40;

std::vector<uint64_t> CapacitiesFor(absl::Span<const Item> items, size_t least) {
  std::vector<uint64_t> capacities;
  for (const Item& item : items) {
    const uint64_t size = (std::max)({EncodeItem(item).size() - kTypeSize, least, kWordSize});
    // What is too large stays so, and does not overflow.
    capacities.push_back(((std::min)(size, kTooLarge) + 7) / 8 * 8 + kTypeSize);
  }
  return capacities;
}

absl::StatusOr<uint64_t> SizeFor(absl::Span<const uint64_t> capacities) {
  const std::optional<uint64_t> size = Slots::SizeOf(capacities);
  if (size.has_value()) return *size;
  return absl::ResourceExhaustedError("a larger list than there can be");
}

absl::StatusOr<Slot> SlotIn(const SharedMemory& memory, size_t index) {
  if (!memory) return internal::NoObject();
  const absl::StatusOr<Slots> slots = Slots::Open(memory.view());
  if (!slots.ok()) return slots.status();
  if (index >= slots->count()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the list has no item ", index, ": it has ", slots->count()));
  }
  absl::StatusOr<Slot> slot = slots->At(index);
  if (slot.ok() && slot->capacity() < kTypeSize) {
    return absl::DataLossError("the memory of the list holds something else");
  }
  return slot;
}

}  // namespace

absl::StatusOr<ShareableList> ShareableList::Of(SharedMemory memory) {
  const absl::StatusOr<Slots> slots = Slots::Open(memory.view());
  if (!slots.ok()) return slots.status();
  ShareableList list;
  list.memory_ = std::move(memory);
  list.size_ = static_cast<size_t>(slots->count());
  return list;
}

absl::StatusOr<ShareableList> ShareableList::Make(absl::StatusOr<SharedMemory> memory,
                                                  absl::Span<const Item> items,
                                                  absl::Span<const uint64_t> capacities) {
  if (!memory.ok()) return memory.status();
  Slots slots = Slots::Make(memory->bytes(), capacities);
  for (size_t i = 0; i < items.size(); ++i)
    slots.At(i).value().Write(EncodeItem(items[i])).IgnoreError();  // nobody else has it
  slots.Commit();
  return Of(*std::move(memory));
}

absl::StatusOr<ShareableList> ShareableList::Create(absl::Span<const Item> items,
                                                    size_t least_capacity) {
  const std::vector<uint64_t> capacities = CapacitiesFor(items, least_capacity);
  const absl::StatusOr<uint64_t> size = SizeFor(capacities);
  if (!size.ok()) return size.status();
  return Make(SharedMemory::Create(*size), items, capacities);
}

absl::StatusOr<ShareableList> ShareableList::CreateNamed(std::string_view name,
                                                         absl::Span<const Item> items,
                                                         size_t least_capacity) {
  const std::vector<uint64_t> capacities = CapacitiesFor(items, least_capacity);
  const absl::StatusOr<uint64_t> size = SizeFor(capacities);
  if (!size.ok()) return size.status();
  return Make(SharedMemory::CreateNamed(name, *size), items, capacities);
}

absl::StatusOr<ShareableList> ShareableList::Open(std::string_view name, MemoryAccess access) {
  absl::StatusOr<SharedMemory> memory = SharedMemory::Open(name, access);
  if (!memory.ok()) return memory.status();
  return Of(*std::move(memory));
}

void ShareableList::Arrive() {
  size_ = 0;
  if (!memory_) return;
  absl::StatusOr<ShareableList> list = Of(std::move(memory_));
  if (!list.ok()) internal::ThrowStatus(list.status());
  *this = *std::move(list);
}

absl::StatusOr<Item> ShareableList::Load(size_t index) const {
  const absl::StatusOr<Slot> slot = SlotIn(memory_, index);
  if (!slot.ok()) return slot.status();
  const absl::StatusOr<std::string> bytes = slot->Read();
  if (!bytes.ok()) return bytes.status();
  return DecodeItem(*bytes);
}

absl::Status ShareableList::Store(size_t index, const Item& item) const {
  const absl::StatusOr<Slot> slot = SlotIn(memory_, index);
  if (!slot.ok()) return slot.status();
  if (memory_.bytes().empty()) {
    return absl::PermissionDeniedError("the list was opened for reading only");
  }
  const std::string bytes = EncodeItem(item);
  if (bytes.size() > slot->capacity()) {
    return absl::InvalidArgumentError(absl::StrCat("the item has ", bytes.size() - kTypeSize,
                                                   " bytes, its place in the list ",
                                                   slot->capacity() - kTypeSize));
  }
  return slot->Write(bytes);
}

absl::StatusOr<size_t> ShareableList::Capacity(size_t index) const {
  const absl::StatusOr<Slot> slot = SlotIn(memory_, index);
  if (!slot.ok()) return slot.status();
  return static_cast<size_t>(slot->capacity()) - kTypeSize;
}

absl::StatusOr<std::vector<Item>> ShareableList::LoadAll() const {
  if (!memory_) return internal::NoObject();
  std::vector<Item> items;
  for (size_t i = 0; i < size_; ++i) {
    absl::StatusOr<Item> item = Load(i);
    if (!item.ok()) return item.status();
    items.push_back(*std::move(item));
  }
  return items;
}

absl::StatusOr<size_t> ShareableList::Count(const Item& item) const {
  const absl::StatusOr<std::vector<Item>> items = LoadAll();
  if (!items.ok()) return items.status();
  return static_cast<size_t>(std::count(items->begin(), items->end(), item));
}

absl::StatusOr<size_t> ShareableList::Find(const Item& item) const {
  const absl::StatusOr<std::vector<Item>> items = LoadAll();
  if (!items.ok()) return items.status();
  const auto found = std::find(items->begin(), items->end(), item);
  if (found == items->end()) return absl::NotFoundError("no item of the list is equal to that");
  return static_cast<size_t>(found - items->begin());
}

}  // namespace isoproc
