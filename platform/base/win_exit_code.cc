#include "platform/base/win_exit_code.h"

#include <cstdint>

#include "platform/base/termination.h"

namespace isoproc::port {
namespace {

// Signal numbers of Linux; <csignal> of the host may have others.
constexpr int kNone = 0;
constexpr int kInterrupt = 2;
constexpr int kIllegal = 4;
constexpr int kTrap = 5;
constexpr int kAbort = 6;
constexpr int kBus = 7;
constexpr int kArithmetic = 8;
constexpr int kSegment = 11;

// Source: "NTSTATUS Values" ([MS-ERREF] 2.3.1).
int SignalOf(uint32_t code) {
  switch (code) {
    case 0xC0000005:  // STATUS_ACCESS_VIOLATION
    case 0x80000001:  // STATUS_GUARD_PAGE_VIOLATION
    case 0xC00000FD:  // STATUS_STACK_OVERFLOW
    case 0xC000008C:  // STATUS_ARRAY_BOUNDS_EXCEEDED
    case 0xC0000096:  // STATUS_PRIVILEGED_INSTRUCTION
      return kSegment;
    case 0xC0000006:  // STATUS_IN_PAGE_ERROR: a mapped file or page that cannot be read
    case 0x80000002:  // STATUS_DATATYPE_MISALIGNMENT
      return kBus;
    case 0xC000001D:  // STATUS_ILLEGAL_INSTRUCTION
      return kIllegal;
    case 0x80000003:  // STATUS_BREAKPOINT
    case 0x80000004:  // STATUS_SINGLE_STEP
      return kTrap;
    case 0xC000008D:  // STATUS_FLOAT_DENORMAL_OPERAND
    case 0xC000008E:  // STATUS_FLOAT_DIVIDE_BY_ZERO
    case 0xC000008F:  // STATUS_FLOAT_INEXACT_RESULT
    case 0xC0000090:  // STATUS_FLOAT_INVALID_OPERATION
    case 0xC0000091:  // STATUS_FLOAT_OVERFLOW
    case 0xC0000092:  // STATUS_FLOAT_STACK_CHECK
    case 0xC0000093:  // STATUS_FLOAT_UNDERFLOW
    case 0xC0000094:  // STATUS_INTEGER_DIVIDE_BY_ZERO
    case 0xC0000095:  // STATUS_INTEGER_OVERFLOW
    case 0xC00002B4:  // STATUS_FLOAT_MULTIPLE_FAULTS
    case 0xC00002B5:  // STATUS_FLOAT_MULTIPLE_TRAPS
      return kArithmetic;
    case 0xC0000409:  // STATUS_STACK_BUFFER_OVERRUN: also abort() and __fastfail
    case 0xC0000374:  // STATUS_HEAP_CORRUPTION
    case 0xC0000420:  // STATUS_ASSERTION_FAILURE
    case 0xC0000602:  // STATUS_FAIL_FAST_EXCEPTION
    case 0x40000015:  // STATUS_FATAL_APP_EXIT
    case 0xE06D7363:  // an exception of Visual C++ that nobody caught
    case 0x20474343:  // an exception of GCC that nobody caught
      return kAbort;
    case 0xC000013A:  // STATUS_CONTROL_C_EXIT
      return kInterrupt;
    default:
      return kNone;
  }
}

}  // namespace

Termination TerminationOfWindowsExitCode(uint32_t code) {
  const int signal = SignalOf(code);
  if (signal != kNone) return {Termination::Kind::kSignalled, signal};
  return {Termination::Kind::kExited, static_cast<int>(code & 0xFF)};
}

}  // namespace isoproc::port
