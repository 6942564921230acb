// Targets that many cases start, and what the others are made of.
#ifndef ISOPROC_CONFORMANCE_CHILDREN_CHILDREN_H_
#define ISOPROC_CONFORMANCE_CHILDREN_CHILDREN_H_

#include <string>
#include <string_view>

#include "isoproc/process.h"
#include "isoproc/process_options.h"

namespace isoproc::conformance {

// ---- targets ----------------------------------------------------------------------------------

void DoNothing();
int Return(int code);
// Says "ready" and does nothing until somebody ends it; a request to stop is not heard.
void Linger();
// Says "ready", waits for a request to stop, and returns `code`.
int AwaitStop(int code);
// Says "ready", waits for the end of its standard input, and says "over".
void AwaitEndOfInput();
// Starts AwaitEndOfInput as a process that lives on, with a copy of its standard streams, and gives
// 3.
int LeaveADetachedChild();

// How a target or program comes to its end.
enum class Ending { kReturn, kExit, kThrow, kExitAtOnce, kAbort, kTerminate, kStay };
// Gives 3 for kReturn; the others do not return.
int End(Ending ending);

// ---- for the bodies of targets ----------------------------------------------------------------

// Writes a line to the standard output and sees to it that it is there.
void Say(std::string_view line);
// Does nothing for ever.
[[noreturn]] void Stay();
// Reads the standard input to its end.
std::string ReadInput();
// Keeps `process` until the end of the calling process, without calling its destructor.
void Keep(Process process);

// ---- for cases and targets --------------------------------------------------------------------

// A child that is no trouble to a case that fails: it is killed with its Process.
ProcessOptions Killable();

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_CHILDREN_CHILDREN_H_
