// Handles on their way to another process.
#ifndef ISOPROC_TESTS_KILL_PARCEL_H_
#define ISOPROC_TESTS_KILL_PARCEL_H_

#include <string>

#include "tests/kill/scenario.h"

namespace isoproc::kill {

// The bytes that a receiver gets. The calling process, which goes on as if it were the receiver,
// does not hold the objects any more: its handles are not to be used, nor destroyed.
std::string PackAndLetGo(const Objects& objects);

// What the receiver does with the bytes.
Objects Unpack(const std::string& bytes);

}  // namespace isoproc::kill

#endif  // ISOPROC_TESTS_KILL_PARCEL_H_
