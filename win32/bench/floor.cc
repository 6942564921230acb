#include "bench/floor.h"

#include <string>
#include <string_view>
#include <vector>

#include "bench/round.h"
#include "win32/windows_api.h"

namespace isoproc::bench {
namespace {

// The program that runs, whose path is asked for once; a longer one than this is not measured.
const std::wstring& OwnPath() {
  static const std::wstring* const path = [] {
    std::wstring buffer(32768, L'\0');
    buffer.resize(::GetModuleFileNameW(nullptr, buffer.data(), static_cast<DWORD>(buffer.size())));
    return new std::wstring(buffer);
  }();
  return *path;
}

bool SpawnAndWait() {
  // CreateProcessW may write into it.
  std::wstring command_line = L"\"" + OwnPath() + L"\" ";
  for (const char* letter = kFloorArgument; *letter != '\0'; ++letter) {
    command_line.push_back(static_cast<wchar_t>(*letter));
  }
  STARTUPINFOW startup = {};
  startup.cb = sizeof(startup);
  PROCESS_INFORMATION process = {};
  if (!::CreateProcessW(OwnPath().c_str(), command_line.data(), nullptr, nullptr,
                        /*bInheritHandles=*/FALSE, 0, nullptr, nullptr, &startup, &process)) {
    return false;
  }
  ::CloseHandle(process.hThread);
  DWORD code = 1;
  const bool ended = ::WaitForSingleObject(process.hProcess, INFINITE) == WAIT_OBJECT_0 &&
                     ::GetExitCodeProcess(process.hProcess, &code) != 0;
  ::CloseHandle(process.hProcess);
  return ended && code == 0;
}

}  // namespace

bool IsFloorChild(int argc, char** argv) {
  return argc == 2 && std::string_view(argv[1]) == kFloorArgument;
}

std::vector<Way> Floors(const std::string&) { return {{"spawn/system", SpawnAndWait}}; }

}  // namespace isoproc::bench
