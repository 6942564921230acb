#include "win32/process_table.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "win32/errors.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

// "NtQuerySystemInformation function". The documented structure hides the time of birth behind
// Reserved1, where it has been since Windows NT ("[MS-TSTS] SYSTEM_PROCESS_INFORMATION").
constexpr int kSystemProcessInformation = 5;
struct ProcessInformation {
  ULONG next_entry_offset;
  ULONG number_of_threads;
  LARGE_INTEGER reserved[3];
  LARGE_INTEGER create_time;
  LARGE_INTEGER user_time;
  LARGE_INTEGER kernel_time;
  USHORT name_length;
  USHORT name_maximum_length;
  PVOID name;
  LONG base_priority;
  HANDLE unique_process_id;
};
using NtQuerySystemInformation = LONG(NTAPI*)(int information_class, void* information, ULONG size,
                                              ULONG* returned);
constexpr LONG kInfoLengthMismatch = static_cast<LONG>(0xC0000004);

absl::StatusOr<std::vector<std::byte>> ReadTable() {
  const HMODULE ntdll = ::GetModuleHandleW(L"ntdll.dll");
  const auto query = reinterpret_cast<NtQuerySystemInformation>(
      reinterpret_cast<void*>(::GetProcAddress(ntdll, "NtQuerySystemInformation")));
  if (query == nullptr) return absl::UnimplementedError("no NtQuerySystemInformation");
  std::vector<std::byte> table(256 * 1024);
  while (true) {
    ULONG returned = 0;
    const LONG status =
        query(kSystemProcessInformation, table.data(), static_cast<ULONG>(table.size()), &returned);
    if (status >= 0) return table;
    if (status != kInfoLengthMismatch) {
      return Win32ErrorAs(absl::StatusCode::kUnknown, static_cast<uint32_t>(status),
                          "NtQuerySystemInformation");
    }
    table.resize(table.size() * 2);
  }
}

}  // namespace

absl::StatusOr<std::optional<uint64_t>> BirthOfAnyProcess(uint32_t pid) {
  const absl::StatusOr<std::vector<std::byte>> table = ReadTable();
  if (!table.ok()) return table.status();
  for (size_t offset = 0; offset + sizeof(ProcessInformation) <= table->size();) {
    ProcessInformation entry;
    std::memcpy(&entry, table->data() + offset, sizeof(entry));
    if (reinterpret_cast<uintptr_t>(entry.unique_process_id) == pid) {
      return static_cast<uint64_t>(entry.create_time.QuadPart);
    }
    if (entry.next_entry_offset == 0) break;
    offset += entry.next_entry_offset;
  }
  return std::nullopt;
}

}  // namespace isoproc::port::win32
