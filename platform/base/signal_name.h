// Names of signals by their Linux numbers, which isoproc uses on every platform.
#ifndef ISOPROC_PLATFORM_BASE_SIGNAL_NAME_H_
#define ISOPROC_PLATFORM_BASE_SIGNAL_NAME_H_

namespace isoproc::port {

// "SIGKILL" for 9; "unknown" for numbers that have no name of their own.
const char* SignalName(int signal);

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_BASE_SIGNAL_NAME_H_
