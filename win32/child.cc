#include "win32/child.h"

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

#include "platform/base/bootstrap_marker.h"
#include "win32/bootstrap.h"
#include "win32/job.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

// How Visual C++ ends abort() ("abort"): STATUS_STACK_BUFFER_OVERRUN. Others exit with 3.
constexpr uint32_t kAborted = 0xC0000409;

// Exceptions of C++ on their way through the system.
constexpr uint32_t kVisualCppThrow = 0xE06D7363;
constexpr uint32_t kGccThrow = 0x20474343;

[[noreturn]] void End(uint32_t code) {
  ::TerminateProcess(::GetCurrentProcess(), code);
  // The call returns only if it failed, which the pseudo handle rules out.
  while (true) ::Sleep(INFINITE);
}

void OnAbort(int /*signal*/) { End(kAborted); }

// Ends the process with the code of the exception, before the system would look for a debugger or
// ask the user.
LONG WINAPI OnUnhandledException(EXCEPTION_POINTERS* exception) {
  const uint32_t code = exception->ExceptionRecord->ExceptionCode;
  // Nobody catches it: the runtimes call std::terminate then, each in its way. Visual C++ does so
  // in the filter that this one replaces, GCC after the exception was "continued".
  if (code == kVisualCppThrow) std::terminate();
  if (code == kGccThrow) return EXCEPTION_CONTINUE_EXECUTION;
  End(code);
}

// Prepares a child before its static initialisers run, which may fail as well. A program that the
// user started with an argument like ours is prepared in vain, and no worse for it.
struct EarlyPreparation {
  EarlyPreparation() {
    const std::wstring marker(kBootstrapMarker.begin(), kBootstrapMarker.end());
    if (std::wstring_view(::GetCommandLineW()).find(marker) != std::wstring_view::npos) {
      PrepareChild();
    }
  }
};
#if defined(_MSC_VER)
#pragma warning(disable : 4073)  // "initializers put in library initialization area": intended
#pragma init_seg(lib)
EarlyPreparation early_preparation;
#else
[[gnu::init_priority(101)]] EarlyPreparation early_preparation;
#endif

bool SharesConsoleInput() {
  DWORD mode = 0;
  return ::GetConsoleMode(::GetStdHandle(STD_INPUT_HANDLE), &mode);
}

}  // namespace

void PrepareChild() {
  ::SetErrorMode(::GetErrorMode() | SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
  ::SetUnhandledExceptionFilter(&OnUnhandledException);
  std::signal(SIGABRT, &OnAbort);
  // assert() asks the user in programs without a console.
  _set_error_mode(_OUT_TO_STDERR);
#if defined(_MSC_VER)
  _set_abort_behavior(0, _WRITE_ABORT_MSG | _CALL_REPORTFAULT);
#endif
  // "Ignore CTRL+C" is inherited. A child that leads a process group was made to ignore it, so that
  // a key press meant for its parent does not reach it; one that shares the console input is in the
  // group of its parent and is meant too.
  if (SharesConsoleInput()) ::SetConsoleCtrlHandler(nullptr, FALSE);
}

void EndFamily() {
  // If the parent is dead, so is the job, and the system is about to end its members anyway.
  if (const std::string* const name = OwnJobName()) TerminateOwnJob(*name);
  End(1);
}

// Eight bits, as everywhere: a larger code could be taken for a crash.
void ExitNow(int code) { End(static_cast<uint32_t>(code) & 0xFF); }

}  // namespace isoproc::port::win32
