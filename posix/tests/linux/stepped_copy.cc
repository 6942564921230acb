// By ptrace, on x86-64. The copy may not write to the memory that it shares, so that the system
// stops it before each store there; then it is let to write for that one instruction.
#include "platform/testing/stepped_copy.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"

namespace isoproc::system_support {

namespace {

[[noreturn]] void Fail(const char* what) {
  std::perror(what);
  std::abort();
}

// Stops of calls of the system; see PTRACE_O_TRACESYSGOOD.
constexpr int kSystemCall = SIGTRAP | 0x80;
// `syscall`, as the low bytes of a word.
constexpr uint64_t kCallInstruction = 0x050F;
constexpr uint64_t kCallInstructionSize = 2;

template <class Data>
void Trace(__ptrace_request request, int64_t pid, Data data) {
  if (::ptrace(request, static_cast<pid_t>(pid), nullptr, data) != 0) Fail("ptrace");
}

// Lets `pid` go on, with a signal or 0, and gives the one that it stops with next.
int AwaitStop(int64_t pid) {
  int status = 0;
  while (::waitpid(static_cast<pid_t>(pid), &status, 0) != pid) {
    if (errno != EINTR) Fail("waitpid");
  }
  if (!WIFSTOPPED(status)) {
    std::fprintf(stderr, "the copy ended by itself: status %#x\n", static_cast<unsigned>(status));
    std::abort();
  }
  return WSTOPSIG(status);
}
int Resume(__ptrace_request how, int64_t pid, int signal = 0) {
  Trace(how, pid, signal);
  return AwaitStop(pid);
}

user_regs_struct RegistersOf(int64_t pid) {
  user_regs_struct registers;
  Trace(PTRACE_GETREGS, pid, &registers);
  return registers;
}

bool IsCallAt(int64_t pid, uint64_t address) {
  errno = 0;
  const auto word = static_cast<uint64_t>(::ptrace(PTRACE_PEEKTEXT, static_cast<pid_t>(pid),
                                                   reinterpret_cast<void*>(address), nullptr));
  return errno == 0 && (word & 0xFFFF) == kCallInstruction;
}

const void* FaultAddress(int64_t pid) {
  siginfo_t info;
  Trace(PTRACE_GETSIGINFO, pid, &info);
  return info.si_addr;
}

// A page that nobody may touch: who does has come to the end of `act`.
volatile char* EndMark() {
  static void* const page = ::mmap(nullptr, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) Fail("mmap");
  return static_cast<volatile char*>(page);
}

}  // namespace

std::string SteppedCopy::WhyNot() {
  const pid_t pid = ::fork();
  if (pid < 0) Fail("fork");
  if (pid == 0) ::_exit(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 0 : 1);
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return "";
  return "this system does not let a program trace another one (ptrace)";
}

std::vector<SteppedCopy::Memory> SteppedCopy::SharedMemory() {
  std::vector<Memory> all;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    uint64_t begin = 0;
    uint64_t end = 0;
    char rights[5] = {};
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %4s", &begin, &end, rights) != 3) {
      Fail("a line of /proc/self/maps");
    }
    if (rights[1] != 'w' || rights[3] != 's') continue;
    all.emplace_back(reinterpret_cast<const std::byte*>(begin), end - begin);
  }
  return all;
}

SteppedCopy::SteppedCopy(const std::function<void()>& before, const std::function<void()>& act)
    : watched_(SharedMemory()) {
  volatile char* const end_mark = EndMark();
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) Fail("fork");
  if (pid == 0) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
    before();
    ::raise(SIGSTOP);
    act();
    *end_mark = 1;
    ::_exit(2);
  }
  pid_ = pid;
  if (AwaitStop(pid_) != SIGSTOP) Fail("the copy did not get to its beginning");
  Trace(PTRACE_SETOPTIONS, pid_, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
  // It stands behind the call that sent it the signal.
  call_at_ = RegistersOf(pid_).rip - kCallInstructionSize;
  if (!IsCallAt(pid_, call_at_)) Fail("the copy is not where it must be");
  for (const Memory& memory : watched_) Protect(memory, PROT_READ);
}

const SteppedCopy::Memory* SteppedCopy::Watched(const void* address) const {
  const auto* const at = static_cast<const std::byte*>(address);
  for (const Memory& memory : watched_) {
    if (at >= memory.data() && at < memory.data() + memory.size()) return &memory;
  }
  return nullptr;
}

bool SteppedCopy::Protect(const Memory& memory, int protection) {
  const user_regs_struct saved = RegistersOf(pid_);
  user_regs_struct call = saved;
  call.rip = call_at_;
  call.rax = SYS_mprotect;
  call.rdi = reinterpret_cast<uintptr_t>(memory.data());
  call.rsi = memory.size();
  call.rdx = static_cast<uint64_t>(protection);
  Trace(PTRACE_SETREGS, pid_, &call);
  if (Resume(PTRACE_SINGLESTEP, pid_) != SIGTRAP) {
    Fail("the copy cannot be made to call mprotect");
  }
  const auto answer = static_cast<int64_t>(RegistersOf(pid_).rax);
  if (answer != 0 && answer != -ENOMEM) Fail("the copy cannot protect its memory");
  Trace(PTRACE_SETREGS, pid_, &saved);
  return answer == 0;
}

void SteppedCopy::StoreThrough(const Memory& memory) {
  if (!Protect(memory, PROT_READ | PROT_WRITE)) Fail("the copy has crashed");
  // One instruction may copy many bytes, and stops after each of them.
  const uint64_t at = RegistersOf(pid_).rip;
  do {
    if (Resume(PTRACE_SINGLESTEP, pid_) != SIGTRAP) Fail("the copy has crashed");
  } while (RegistersOf(pid_).rip == at);
  Protect(memory, PROT_READ);
}

SteppedCopy::Stop SteppedCopy::Advance(How how) {
  const bool one = how == How::kOneInstruction;
  // A step goes through a call of the system as through any instruction, and a stop before it does
  // not say so.
  const bool is_call = one && IsCallAt(pid_, RegistersOf(pid_).rip);
  int signal = 0;
  bool in_call = false;
  while (true) {
    signal = Resume(one ? PTRACE_SINGLESTEP : PTRACE_SYSCALL, pid_, signal);
    if (signal == kSystemCall) {
      if (in_call) return Stop::kChange;
      in_call = true;
      signal = 0;
    } else if (signal == SIGTRAP && one) {
      return is_call ? Stop::kChange : Stop::kInstruction;
    } else if (signal == SIGSEGV) {
      const void* const address = FaultAddress(pid_);
      if (address == EndMark()) return Stop::kReturned;
      const Memory* const memory = Watched(address);
      if (memory == nullptr) Fail("the copy has crashed");
      StoreThrough(*memory);
      return Stop::kChange;
    }
    // Any other signal is the copy's own.
  }
}

std::optional<int64_t> SteppedCopy::RunTo(int64_t changes, int64_t instructions) {
  for (int64_t made = 0; made < changes; ++made) {
    if (Advance(How::kToNextChange) == Stop::kReturned) return made;
  }
  int signal = 0;
  for (int64_t i = 0; i < instructions && !IsCallAt(pid_, RegistersOf(pid_).rip); ++i) {
    signal = Resume(PTRACE_SINGLESTEP, pid_, signal);
    if (signal == SIGSEGV) break;  // it has not stored yet, or is at its end
    if (signal == SIGTRAP) signal = 0;
  }
  return std::nullopt;
}

std::vector<int64_t> SteppedCopy::Survey() {
  std::vector<int64_t> counts = {0};
  while (true) {
    switch (Advance(How::kOneInstruction)) {
      case Stop::kChange:
        counts.push_back(0);
        break;
      case Stop::kInstruction:
        ++counts.back();
        break;
      case Stop::kReturned:
        return counts;
    }
  }
}

void SteppedCopy::Continue() {
  for (const Memory& memory : watched_) Protect(memory, PROT_READ | PROT_WRITE);
  Trace(PTRACE_CONT, pid_, 0);
}

void SteppedCopy::Kill() {
  if (pid_ == 0) return;
  const auto pid = static_cast<pid_t>(pid_);
  ::kill(pid, SIGKILL);
  int status = 0;
  // It may have stopped before it died.
  do {
    if (::waitpid(pid, &status, 0) == -1 && errno != EINTR) Fail("waitpid");
  } while (!WIFSIGNALED(status));
  pid_ = 0;
}

}  // namespace isoproc::system_support
