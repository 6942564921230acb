// The name of an owner, in one word.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_STAMP_H_
#define ISOPROC_PLATFORM_CORE_SHARED_STAMP_H_

#include <cstdint>

namespace isoproc::internal {

// Names one thread of one process of the family: a slot of the participant table is used again, but
// with the next incarnation. (These come around after 2^24, threads after 2^28.) It is stored by
// the same instruction that takes what it owns, so that no owner is ever unknown. 0 is nobody.
class Stamp {
 public:
  static constexpr int kThreadBits = 28;
  static constexpr int kIncarnationBits = 24;
  static constexpr uint32_t kThreadMask = (uint32_t{1} << kThreadBits) - 1;
  static constexpr uint32_t kIncarnationMask = (uint32_t{1} << kIncarnationBits) - 1;

  constexpr Stamp() = default;
  explicit constexpr Stamp(uint64_t word) : word_(word) {}
  constexpr Stamp(uint32_t slot, uint32_t incarnation, uint32_t thread)
      : word_(uint64_t{slot} << (kThreadBits + kIncarnationBits) |
              uint64_t{incarnation & kIncarnationMask} << kThreadBits | (thread & kThreadMask)) {}

  constexpr uint64_t word() const { return word_; }
  constexpr uint32_t slot() const {
    return static_cast<uint32_t>(word_ >> (kThreadBits + kIncarnationBits));
  }
  constexpr uint32_t incarnation() const {
    return static_cast<uint32_t>(word_ >> kThreadBits) & kIncarnationMask;
  }
  // The process alone.
  constexpr Stamp process() const { return Stamp(slot(), incarnation(), 0); }

  friend constexpr bool operator==(Stamp a, Stamp b) { return a.word_ == b.word_; }

 private:
  uint64_t word_ = 0;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_STAMP_H_
