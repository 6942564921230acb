#include "platform/testing/system_support.h"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "win32/unique_handle.h"
#include "win32/windows_api.h"
// After windows.h.
#include <tlhelp32.h>

namespace isoproc::system_support {
namespace {

[[noreturn]] void Fail(const char* call) {
  std::fprintf(stderr, "%s failed: %lu\n", call, ::GetLastError());
  std::abort();
}

using port::win32::NativeOf;
using port::win32::ValueOf;

std::wstring OwnProgram() {
  std::wstring path(32768, L'\0');
  const DWORD size = ::GetModuleFileNameW(nullptr, path.data(), static_cast<DWORD>(path.size()));
  if (size == 0) Fail("GetModuleFileName");
  path.resize(size);
  return path;
}

}  // namespace

NativePipe MakePipe() {
  HANDLE read_end = nullptr;
  HANDLE write_end = nullptr;
  if (!::CreatePipe(&read_end, &write_end, nullptr, 0)) Fail("CreatePipe");
  return {ValueOf(read_end), ValueOf(write_end)};
}

size_t ReadPipe(int64_t read_end, char* into, size_t size) {
  DWORD n = 0;
  // A write of no bytes is not the end.
  while (::ReadFile(NativeOf(read_end), into, static_cast<DWORD>(size), &n, nullptr)) {
    if (n > 0) return n;
  }
  if (::GetLastError() != ERROR_BROKEN_PIPE) Fail("ReadFile");
  return 0;
}

void WritePipe(int64_t write_end, const char* bytes, size_t size) {
  while (size > 0) {
    DWORD n = 0;
    if (!::WriteFile(NativeOf(write_end), bytes, static_cast<DWORD>(size), &n, nullptr)) {
      Fail("WriteFile");
    }
    bytes += n;
    size -= n;
  }
}

void ClosePipeEnd(int64_t end) { ::CloseHandle(NativeOf(end)); }

int64_t OpenInheritable(const char* path) {
  SECURITY_ATTRIBUTES inheritable = {};
  inheritable.nLength = sizeof(inheritable);
  inheritable.bInheritHandle = TRUE;
  const HANDLE file =
      ::CreateFileA(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                    &inheritable, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, nullptr);
  if (file == INVALID_HANDLE_VALUE) Fail("CreateFile");
  return ValueOf(file);
}

bool Refers(int64_t native, const char* path) {
  BY_HANDLE_FILE_INFORMATION actual = {};
  // Before another handle is opened, which may have that number.
  if (!::GetFileInformationByHandle(NativeOf(native), &actual)) return false;
  const HANDLE file = ::CreateFileA(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, nullptr,
                                    OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr);
  if (file == INVALID_HANDLE_VALUE) Fail("CreateFile");
  BY_HANDLE_FILE_INFORMATION expected = {};
  const bool refers = ::GetFileInformationByHandle(file, &expected) &&
                      expected.dwVolumeSerialNumber == actual.dwVolumeSerialNumber &&
                      expected.nFileIndexHigh == actual.nFileIndexHigh &&
                      expected.nFileIndexLow == actual.nFileIndexLow;
  ::CloseHandle(file);
  return refers;
}

bool IsPipe(int64_t native) { return ::GetFileType(NativeOf(native)) == FILE_TYPE_PIPE; }

int CountHandles() {
  DWORD told = 0;
  if (!::GetProcessHandleCount(::GetCurrentProcess(), &told)) Fail("GetProcessHandleCount");
  if (told > 0) return static_cast<int>(told);
  // Wine always says 0, and asking it for the handles of all processes (NtQuerySystemInformation)
  // crashes its server while one of them has none yet. So each number is tried; they are given out
  // from the lowest free one on.
  constexpr int kGap = 500;
  int count = 0;
  for (int64_t value = 4, unused = 0; unused < kGap; value += 4) {
    DWORD flags = 0;
    const bool is_open = ::GetHandleInformation(NativeOf(value), &flags);
    unused = is_open ? 0 : unused + 1;
    count += is_open ? 1 : 0;
  }
  return count;
}

int CountMappings() {
  int count = 0;
  MEMORY_BASIC_INFORMATION region = {};
  for (const char* at = nullptr; ::VirtualQuery(at, &region, sizeof(region)) != 0;
       at = static_cast<const char*>(region.BaseAddress) + region.RegionSize) {
    if (region.Type == MEM_MAPPED) ++count;
  }
  return count;
}

// A name ends with its last handle.
int CountSharedMemoryNames(const std::string&) { return 0; }
std::string SignalMask() { return ""; }

// Handles are multiples of four, and small.
void CloseAllHandles() {
  for (int64_t handle = 4; handle < 4096; handle += 4) ::CloseHandle(NativeOf(handle));
}

int CountChildren() {
  const HANDLE snapshot = ::CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  if (snapshot == INVALID_HANDLE_VALUE) Fail("CreateToolhelp32Snapshot");
  PROCESSENTRY32W entry = {};
  entry.dwSize = sizeof(entry);
  int count = 0;
  for (BOOL more = ::Process32FirstW(snapshot, &entry); more;
       more = ::Process32NextW(snapshot, &entry)) {
    if (entry.th32ParentProcessID == ::GetCurrentProcessId()) ++count;
  }
  ::CloseHandle(snapshot);
  return count;
}

void Suspend(int64_t) { Fail("Suspend"); }
void Resume(int64_t) { Fail("Resume"); }

void KillFromOutside(int64_t pid) {
  const HANDLE process = ::OpenProcess(PROCESS_TERMINATE, FALSE, static_cast<DWORD>(pid));
  if (process == nullptr) Fail("OpenProcess");
  if (!::TerminateProcess(process, 1)) Fail("TerminateProcess");
  ::CloseHandle(process);
}

// Never resumed, so it does not matter what the program would do.
int64_t StartForeignProcess() {
  STARTUPINFOW startup = {};
  startup.cb = sizeof(startup);
  startup.dwFlags = STARTF_USESTDHANDLES;
  if (!::DuplicateHandle(::GetCurrentProcess(), ::GetStdHandle(STD_OUTPUT_HANDLE),
                         ::GetCurrentProcess(), &startup.hStdOutput, 0, TRUE,
                         DUPLICATE_SAME_ACCESS)) {
    Fail("DuplicateHandle");
  }
  PROCESS_INFORMATION information = {};
  if (!::CreateProcessW(OwnProgram().c_str(), nullptr, nullptr, nullptr, TRUE, CREATE_SUSPENDED,
                        nullptr, nullptr, &startup, &information)) {
    Fail("CreateProcess");
  }
  ::CloseHandle(startup.hStdOutput);
  ::CloseHandle(information.hThread);
  ::CloseHandle(information.hProcess);
  return information.dwProcessId;
}

int RunInFork(const std::function<int()>& /*body*/) { std::abort(); }
void StealExitStatus(int64_t /*pid*/) { std::abort(); }

}  // namespace isoproc::system_support
