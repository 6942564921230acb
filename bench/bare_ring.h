// What the hardware gives: messages of one size through a ring that one process writes and one
// reads, without a lock, a sleeper, or a thought of death. No queue can be faster.
#ifndef ISOPROC_BENCH_BARE_RING_H_
#define ISOPROC_BENCH_BARE_RING_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/channel.h"
#include "isoproc/isoproc.h"

namespace isoproc::bench {

class BareRing final : public Channel {
 public:
  static absl::StatusOr<SharedMemory> MakeMemory(uint64_t slots, size_t size);
  BareRing(SharedMemory memory, uint64_t slots, size_t size);

  bool Put() override;
  bool Get() override;

 private:
  struct Words;

  std::byte* slot(uint64_t ticket) const;

  const SharedMemory memory_;
  Words& words_;
  const uint64_t slots_;  // a power of two
  uint64_t seen_ = 0;     // how far the other side was when it was looked at last
  std::vector<std::byte> item_;
};

}  // namespace isoproc::bench

#endif  // ISOPROC_BENCH_BARE_RING_H_
