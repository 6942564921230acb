// Who may open the objects that this port must give names to.
#ifndef ISOPROC_WIN32_SECURITY_H_
#define ISOPROC_WIN32_SECURITY_H_

#include <string>

#include "absl/status/statusor.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {

// Full access for the user of this process, none for others; handles are not inherited. Lives until
// the end of the program.
absl::StatusOr<SECURITY_ATTRIBUTES*> OwnerOnly();

// 32 random characters of 0-9 and a-f: 128 bits, so that nobody can make the object first.
std::string RandomName();
inline constexpr size_t kRandomNameSize = 32;

// Whether `name` could have come from RandomName().
bool IsRandomName(const char* name, size_t size);

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_SECURITY_H_
