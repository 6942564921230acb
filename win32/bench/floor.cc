#include "bench/floor.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/lock_user.h"
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

// A kernel mutex: named, and its name is in the memory.
class Mutex final : public LockUser {
 public:
  explicit Mutex(const std::byte* memory) {
    wchar_t name[kSystemLockSize / sizeof(wchar_t)];
    std::memcpy(name, memory, sizeof(name));
    mutex_ = ::CreateMutexW(nullptr, /*bInitialOwner=*/FALSE, name);
  }
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  ~Mutex() override {
    if (made()) ::CloseHandle(mutex_);
  }

  static void Name(std::byte* memory) {
    const std::wstring name = L"Local\\isoproc-bench-" + std::to_wstring(::GetCurrentProcessId());
    std::memcpy(memory, name.c_str(), (name.size() + 1) * sizeof(wchar_t));
  }

  bool made() const { return mutex_ != nullptr; }

  bool Use(int times, volatile uint64_t& counter) override {
    for (int i = 0; i < times; ++i) {
      if (::WaitForSingleObject(mutex_, INFINITE) != WAIT_OBJECT_0) return false;
      counter = counter + 1;
      if (!::ReleaseMutex(mutex_)) return false;
    }
    return true;
  }

 private:
  HANDLE mutex_ = nullptr;
};

uint64_t Ticks(const FILETIME& time) {
  return uint64_t{time.dwHighDateTime} << 32 | time.dwLowDateTime;
}

}  // namespace

bool IsFloorChild(int argc, char** argv) {
  return argc == 2 && std::string_view(argv[1]) == kFloorArgument;
}

std::vector<Way> Floors(const std::string&) { return {{"spawn/system", SpawnAndWait}}; }

std::vector<std::string> SystemLocks() { return {"system"}; }

std::unique_ptr<LockUser> MakeSystemLock(std::string_view name, std::byte* memory) {
  Mutex::Name(memory);
  return OpenSystemLock(name, memory);
}

std::unique_ptr<LockUser> OpenSystemLock(std::string_view, std::byte* memory) {
  auto mutex = std::make_unique<Mutex>(memory);
  if (!mutex->made()) return nullptr;
  return mutex;
}

// Nothing that a process that was only started, and not forked, could be measured by.
std::vector<Way> ChannelFloors() { return {}; }

double ProcessorMicroseconds() {
  FILETIME created, ended, kernel, user;
  ::GetProcessTimes(::GetCurrentProcess(), &created, &ended, &kernel, &user);
  return static_cast<double>(Ticks(kernel) + Ticks(user)) / 10;
}

}  // namespace isoproc::bench
