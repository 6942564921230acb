// <windows.h> as this port wants it. Include this and never <windows.h>: who sees it first decides.
#ifndef ISOPROC_WIN32_WINDOWS_API_H_
#define ISOPROC_WIN32_WINDOWS_API_H_

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif
#ifndef UNICODE
#define UNICODE
#endif
#ifndef _UNICODE
#define _UNICODE
#endif
#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0A00
#endif

// The others need <windows.h> before them, and do not say so.
// clang-format off
#include <windows.h>

#include <bcrypt.h>
#include <shellapi.h>
// clang-format on

#endif  // ISOPROC_WIN32_WINDOWS_API_H_
