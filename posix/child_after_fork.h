// What a new process does before it runs its program.
//
// A child of vfork() borrows the memory of its parent, and a child of fork() may have been born
// while another thread held a lock. So the code behind this header calls async-signal-safe
// functions only, allocates nothing, throws nothing, and writes to nothing but its own stack and
// the places named in ChildSetup. All else is prepared by the parent.
#ifndef ISOPROC_POSIX_CHILD_AFTER_FORK_H_
#define ISOPROC_POSIX_CHILD_AFTER_FORK_H_

#include <sys/types.h>

#include <array>
#include <cstdint>

namespace isoproc::port::posix {

// Where a spawned child finds its bootstrap stream.
inline constexpr int kBootstrapFd = 3;

enum class SetupStage : int32_t {
  kNone = 0,
  kFork,
  kGroup,
  kDirectory,
  kNullDevice,
  kDescriptors,
  kExec,
};

// How the parent learns that the child failed: by memory if they share it, else through a pipe. Of
// fixed size, and small enough to be written in one piece.
struct SetupFailure {
  static constexpr uint32_t kMagic = 0x69736f66;
  uint32_t magic = 0;
  SetupStage stage = SetupStage::kNone;
  int32_t error = 0;

  explicit operator bool() const { return magic == kMagic; }
};

struct ChildSetup {
  // Sources of standard streams other than a descriptor.
  static constexpr int kNullDevice = -1;
  static constexpr int kInherited = -2;  // the null device if the parent has closed it

  enum class Group : int32_t {
    kStay,
    kLead,
    kSession,  // leads a session, and so a group
    kJoin,     // goes to `joined_group`
  };

  Group group = Group::kLead;
  pid_t joined_group = 0;
  bool signals_are_reset = false;
  const char* working_directory = nullptr;  // null: stay
  std::array<int, 3> standard_streams = {kInherited, kInherited, kInherited};
};

// For a child that execs.
struct ExecSetup : ChildSetup {
  const char* program = nullptr;
  char* const* arguments = nullptr;
  char* const* environment = nullptr;
  int bootstrap = -1;
  int report = -1;  // where to write a SetupFailure; close-on-exec
  int highest_descriptor = -1;

  // Written by the child, and seen by the parent if they share memory.
  volatile int ran = 0;
  SetupFailure failure;
};

// Restores the signal dispositions and then the mask to what a new program expects. The order keeps
// handlers of the parent from running in the child.
void ResetSignals() noexcept;

// Takes the steps of ChildSetup in the calling process. False: `failure` is filled.
bool SetUpChild(const ChildSetup& setup, SetupFailure* failure) noexcept;

// The body of a child that execs; `argument` is an ExecSetup. Never returns.
void ExecChild(void* argument) noexcept;

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_CHILD_AFTER_FORK_H_
