// What the cases of the conformance suite do to the system that isoproc has no call for. Each port
// has its own <port>/tests/system_support.cc. Failures that make a case meaningless end the
// process.
#ifndef ISOPROC_PLATFORM_TESTING_SYSTEM_SUPPORT_H_
#define ISOPROC_PLATFORM_TESTING_SYSTEM_SUPPORT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace isoproc::system_support {

// A pipe as any program makes one; not inherited. The ends are what StandardStream::FromHandle
// takes.
struct NativePipe {
  int64_t read_end;
  int64_t write_end;
};
NativePipe MakePipe();
// Blocks until there is something. Gives the number of bytes, 0 at the end.
size_t ReadPipe(int64_t read_end, char* into, size_t size);
void WritePipe(int64_t write_end, const char* bytes, size_t size);
void ClosePipeEnd(int64_t end);

// Creates a file and opens it as a careless program does: children inherit the handle, unless who
// starts them sees to it. ClosePipeEnd closes it.
int64_t OpenInheritable(const char* path);
// Whether `native`, any number, is a handle of the calling process to the file at `path`.
bool Refers(int64_t native, const char* path);

// Whether `native`, any number, is a handle of the calling process to a pipe or what serves as one.
bool IsPipe(int64_t native);

// The open handles of the calling process.
int CountHandles();
// The regions of shared or file memory that the calling process has mapped, and the names that
// isoproc has in the system's folder of shared memory, if they have `part` in them. Where the
// system does not tell, always the same.
int CountMappings();
int CountSharedMemoryNames(const std::string& part = "");
// Closes all handles of the calling process that can be closed.
void CloseAllHandles();

// The signals that the calling thread holds back, in some form. Where there are none, always the
// same.
std::string SignalMask();

// The children of the calling process, ended ones that nobody has reaped included. For comparison
// only: a system may stop counting at 1.
int CountChildren();

// Ends any process at once, as an administrator or the system would, behind the back of its parent.
void KillFromOutside(int64_t pid);

// Only where the capability fork_server is declared: stops a child of the calling process, so that
// it does nothing until it is resumed or killed.
void Suspend(int64_t pid);
void Resume(int64_t pid);

// Starts a child of the calling process by other means than isoproc. It does nothing, and holds the
// standard output until somebody ends it. Gives its process id.
int64_t StartForeignProcess();

// Only where the capability foreign_fork is declared:
// Runs `body` in a fork of the calling process. Gives its exit code, or minus its signal.
int RunInFork(const std::function<int()>& body);
// Waits for a child and takes its exit status, as foreign code would.
void StealExitStatus(int64_t pid);

}  // namespace isoproc::system_support

#endif  // ISOPROC_PLATFORM_TESTING_SYSTEM_SUPPORT_H_
