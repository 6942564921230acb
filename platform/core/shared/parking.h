// Sleeping and waking. Sleepers are named, not counted: a dead one leaves a bit that can be
// removed, and not a count that is too high for ever.
//
// To sleep: arm (set the bit of one's parker), look again, park, disarm. To wake: change what is
// waited for, then take a bit; only who took it wakes its owner. All of these are sequentially
// consistent: either the sleeper sees the change when it looks again, or the waker sees the bit.
//
// A waker may die between the change and the wake, and a sleeper after it was chosen. So a death
// rouses everybody (Arena::Sweep), and who sleeps looks again from time to time in any case.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_PARKING_H_
#define ISOPROC_PLATFORM_CORE_SHARED_PARKING_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/stamp.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// Thread safety: any thread.
class Parking {
 public:
  Parking(port::Port& port, ArenaMemory& memory) : port_(port), memory_(memory) {}

  ~Parking();
  Parking(const Parking&) = delete;
  Parking& operator=(const Parking&) = delete;

  // A parker, borrowed for one wait. Some that nobody uses are kept for the next: to make one
  // costs more than to sleep on some systems. They are not kept by threads, since not all systems
  // end the thread-local objects of a thread before they free the memory of these.
  class Lease {
   public:
    Lease(Lease&& other) noexcept
        : parking_(std::exchange(other.parking_, nullptr)), place_(std::move(other.place_)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (parking_ != nullptr) parking_->GiveBack(std::move(place_));
    }
    uint32_t index() const { return place_->index; }
    port::Parker& parker() const { return *place_->parker; }

   private:
    friend class Parking;
    struct Place {
      uint32_t index;
      std::unique_ptr<port::Parker> parker;
    };
    Lease(Parking* parking, std::unique_ptr<Place> place)
        : parking_(parking), place_(std::move(place)) {}

    Parking* parking_;
    std::unique_ptr<Place> place_;
  };
  // Requires: `self` is of this process.
  // Errors: ResourceExhausted: there is none; as port::Port::CreateParker.
  absl::StatusOr<Lease> Borrow(Stamp self);

  // In a forked copy: what is kept here is the original's.
  void ForgetAfterFork() { pool_.store(nullptr, std::memory_order_relaxed); }

  static void Arm(Waiters& waiters, uint32_t index);
  static bool IsArmed(const Waiters& waiters, uint32_t index);
  // True: a waker had taken the bit already, so that what it did counts on this thread.
  static bool Disarm(Waiters& waiters, uint32_t index);

  // Called after the change that a sleeper may wait for. False: nobody sleeps. It may wake more
  // than one if others call it, or begin to sleep, at the same time.
  bool WakeOne(Waiters& waiters);
  // All who sleep now: not for ever, if others come as fast as these are woken.
  void WakeAll(Waiters& waiters);
  // Rouses all threads of all processes; they look again and go on sleeping.
  void RouseEverybody();

  // ---- for the sweep, under the lock of the arena -----------------------------------------------

  // The parkers of a dead process, as a set of bits like those of Waiters.
  struct Set {
    uint64_t bits[Waiters::kWords] = {};
    bool empty = true;
  };
  Set OwnedBy(Stamp process) const;
  static void Remove(const Set& set, Waiters& waiters);
  // Requires: removed from all Waiters.
  void Free(const Set& set);

 private:
  // The parkers of this process that nobody uses. Made when it is needed; a forked copy leaves it
  // where it is, as a thread that does not exist there may be changing it.
  struct Pool;

  // Wakes all whose bits are in one word, which it takes at once. False: there are none.
  bool WakeWord(Waiters& waiters, uint32_t word);
  Pool& GetPool();
  absl::StatusOr<std::unique_ptr<Lease::Place>> Make(Stamp self);
  void GiveBack(std::unique_ptr<Lease::Place> place);
  void End(Lease::Place& place);

  port::Port& port_;
  ArenaMemory& memory_;
  std::atomic<Pool*> pool_ = nullptr;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_PARKING_H_
