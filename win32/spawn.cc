// Port::Spawn: CreateProcessW with an exact list of what the child inherits.
#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/native_error.h"
#include "platform/base/win_command_line.h"
#include "platform/port/process.h"
#include "win32/bootstrap.h"
#include "win32/errors.h"
#include "win32/job.h"
#include "win32/process.h"
#include "win32/request.h"
#include "win32/standard_streams.h"
#include "win32/stream.h"
#include "win32/syscalls.h"
#include "win32/text.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

// The command line with the token of `bootstrap` at its end, if there is one.
absl::StatusOr<std::wstring> FinishCommandLine(const SpawnRequest& request,
                                               std::string command_line, HANDLE bootstrap,
                                               const Job& job) {
  if (bootstrap != nullptr) {
    const std::string argument = request.bootstrap_prefix + BootstrapToken(bootstrap, job.name());
    AppendWindowsArgument(argument, command_line);
  }
  absl::StatusOr<std::wstring> wide = Widen(command_line);
  if (wide.ok() && wide->size() > kMaxWindowsCommandLine) {
    return absl::ResourceExhaustedError("the arguments are too long for Windows");
  }
  return wide;
}

class AttributeList {
 public:
  static constexpr DWORD kCount = 2;

  AttributeList() = default;
  AttributeList(const AttributeList&) = delete;
  AttributeList& operator=(const AttributeList&) = delete;
  ~AttributeList() {
    if (initialized_) ::DeleteProcThreadAttributeList(get());
  }

  // What `handles` and `job` point to must stay until CreateProcessW.
  absl::Status Set(absl::Span<HANDLE> handles, HANDLE& job) {
    SIZE_T size = 0;
    ::InitializeProcThreadAttributeList(nullptr, kCount, 0, &size);  // only tells the size
    buffer_.resize(size);
    if (!sys.initialize_attribute_list(get(), kCount, 0, &size)) {
      const DWORD error = ::GetLastError();
      return Win32Error(error, "InitializeProcThreadAttributeList");
    }
    initialized_ = true;
    if (!sys.update_attribute(get(), 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, handles.data(),
                              handles.size() * sizeof(HANDLE), nullptr, nullptr) ||
        !sys.update_attribute(get(), 0, PROC_THREAD_ATTRIBUTE_JOB_LIST, &job, sizeof(job), nullptr,
                              nullptr)) {
      const DWORD error = ::GetLastError();
      return Win32Error(error, "UpdateProcThreadAttribute");
    }
    return absl::OkStatus();
  }

  LPPROC_THREAD_ATTRIBUTE_LIST get() {
    return reinterpret_cast<LPPROC_THREAD_ATTRIBUTE_LIST>(buffer_.data());
  }

 private:
  std::vector<std::byte> buffer_;
  bool initialized_ = false;
};

DWORD FlagsFor(const SpawnRequest& request, const StandardStreams& streams) {
  DWORD flags = EXTENDED_STARTUPINFO_PRESENT | CREATE_UNICODE_ENVIRONMENT;
  if (request.detached) flags |= CREATE_BREAKAWAY_FROM_JOB;
  if (request.detached || !streams.inherits_console_input) flags |= CREATE_NEW_PROCESS_GROUP;
  // A child that is to outlive the caller leaves its console, since closing a console ends all that
  // are attached to it. And where the caller has none, Windows would open a window for the child.
  const bool has_console = ::GetConsoleCP() != 0;
  if (!has_console || (request.detached && !streams.uses_console)) flags |= DETACHED_PROCESS;
  return flags;
}

// CreateProcessW inherits handles only if they are marked, and everybody who calls it with less
// care meanwhile inherits them too; so they are marked for as short as possible, and never by two
// threads at once, of which each would see the handles of the other.
std::mutex& SpawnLock() {
  static std::mutex& lock = *new std::mutex;
  return lock;
}

// The handles that a child inherits.
struct Inherited {
  std::array<UniqueHandle, 3> streams;
  UniqueHandle bootstrap;
};

absl::StatusOr<Inherited> MakeInherited(const StandardStreams& streams, HANDLE bootstrap) {
  Inherited inherited;
  for (size_t i = 0; i < streams.handles.size(); ++i) {
    absl::StatusOr<UniqueHandle> handle = Duplicate(streams.handles[i].get(), Inheritable::kYes);
    if (!handle.ok()) return handle.status();
    inherited.streams[i] = *std::move(handle);
  }
  if (bootstrap != nullptr) {
    absl::StatusOr<UniqueHandle> handle = Duplicate(bootstrap, Inheritable::kYes);
    if (!handle.ok()) return handle.status();
    inherited.bootstrap = *std::move(handle);
  }
  return inherited;
}

// What the failure of CreateProcessW says of the program.
absl::Status CreateError(DWORD error, const Texts& texts, const SpawnRequest& request) {
  const DWORD attributes = ::GetFileAttributesW(texts.program.c_str());
  const bool is_directory =
      attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
  // Windows says "access denied" of a directory, Wine something else.
  const absl::Status status =
      is_directory ? Win32ErrorAs(absl::StatusCode::kPermissionDenied, error, "CreateProcess")
                   : Win32Error(error, "CreateProcess");
  return Annotate(status, request.program);
}

absl::StatusOr<PROCESS_INFORMATION> CreateLocked(const SpawnRequest& request, const Texts& texts,
                                                 const StandardStreams& streams, const Job& job) {
  const std::lock_guard<std::mutex> lock(SpawnLock());
  HANDLE const bootstrap =
      request.bootstrap == nullptr ? nullptr : static_cast<Win32Stream&>(*request.bootstrap).pipe();
  const absl::StatusOr<Inherited> inherited = MakeInherited(streams, bootstrap);
  if (!inherited.ok()) return inherited.status();
  absl::StatusOr<std::wstring> command_line =
      FinishCommandLine(request, texts.command_line, inherited->bootstrap.get(), job);
  if (!command_line.ok()) return command_line.status();

  std::vector<HANDLE> handles;
  for (const UniqueHandle& stream : inherited->streams) handles.push_back(stream.get());
  if (inherited->bootstrap) handles.push_back(inherited->bootstrap.get());
  HANDLE raw_job = job.get();
  AttributeList attributes;
  // The child is a member of its job from the start: if this process is killed now, so is the
  // child.
  if (absl::Status status = attributes.Set(absl::MakeSpan(handles), raw_job); !status.ok()) {
    return status;
  }

  STARTUPINFOEXW startup = {};
  startup.StartupInfo.cb = sizeof(startup);
  startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
  startup.StartupInfo.hStdInput = handles[0];
  startup.StartupInfo.hStdOutput = handles[1];
  startup.StartupInfo.hStdError = handles[2];
  startup.lpAttributeList = attributes.get();
  // Not written to, but not const in the signature.
  std::u16string environment = texts.environment.value_or(std::u16string());
  const auto create = [&](DWORD flags, PROCESS_INFORMATION& created) {
    const BOOL ok = sys.create_process(
        texts.program.c_str(), command_line->data(), nullptr, nullptr, /*bInheritHandles=*/TRUE,
        flags, texts.environment.has_value() ? environment.data() : nullptr,
        texts.working_directory.has_value() ? texts.working_directory->c_str() : nullptr,
        &startup.StartupInfo, &created);
    return ok ? ERROR_SUCCESS : ::GetLastError();
  };
  const DWORD flags = FlagsFor(request, streams);
  PROCESS_INFORMATION created = {};
  DWORD error = create(flags, created);
  // The job in which this process was started, by somebody else, may not let anybody go.
  if (error == ERROR_ACCESS_DENIED && (flags & CREATE_BREAKAWAY_FROM_JOB) != 0) {
    error = create(flags & ~static_cast<DWORD>(CREATE_BREAKAWAY_FROM_JOB), created);
  }
  // Of a process that ended before anything of the program could run: seen under Wine on a busy
  // machine, once in thousands of starts.
  for (int tries = 0; error == ERROR_INTERNAL_ERROR && tries < 3; ++tries) {
    error = create(flags, created);
  }
  if (error != ERROR_SUCCESS) return CreateError(error, texts, request);
  return created;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> Spawn(const SpawnRequest& request) {
  const absl::StatusOr<Texts> texts = TextsFor(request);
  if (!texts.ok()) return texts.status();
  const absl::StatusOr<StandardStreams> streams = OpenStandardStreams(request.standard_streams);
  if (!streams.ok()) return streams.status();
  absl::StatusOr<Job> job = Job::Create(/*dies_with_us=*/!request.detached);
  if (!job.ok()) return job.status();
  const absl::StatusOr<PROCESS_INFORMATION> created = CreateLocked(request, *texts, *streams, *job);
  if (!created.ok()) return created.status();
  // Nothing can fail any more: the child exists, and is already a member of its job.
  const UniqueHandle thread(created->hThread);
  return MakeChild(created->dwProcessId, UniqueHandle(created->hProcess), *std::move(job));
}

}  // namespace isoproc::port::win32
