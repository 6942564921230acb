#include "win32/syscalls.h"

#include <process.h>

#include "win32/windows_api.h"

namespace isoproc::port::win32 {

Syscalls sys = {
    .begin_thread = ::_beginthreadex,
    .create_event = ::CreateEventW,
    .create_file = ::CreateFileW,
    .create_file_mapping = ::CreateFileMappingW,
    .create_job_object = ::CreateJobObjectW,
    .create_mutex = ::CreateMutexW,
    .create_named_pipe = ::CreateNamedPipeW,
    .create_process = ::CreateProcessW,
    .duplicate_handle = ::DuplicateHandle,
    .get_exit_code_process = ::GetExitCodeProcess,
    .get_file_attributes = ::GetFileAttributesW,
    .initialize_attribute_list = ::InitializeProcThreadAttributeList,
    .map_view_of_file = ::MapViewOfFile,
    .open_file_mapping = ::OpenFileMappingW,
    .open_process = ::OpenProcess,
    .peek_named_pipe = ::PeekNamedPipe,
    .read_file = ::ReadFile,
    .register_wait = ::RegisterWaitForSingleObject,
    .set_handle_information = ::SetHandleInformation,
    .set_information_job_object = ::SetInformationJobObject,
    .terminate_job_object = ::TerminateJobObject,
    .terminate_process = ::TerminateProcess,
    .update_attribute = ::UpdateProcThreadAttribute,
    .wait_for_multiple_objects = ::WaitForMultipleObjects,
    .wait_for_single_object = ::WaitForSingleObject,
    .write_file = ::WriteFile,
};

}  // namespace isoproc::port::win32
