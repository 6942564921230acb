#include "win32/standard_streams.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/native_error.h"
#include "platform/port/process.h"
#include "win32/errors.h"
#include "win32/syscalls.h"
#include "win32/text.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

constexpr std::array<DWORD, 3> kStandardHandles = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE,
                                                   STD_ERROR_HANDLE};

// Others may open, rename and delete the file meanwhile, as anywhere else.
constexpr DWORD kShareAll = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

// Append only: without the right to write data, all writes go to the end ("File Security and Access
// Rights").
constexpr DWORD kAppend = FILE_GENERIC_WRITE & ~static_cast<DWORD>(FILE_WRITE_DATA);

absl::StatusOr<UniqueHandle> Open(const std::wstring& path, DWORD access, DWORD disposition) {
  UniqueHandle file(sys.create_file(path.c_str(), access, kShareAll, nullptr, disposition,
                                    FILE_ATTRIBUTE_NORMAL, nullptr));
  if (file) return file;
  const DWORD error = ::GetLastError();
  return Win32Error(error, "CreateFile");
}

absl::StatusOr<UniqueHandle> OpenNull() {
  return Open(L"NUL", GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING);
}

absl::StatusOr<UniqueHandle> OpenFile(const std::string& path, DWORD access, DWORD disposition) {
  const absl::StatusOr<std::wstring> wide = WidenPath(path);
  if (!wide.ok()) return wide.status();
  absl::StatusOr<UniqueHandle> file = Open(*wide, access, disposition);
  if (!file.ok()) return Annotate(file.status(), path);
  return file;
}

// The caller's own stream. A program may have closed it, with or without telling Windows.
absl::StatusOr<UniqueHandle> Inherit(size_t index) {
  const HANDLE own = ::GetStdHandle(kStandardHandles[index]);
  if (own == nullptr || own == INVALID_HANDLE_VALUE) return OpenNull();
  absl::StatusOr<UniqueHandle> duplicate = Duplicate(own, Inheritable::kNo);
  if (absl::IsInvalidArgument(duplicate.status())) return OpenNull();
  return duplicate;
}

// Negative numbers are not handles but names for the calling process, thread and the like.
absl::StatusOr<UniqueHandle> DuplicateOf(int64_t native) {
  absl::StatusOr<UniqueHandle> duplicate = Win32Error(ERROR_INVALID_HANDLE, "DuplicateHandle");
  if (native >= 0) duplicate = Duplicate(NativeOf(native), Inheritable::kNo);
  if (!absl::IsInvalidArgument(duplicate.status())) return duplicate;
  return Annotate(duplicate.status(), std::to_string(native) + " is not an open handle");
}

absl::StatusOr<UniqueHandle> OpenStream(const StandardStream& stream, size_t index) {
  switch (stream.kind) {
    case StandardStream::Kind::kNull:
      return OpenNull();
    case StandardStream::Kind::kInherit:
      return Inherit(index);
    case StandardStream::Kind::kReadFile:
      return OpenFile(stream.path, GENERIC_READ, OPEN_EXISTING);
    case StandardStream::Kind::kWriteFile:
      return OpenFile(stream.path, GENERIC_WRITE, CREATE_ALWAYS);
    case StandardStream::Kind::kAppendFile:
      return OpenFile(stream.path, kAppend, OPEN_ALWAYS);
    case StandardStream::Kind::kHandle:
      return DuplicateOf(stream.native);
  }
  return absl::InvalidArgumentError("no such kind of standard stream");
}

bool IsConsole(HANDLE handle) {
  DWORD mode = 0;
  return ::GetConsoleMode(handle, &mode);
}

}  // namespace

absl::StatusOr<StandardStreams> OpenStandardStreams(const std::array<StandardStream, 3>& streams) {
  StandardStreams opened;
  for (size_t i = 0; i < streams.size(); ++i) {
    absl::StatusOr<UniqueHandle> handle = OpenStream(streams[i], i);
    if (!handle.ok()) return handle.status();
    opened.handles[i] = *std::move(handle);
    const bool is_console = IsConsole(opened.handles[i].get());
    opened.uses_console |= is_console;
    if (i == 0) {
      opened.inherits_console_input =
          is_console && streams[i].kind == StandardStream::Kind::kInherit;
    }
  }
  return opened;
}

}  // namespace isoproc::port::win32
