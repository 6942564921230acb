#include "bench/tested_locks.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/floor.h"
#include "bench/lock_user.h"
#include "isoproc/isoproc.h"

#ifdef ISOPROC_BENCH_BOOST_INTERPROCESS
#include <boost/interprocess/sync/interprocess_mutex.hpp>
#endif

namespace isoproc::bench {
namespace {

constexpr char kLock[] = "isoproc";
constexpr char kRLock[] = "isoproc+recursive";
[[maybe_unused]] constexpr char kBoost[] = "Boost.Interprocess";

template <class AnyLock>
class OurLock final : public LockUser {
 public:
  explicit OurLock(AnyLock lock) : lock_(std::move(lock)) {}
  bool Use(int times, volatile uint64_t& counter) override {
    for (int i = 0; i < times; ++i) {
      if (!lock_.Acquire().ok()) return false;
      counter = counter + 1;
      if (!lock_.Release().ok()) return false;
    }
    return true;
  }

 private:
  const AnyLock lock_;
};

#ifdef ISOPROC_BENCH_BOOST_INTERPROCESS
class BoostLock final : public LockUser {
 public:
  explicit BoostLock(boost::interprocess::interprocess_mutex& mutex) : mutex_(mutex) {}
  bool Use(int times, volatile uint64_t& counter) override {
    for (int i = 0; i < times; ++i) {
      mutex_.lock();
      counter = counter + 1;
      mutex_.unlock();
    }
    return true;
  }

 private:
  boost::interprocess::interprocess_mutex& mutex_;
};
#endif

template <class T>
T OrSay(absl::StatusOr<T> made) {
  if (made.ok()) return *std::move(made);
  std::fprintf(stderr, "%s\n", made.status().ToString().c_str());
  return T();
}

}  // namespace

std::vector<std::string> TestedLocks() {
  std::vector<std::string> names = SystemLocks();
  names.insert(names.end(), {kLock, kRLock});
#ifdef ISOPROC_BENCH_BOOST_INTERPROCESS
  names.push_back(kBoost);
#endif
  return names;
}

std::unique_ptr<LockUser> MakeLock(const std::string& name, LockPlace* place) {
  *place = {.name = name,
            .lock = OrSay(Lock::Create()),
            .rlock = OrSay(RLock::Create()),
            .memory = OrSay(RawArray<std::byte>::Create(kSystemLockSize))};
  if (!place->memory) return nullptr;
#ifdef ISOPROC_BENCH_BOOST_INTERPROCESS
  static_assert(sizeof(boost::interprocess::interprocess_mutex) <= kSystemLockSize);
  if (name == kBoost) new (place->bytes()) boost::interprocess::interprocess_mutex;
#endif
  if (name.starts_with("system")) return MakeSystemLock(name, place->bytes());
  return OpenLock(*place);
}

std::unique_ptr<LockUser> OpenLock(const LockPlace& place) {
  if (place.name == kLock) return std::make_unique<OurLock<Lock>>(place.lock);
  if (place.name == kRLock) return std::make_unique<OurLock<RLock>>(place.rlock);
#ifdef ISOPROC_BENCH_BOOST_INTERPROCESS
  if (place.name == kBoost) {
    return std::make_unique<BoostLock>(
        *reinterpret_cast<boost::interprocess::interprocess_mutex*>(place.bytes()));
  }
#endif
  return OpenSystemLock(place.name, place.bytes());
}

}  // namespace isoproc::bench
