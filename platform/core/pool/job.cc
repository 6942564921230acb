#include "platform/core/pool/job.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "isoproc/internal/batch.h"

namespace isoproc::internal {

uint64_t DefaultChunkSize(uint64_t items, int processes) {
  const uint64_t shares = 4 * static_cast<uint64_t>(processes);
  return (std::max)((items + shares - 1) / shares, uint64_t{1});
}

Job::Range Job::Add(Batches items) {
  Range added = {next_index, 0};
  for (std::shared_ptr<const Batch>& batch : items) {
    const uint64_t size = batch->size();
    parts.emplace(added.first + added.count, Part{std::move(batch), size});
    added.count += size;
  }
  next_index += added.count;
  unresolved += added.count;
  return added;
}

void Job::Forget(Range items) {
  if (!lost.empty()) {
    lost.erase(lost.lower_bound(items.first), lost.lower_bound(items.first + items.count));
  }
  auto part = std::prev(parts.upper_bound(items.first));
  while (items.count > 0) {
    const uint64_t end = part->first + part->second.batch->size();
    const uint64_t count = (std::min)(items.count, end - items.first);
    items.first += count;
    items.count -= count;
    part->second.unresolved -= count;
    part = part->second.unresolved == 0 ? parts.erase(part) : std::next(part);
  }
}

std::vector<Slice> Job::Slices(Range items) const {
  std::vector<Slice> slices;
  auto part = std::prev(parts.upper_bound(items.first));
  for (; items.count > 0; ++part) {
    const std::shared_ptr<const Batch>& batch = part->second.batch;
    const uint64_t begin = items.first - part->first;
    const uint64_t count = (std::min)(items.count, batch->size() - begin);
    slices.push_back(Slice{batch, static_cast<size_t>(begin), static_cast<size_t>(count)});
    items.first += count;
    items.count -= count;
  }
  return slices;
}

}  // namespace isoproc::internal
