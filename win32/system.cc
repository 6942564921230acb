#include "win32/system.h"

#include <algorithm>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "win32/errors.h"
#include "win32/text.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

constexpr int kAffinityBits = std::numeric_limits<DWORD_PTR>::digits;

// Processors that the affinity of the process leaves to it.
int AffinityCount(int all) {
  // A process in several groups has no single mask ("Processor Groups"); by default it may then use
  // all processors.
  USHORT groups = 0;
  USHORT none = 0;
  if (!::GetProcessGroupAffinity(::GetCurrentProcess(), &groups, &none) && groups > 1) return all;
  DWORD_PTR process = 0;
  DWORD_PTR machine = 0;
  if (!::GetProcessAffinityMask(::GetCurrentProcess(), &process, &machine) || process == 0) {
    return all;
  }
  return static_cast<int>(std::bitset<kAffinityBits>(process).count());
}

// Processors' worth of time that the job of the process grants it ("JOBOBJECT_CPU_RATE_CONTROL_
// INFORMATION"): containers are jobs.
int QuotaCount(int all) {
  constexpr DWORD kHardCap =
      JOB_OBJECT_CPU_RATE_CONTROL_ENABLE | JOB_OBJECT_CPU_RATE_CONTROL_HARD_CAP;
  constexpr DWORD kWholeMachine = 10000;  // CpuRate counts hundredths of a percent of it
  JOBOBJECT_CPU_RATE_CONTROL_INFORMATION rate = {};
  if (!::QueryInformationJobObject(nullptr, JobObjectCpuRateControlInformation, &rate, sizeof(rate),
                                   nullptr) ||
      (rate.ControlFlags & kHardCap) != kHardCap) {
    return all;
  }
  const uint64_t share = uint64_t{rate.CpuRate} * static_cast<uint64_t>(all);
  return static_cast<int>((share + kWholeMachine - 1) / kWholeMachine);
}

}  // namespace

absl::Duration Now() {
  static const int64_t frequency = [] {
    LARGE_INTEGER value;
    ::QueryPerformanceFrequency(&value);  // never fails since Windows XP
    return value.QuadPart;
  }();
  LARGE_INTEGER counter;
  ::QueryPerformanceCounter(&counter);
  // In two parts: ticks times 10^9 would overflow after some months.
  const int64_t rest = counter.QuadPart % frequency;
  return absl::Seconds(counter.QuadPart / frequency) +
         absl::Nanoseconds(rest * 1'000'000'000 / frequency);
}

void RandomBytes(absl::Span<std::byte> into) {
  constexpr size_t kLargest = 1 << 20;
  while (!into.empty()) {
    const size_t size = std::min(into.size(), kLargest);
    const NTSTATUS status =
        ::BCryptGenRandom(nullptr, reinterpret_cast<PUCHAR>(into.data()), static_cast<ULONG>(size),
                          BCRYPT_USE_SYSTEM_PREFERRED_RNG);
    if (status < 0) std::abort();
    into.remove_prefix(size);
  }
}

int CpuCount() {
  return std::max(1, static_cast<int>(::GetActiveProcessorCount(ALL_PROCESSOR_GROUPS)));
}

int UsableCpuCount() {
  const int all = CpuCount();
  return std::clamp(std::min(AffinityCount(all), QuotaCount(all)), 1, all);
}

std::vector<std::string> ProgramArguments(int argc, char** argv) {
  std::vector<std::string> arguments(argv, argv + argc);
  int count = 0;
  wchar_t** const wide = ::CommandLineToArgvW(::GetCommandLineW(), &count);
  // Unless main was called with other arguments than the program: these are not the system's to
  // tell.
  if (wide != nullptr && count == argc) {
    for (size_t i = 0; i < arguments.size(); ++i) {
      const absl::StatusOr<std::string> narrow = Narrow(wide[i]);
      if (narrow.ok()) arguments[i] = *narrow;
    }
  }
  ::LocalFree(wide);
  return arguments;
}

absl::StatusOr<std::string> ProgramPath() {
  std::wstring path(MAX_PATH, L'\0');
  while (true) {
    const DWORD size = ::GetModuleFileNameW(nullptr, path.data(), static_cast<DWORD>(path.size()));
    if (size == 0) {
      const DWORD error = ::GetLastError();
      return Win32ErrorAs(absl::StatusCode::kNotFound, error, "GetModuleFileName");
    }
    // A path that did not fit was cut off.
    if (size < path.size()) {
      path.resize(size);
      return Narrow(path);
    }
    path.resize(path.size() * 2);
  }
}

absl::StatusOr<std::string> FileIdentity(const std::string& path) {
  const absl::StatusOr<std::wstring> wide = WidenPath(path);
  if (!wide.ok()) return wide.status();
  const UniqueHandle file(::CreateFileW(
      wide->c_str(), FILE_READ_ATTRIBUTES, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
      nullptr, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, nullptr));
  if (!file) {
    const DWORD error = ::GetLastError();
    return Win32Error(error, "CreateFile");
  }
  BY_HANDLE_FILE_INFORMATION info = {};
  if (!::GetFileInformationByHandle(file.get(), &info)) {
    const DWORD error = ::GetLastError();
    return Win32Error(error, "GetFileInformationByHandle");
  }
  const auto join = [](DWORD high, DWORD low) { return uint64_t{high} << 32 | low; };
  return absl::StrCat(
      info.dwVolumeSerialNumber, ":", join(info.nFileIndexHigh, info.nFileIndexLow), ":",
      join(info.nFileSizeHigh, info.nFileSizeLow), ":",
      join(info.ftLastWriteTime.dwHighDateTime, info.ftLastWriteTime.dwLowDateTime));
}

}  // namespace isoproc::port::win32
