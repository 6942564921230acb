// The entry point: what a program does before it may start processes.
//
//   int main(int argc, char** argv) {
//     isoproc::Init(argc, argv);  // first statement: a child runs its target here, and exits
//     ...
//   }
//
// A child is the same program, started again. Code before Init, static initialisers included, runs
// in the child too; nothing after it does.                                     [CTX-18, CTX-19]
#ifndef ISOPROC_MAIN_H_
#define ISOPROC_MAIN_H_

#include <string>

#include "absl/status/status.h"

namespace isoproc {

// Makes the program ready to start processes. In a child it runs the target and does not return.
// Requires:  called from main with main's arguments, before other threads exist. A child that gets
//            others is refused, and Start of its parent says so.                       [ENTRY-17]
// Blocks:    never, in a program that the user started.
// A second call has no effect.                                                         [ENTRY-03]
// The user's arguments are never taken for the library's own, whatever they say.       [ENTRY-08]
// Thread safety: not safe against other calls of the library.
void Init(int argc, char** argv);

// Names the program which children run instead of the caller's own: one that calls Init and has the
// same targets; a child that has not called Init may not start processes [CTX-20]. For programs
// whose main belongs to somebody else, and for shared libraries; makes a call of Init unnecessary
// in the caller. Affects the starts that follow; an empty path goes back
// to the caller's own program. Whether the program exists is seen when a process is started. A fork
// server that runs already stays what it is.
//                                                                              [CTX-25, ENTRY-10]
// Errors:    InvalidArgument: a NUL in the path.
// Thread safety: any thread.
absl::Status SetExecutable(std::string path);

}  // namespace isoproc

// A program that links isoproc::main defines this instead of main; Init was called.    [ENTRY-11]
int IsoprocMain(int argc, char** argv);

#endif  // ISOPROC_MAIN_H_
