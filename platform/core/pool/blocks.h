// Memory for what is large. One side of a link between pool and worker makes it, and uses it again
// and again: pages that are new cost more than what is copied into them.
//
// Blocks have places, by which the other side, which maps them, knows them again.
#ifndef ISOPROC_PLATFORM_CORE_POOL_BLOCKS_H_
#define ISOPROC_PLATFORM_CORE_POOL_BLOCKS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "platform/core/shared/shared_block.h"

namespace isoproc::internal {

// Thread safety: one thread at a time.
class BlockShelf {
 public:
  // Of blocks that are kept.
  static constexpr uint32_t kPlaces = 2;
  // The place of one that serves once.
  static constexpr uint32_t kOnce = kPlaces;
  // What is larger is not kept: it would be held by each worker.
  static constexpr uint64_t kMostKept = uint64_t{8} << 20;

  struct Loan {
    std::shared_ptr<SharedBlock> block;
    uint32_t place = kOnce;
    bool is_new = true;  // the other side does not have it
  };
  // Memory for `size` bytes, in a place that `is_free`, or once.
  // Errors: as port::Port::CreateSegment.
  absl::StatusOr<Loan> Take(uint64_t size, absl::FunctionRef<bool(uint32_t place)> is_free);
  // The other side has it now.
  void IsKnown(uint32_t place) {
    if (place != kOnce) places_[place].is_known = true;
  }
  void Drop(uint32_t place) { places_[place] = {}; }

 private:
  struct Place {
    std::shared_ptr<SharedBlock> block;
    bool is_known = false;
  };
  std::array<Place, kPlaces> places_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_POOL_BLOCKS_H_
