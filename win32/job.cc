#include "win32/job.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "win32/errors.h"
#include "win32/security.h"
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

std::wstring ObjectName(const std::string& name) {
  return LR"(Local\isoproc-family-)" + std::wstring(name.begin(), name.end());
}

}  // namespace

absl::StatusOr<Job> Job::Create(bool dies_with_us) {
  const absl::StatusOr<SECURITY_ATTRIBUTES*> owner_only = OwnerOnly();
  if (!owner_only.ok()) return owner_only.status();
  std::string name = RandomName();
  UniqueHandle job(sys.create_job_object(*owner_only, ObjectName(name).c_str()));
  const DWORD create_error = ::GetLastError();
  if (!job || create_error == ERROR_ALREADY_EXISTS) {
    return Win32Error(create_error, "CreateJobObject");
  }
  DWORD flags = JOB_OBJECT_LIMIT_BREAKAWAY_OK;
  if (dies_with_us) flags |= JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
  if (!SetLimits(job.get(), flags)) {
    const DWORD error = ::GetLastError();
    return Win32Error(error, "SetInformationJobObject");
  }
  return Job(std::move(job), std::move(name));
}

absl::Status Job::Terminate(uint32_t code) {
  if (sys.terminate_job_object(job_.get(), code)) return absl::OkStatus();
  const DWORD error = ::GetLastError();
  return Win32Error(error, "TerminateJobObject");
}

void Job::LetGo() { SetLimits(job_.get(), JOB_OBJECT_LIMIT_BREAKAWAY_OK); }

void TerminateOwnJob(const std::string& name) {
  const UniqueHandle job(::OpenJobObjectW(JOB_OBJECT_TERMINATE | JOB_OBJECT_QUERY,
                                          /*bInheritHandle=*/FALSE, ObjectName(name).c_str()));
  BOOL is_member = FALSE;
  if (job && ::IsProcessInJob(::GetCurrentProcess(), job.get(), &is_member) && is_member) {
    ::TerminateJobObject(job.get(), 1);
  }
}

}  // namespace isoproc::port::win32
