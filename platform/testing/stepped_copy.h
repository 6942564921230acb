// A copy of the calling process that goes on instruction by instruction. Only where the port has
// it: posix/tests/linux/stepped_copy.cc.
//
// What a process does is cut at its changes: instructions that store to memory which it shares, as
// far as it had that when it was copied, and calls of the system. Between two changes it does
// nothing that another process could see.
#ifndef ISOPROC_PLATFORM_TESTING_STEPPED_COPY_H_
#define ISOPROC_PLATFORM_TESTING_STEPPED_COPY_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"

namespace isoproc::system_support {

// Failures that make a test meaningless end the process. Thread safety: one thread, always the
// same.
class SteppedCopy {
 public:
  // Why it cannot be here; empty: it can.
  static std::string WhyNot();

  // Starts a copy and returns when `before` has returned there.
  SteppedCopy(const std::function<void()>& before, const std::function<void()>& act);
  SteppedCopy(const SteppedCopy&) = delete;
  SteppedCopy& operator=(const SteppedCopy&) = delete;
  ~SteppedCopy() { Kill(); }

  // Lets it make `changes` changes, and then so many more instructions, or as many as there are
  // before the next change. nullopt: it has, and stands still. Or `act` has returned, after so many
  // changes.
  std::optional<int64_t> RunTo(int64_t changes, int64_t instructions);
  // Runs `act` to its end. Gives the number of instructions before the first change, between that
  // and the second one, and so on.
  std::vector<int64_t> Survey();
  // Lets it run.
  void Continue();
  // Kills and reaps it. Twice is fine.
  void Kill();

 private:
  enum class Stop { kChange, kInstruction, kReturned };
  enum class How { kToNextChange, kOneInstruction };

  // To behind the next change, or by one instruction.
  Stop Advance(How how);
  using Memory = absl::Span<const std::byte>;
  // What this process shares and may write to.
  static std::vector<Memory> SharedMemory();
  // Of `watched_`, what has `address`; null: nothing has.
  const Memory* Watched(const void* address) const;
  void StoreThrough(const Memory& memory);
  // Gives whether the copy still has it.
  bool Protect(const Memory& memory, int protection);

  const std::vector<Memory> watched_;
  int64_t pid_ = 0;
  // Where there is an instruction that calls the system.
  uint64_t call_at_ = 0;
};

}  // namespace isoproc::system_support

#endif  // ISOPROC_PLATFORM_TESTING_STEPPED_COPY_H_
