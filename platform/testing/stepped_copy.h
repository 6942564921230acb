// A copy of the calling process that goes on instruction by instruction. Only where the port has
// it: posix/tests/linux/stepped_copy.cc.
#ifndef ISOPROC_PLATFORM_TESTING_STEPPED_COPY_H_
#define ISOPROC_PLATFORM_TESTING_STEPPED_COPY_H_

#include <cstdint>
#include <functional>
#include <optional>

namespace isoproc::system_support {

// Failures that make a test meaningless end the process. Thread safety: one thread, always the
// same.
class SteppedCopy {
 public:
  // Whether this system allows it.
  static bool IsAllowed();

  // Starts a copy and returns when `before` has returned there.
  SteppedCopy(const std::function<void()>& before, const std::function<void()>& act);
  SteppedCopy(const SteppedCopy&) = delete;
  SteppedCopy& operator=(const SteppedCopy&) = delete;
  ~SteppedCopy() { Kill(); }

  // Lets it run `count` instructions of `act`; a call of the system is one. nullopt: it has, and
  // stands still. Or `act` has returned, after so many.
  std::optional<int64_t> Step(int64_t count);
  // Lets it run.
  void Continue();
  // Kills and reaps it. Twice is fine.
  void Kill();

 private:
  int64_t pid_;
};

}  // namespace isoproc::system_support

#endif  // ISOPROC_PLATFORM_TESTING_STEPPED_COPY_H_
