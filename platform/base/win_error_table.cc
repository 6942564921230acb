#include "platform/base/win_error_table.h"

#include <cstdint>

#include "absl/status/status.h"

namespace isoproc::port {

absl::StatusCode StatusCodeOfWin32Error(uint32_t error) {
  using Code = absl::StatusCode;
  switch (error) {
    case 0:  // ERROR_SUCCESS
      return Code::kOk;

    case 2:    // ERROR_FILE_NOT_FOUND
    case 3:    // ERROR_PATH_NOT_FOUND
    case 15:   // ERROR_INVALID_DRIVE
    case 20:   // ERROR_BAD_UNIT
    case 53:   // ERROR_BAD_NETPATH
    case 55:   // ERROR_DEV_NOT_EXIST
    case 67:   // ERROR_BAD_NET_NAME
    case 126:  // ERROR_MOD_NOT_FOUND
    case 127:  // ERROR_PROC_NOT_FOUND
    case 267:  // ERROR_DIRECTORY
      return Code::kNotFound;

    case 5:     // ERROR_ACCESS_DENIED
    case 19:    // ERROR_WRITE_PROTECT
    case 32:    // ERROR_SHARING_VIOLATION
    case 33:    // ERROR_LOCK_VIOLATION
    case 65:    // ERROR_NETWORK_ACCESS_DENIED
    case 82:    // ERROR_CANNOT_MAKE
    case 225:   // ERROR_VIRUS_INFECTED
    case 740:   // ERROR_ELEVATION_REQUIRED
    case 1260:  // ERROR_ACCESS_DISABLED_BY_POLICY
    case 1314:  // ERROR_PRIVILEGE_NOT_HELD
    // A file that is no program for this machine. POSIX makes no difference between it and one that
    // lacks the permission, and nor does the contract.
    case 11:   // ERROR_BAD_FORMAT
    case 191:  // ERROR_INVALID_EXE_SIGNATURE
    case 192:  // ERROR_EXE_MARKED_INVALID
    case 193:  // ERROR_BAD_EXE_FORMAT
    case 216:  // ERROR_EXE_MACHINE_TYPE_MISMATCH
      return Code::kPermissionDenied;

    case 4:     // ERROR_TOO_MANY_OPEN_FILES
    case 8:     // ERROR_NOT_ENOUGH_MEMORY
    case 14:    // ERROR_OUTOFMEMORY
    case 39:    // ERROR_HANDLE_DISK_FULL
    case 89:    // ERROR_NO_PROC_SLOTS
    case 112:   // ERROR_DISK_FULL
    case 164:   // ERROR_MAX_THRDS_REACHED
    case 231:   // ERROR_PIPE_BUSY
    case 1450:  // ERROR_NO_SYSTEM_RESOURCES
    case 1451:  // ERROR_NONPAGED_SYSTEM_RESOURCES
    case 1452:  // ERROR_PAGED_SYSTEM_RESOURCES
    case 1453:  // ERROR_WORKING_SET_QUOTA
    case 1454:  // ERROR_PAGEFILE_QUOTA
    case 1455:  // ERROR_COMMITMENT_LIMIT
    case 1816:  // ERROR_NOT_ENOUGH_QUOTA
      return Code::kResourceExhausted;

    case 6:     // ERROR_INVALID_HANDLE
    case 87:    // ERROR_INVALID_PARAMETER
    case 123:   // ERROR_INVALID_NAME
    case 161:   // ERROR_BAD_PATHNAME
    case 206:   // ERROR_FILENAME_EXCED_RANGE
    case 487:   // ERROR_INVALID_ADDRESS
    case 1113:  // ERROR_NO_UNICODE_TRANSLATION
    case 1132:  // ERROR_MAPPED_ALIGNMENT
      return Code::kInvalidArgument;

    case 80:   // ERROR_FILE_EXISTS
    case 183:  // ERROR_ALREADY_EXISTS
      return Code::kAlreadyExists;

    case 38:  // ERROR_HANDLE_EOF
      return Code::kOutOfRange;

    case 109:  // ERROR_BROKEN_PIPE
    case 232:  // ERROR_NO_DATA
    case 233:  // ERROR_PIPE_NOT_CONNECTED
      return Code::kUnavailable;

    case 121:   // ERROR_SEM_TIMEOUT
    case 258:   // WAIT_TIMEOUT
    case 1460:  // ERROR_TIMEOUT
      return Code::kDeadlineExceeded;

    case 995:   // ERROR_OPERATION_ABORTED
    case 1223:  // ERROR_CANCELLED
      return Code::kCancelled;

    case 1:    // ERROR_INVALID_FUNCTION
    case 50:   // ERROR_NOT_SUPPORTED
    case 120:  // ERROR_CALL_NOT_IMPLEMENTED
      return Code::kUnimplemented;

    case 21:   // ERROR_NOT_READY
    case 145:  // ERROR_DIR_NOT_EMPTY
      return Code::kFailedPrecondition;

    default:
      return Code::kUnknown;
  }
}

}  // namespace isoproc::port
