// For a port that starts no processes yet: none of the cases that call these functions is run.
#include "platform/testing/system_support.h"

#include <cstdlib>

namespace isoproc::system_support {

NativePipe MakePipe() { std::abort(); }
size_t ReadPipe(int64_t, char*, size_t) { std::abort(); }
void WritePipe(int64_t, const char*, size_t) { std::abort(); }
void ClosePipeEnd(int64_t) { std::abort(); }
int64_t OpenInheritable(const char*) { std::abort(); }
bool Refers(int64_t, const char*) { std::abort(); }
bool IsPipe(int64_t) { std::abort(); }
int CountHandles() { std::abort(); }
int CountMappings() { std::abort(); }
int CountSharedMemoryNames(const std::string&) { std::abort(); }
std::string SignalMask() { std::abort(); }
void CloseAllHandles() { std::abort(); }
int CountChildren() { std::abort(); }
void KillFromOutside(int64_t) { std::abort(); }
void Suspend(int64_t) { std::abort(); }
void Resume(int64_t) { std::abort(); }
int64_t StartForeignProcess() { std::abort(); }
int RunInFork(const std::function<int()>&) { std::abort(); }
void StealExitStatus(int64_t) { std::abort(); }

}  // namespace isoproc::system_support
