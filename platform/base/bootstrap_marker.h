// How the argument begins that makes a program a child.
#ifndef ISOPROC_PLATFORM_BASE_BOOTSTRAP_MARKER_H_
#define ISOPROC_PLATFORM_BASE_BOOTSTRAP_MARKER_H_

#include <string_view>

namespace isoproc::port {

// A user's argument may begin alike; what follows is checked before anything depends on it.
inline constexpr std::string_view kBootstrapMarker = "--isoproc-child=";

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_BASE_BOOTSTRAP_MARKER_H_
