#include "platform/core/pool/blocks.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "platform/core/shared/shared_block.h"

namespace isoproc::internal {

absl::StatusOr<BlockShelf::Loan> BlockShelf::Take(uint64_t size,
                                                  absl::FunctionRef<bool(uint32_t)> is_free) {
  std::optional<uint32_t> free;
  for (uint32_t place = 0; place < kPlaces && size <= kMostKept; ++place) {
    if (!is_free(place)) continue;
    const Place& here = places_[place];
    if (here.block != nullptr && here.block->bytes().size() >= size) {
      return Loan{here.block, place, !here.is_known};
    }
    if (!free.has_value() || here.block == nullptr) free = place;
  }
  // Kept ones have room for what is somewhat larger. Memory that is not touched costs nothing.
  auto block = SharedBlock::Create(free.has_value() ? std::bit_ceil(size) : size);
  if (!block.ok()) return block.status();
  if (!free.has_value()) return Loan{*std::move(block), kOnce, true};
  places_[*free] = {*block, false};
  return Loan{*std::move(block), *free, true};
}

}  // namespace isoproc::internal
