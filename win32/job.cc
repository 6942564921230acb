#include "win32/job.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "win32/errors.h"
#include "win32/syscalls.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

bool SetLimits(HANDLE job, DWORD flags) {
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {};
  limits.BasicLimitInformation.LimitFlags = flags;
  return sys.set_information_job_object(job, JobObjectExtendedLimitInformation, &limits,
                                        sizeof(limits));
}

// The members of the innermost job of the calling process; none if the system does not tell.
std::vector<ULONG_PTR> MembersOfOwnJob() {
  constexpr size_t kIds = offsetof(JOBOBJECT_BASIC_PROCESS_ID_LIST, ProcessIdList);
  for (size_t room = 64;; room *= 4) {
    std::vector<std::byte> buffer(kIds + room * sizeof(ULONG_PTR));
    if (!::QueryInformationJobObject(nullptr, JobObjectBasicProcessIdList, buffer.data(),
                                     static_cast<DWORD>(buffer.size()), nullptr)) {
      if (::GetLastError() == ERROR_MORE_DATA && room < (size_t{1} << 20)) continue;
      return {};
    }
    const auto* const list =
        reinterpret_cast<const JOBOBJECT_BASIC_PROCESS_ID_LIST*>(buffer.data());
    if (list->NumberOfProcessIdsInList < list->NumberOfAssignedProcesses &&
        room < (size_t{1} << 20)) {
      continue;
    }
    std::vector<ULONG_PTR> ids(list->NumberOfProcessIdsInList);
    std::memcpy(ids.data(), buffer.data() + kIds, ids.size() * sizeof(ULONG_PTR));
    return ids;
  }
}

bool Contains(const std::vector<ULONG_PTR>& ids, ULONG_PTR id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

absl::StatusOr<Job> Job::Create(bool dies_with_us) {
  UniqueHandle job(sys.create_job_object(nullptr, nullptr));
  if (!job) {
    const DWORD error = ::GetLastError();
    return Win32Error(error, "CreateJobObject");
  }
  DWORD flags = JOB_OBJECT_LIMIT_BREAKAWAY_OK;
  if (dies_with_us) flags |= JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
  if (!SetLimits(job.get(), flags)) {
    const DWORD error = ::GetLastError();
    return Win32Error(error, "SetInformationJobObject");
  }
  return Job(std::move(job));
}

absl::Status Job::Terminate(uint32_t code) {
  if (sys.terminate_job_object(job_.get(), code)) return absl::OkStatus();
  const DWORD error = ::GetLastError();
  return Win32Error(error, "TerminateJobObject");
}

void Job::LetGo() { SetLimits(job_.get(), JOB_OBJECT_LIMIT_BREAKAWAY_OK); }

void TerminateOthersInOwnJob() {
  // A member may start another one while we look, but not for ever: all that we saw are ended.
  constexpr int kRounds = 16;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::pair<ULONG_PTR, UniqueHandle>> opened;
    for (const ULONG_PTR id : MembersOfOwnJob()) {
      if (id == ::GetCurrentProcessId()) continue;
      UniqueHandle process(::OpenProcess(PROCESS_TERMINATE, FALSE, static_cast<DWORD>(id)));
      if (process) opened.emplace_back(id, std::move(process));
    }
    if (opened.empty()) return;
    // An id that is in the list while we have a handle to its process cannot be somebody else's.
    const std::vector<ULONG_PTR> members = MembersOfOwnJob();
    for (const auto& [id, process] : opened) {
      if (Contains(members, id)) ::TerminateProcess(process.get(), 1);
    }
  }
}

}  // namespace isoproc::port::win32
