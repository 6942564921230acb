// What a process does to itself. See Port::PrepareChild, EndFamily and ExitNow.
#ifndef ISOPROC_WIN32_CHILD_H_
#define ISOPROC_WIN32_CHILD_H_

namespace isoproc::port::win32 {

void PrepareChild();
[[noreturn]] void EndFamily();
[[noreturn]] void ExitNow(int code);

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_CHILD_H_
