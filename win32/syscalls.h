// The Win32 calls that start, await and end processes and that move bytes, as a table that tests
// may change.
//
// A test puts its own function in an entry to see what is asked, or to make the n-th call fail;
// nothing else writes here. CancelIoEx, GetOverlappedResult and CloseHandle are not in it: while an
// operation is under way the kernel writes into our memory, so pretending that these failed would
// not test anything but break the process.
#ifndef ISOPROC_WIN32_SYSCALLS_H_
#define ISOPROC_WIN32_SYSCALLS_H_

#include <process.h>

#include "win32/windows_api.h"

namespace isoproc::port::win32 {

struct Syscalls {
  decltype(&::_beginthreadex) begin_thread;
  decltype(&::CreateEventW) create_event;
  decltype(&::CreateFileW) create_file;
  decltype(&::CreateFileMappingW) create_file_mapping;
  decltype(&::CreateJobObjectW) create_job_object;
  decltype(&::CreateMutexW) create_mutex;
  decltype(&::CreateNamedPipeW) create_named_pipe;
  decltype(&::CreateProcessW) create_process;
  decltype(&::DuplicateHandle) duplicate_handle;
  decltype(&::GetExitCodeProcess) get_exit_code_process;
  decltype(&::GetFileAttributesW) get_file_attributes;
  decltype(&::InitializeProcThreadAttributeList) initialize_attribute_list;
  decltype(&::MapViewOfFile) map_view_of_file;
  decltype(&::OpenFileMappingW) open_file_mapping;
  decltype(&::OpenProcess) open_process;
  decltype(&::PeekNamedPipe) peek_named_pipe;
  decltype(&::ReadFile) read_file;
  decltype(&::RegisterWaitForSingleObject) register_wait;
  decltype(&::SetHandleInformation) set_handle_information;
  decltype(&::SetInformationJobObject) set_information_job_object;
  decltype(&::TerminateJobObject) terminate_job_object;
  decltype(&::TerminateProcess) terminate_process;
  decltype(&::UpdateProcThreadAttribute) update_attribute;
  decltype(&::WaitForMultipleObjects) wait_for_multiple_objects;
  decltype(&::WaitForSingleObject) wait_for_single_object;
  decltype(&::WriteFile) write_file;
};

extern Syscalls sys;

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_SYSCALLS_H_
