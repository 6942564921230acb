#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/port/capabilities.h"
#include "posix/linux/cgroup.h"
#include "posix/linux/stat.h"
#include "posix/os.h"

namespace isoproc::port::posix::os {
namespace {

int64_t Nanoseconds(const timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

int AffinityCount(int otherwise) {
  // The set of the kernel may be larger than that of the C library.
  for (int bits = CPU_SETSIZE; bits <= (1 << 20); bits *= 4) {
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> set(CPU_ALLOC(static_cast<size_t>(bits)),
                                                               [](cpu_set_t* s) { CPU_FREE(s); });
    const size_t size = CPU_ALLOC_SIZE(static_cast<size_t>(bits));
    if (set == nullptr) return otherwise;
    CPU_ZERO_S(size, set.get());
    if (::sched_getaffinity(0, size, set.get()) == 0) return CPU_COUNT_S(size, set.get());
  }
  return otherwise;
}

}  // namespace

Capabilities DeclaredCapabilities() {
  return {.profile = "linux",
          .processes = true,
          .fork_server = true,
          .fork = true,
          .pinned_image = true,
          .replaceable_image = true,
          .kernel_identity = true,
          .foreign_fork = true};
}

int UsableCpus(int online) {
  const int affinity = AffinityCount(online);
  const std::optional<double> quota = CpuQuota();
  if (!quota.has_value() || *quota >= affinity) return affinity;
  const int whole = static_cast<int>(*quota);
  return whole < *quota ? whole + 1 : whole;
}

FileTimes TimesOf(const struct stat& file) {
  return {.written = Nanoseconds(file.st_mtim), .changed = Nanoseconds(file.st_ctim)};
}

absl::StatusOr<std::string> ProgramPath(std::string_view) {
  // A link to the image itself: it leads there even if the file was replaced or removed meanwhile.
  return std::string("/proc/self/exe");
}

void RestoreProcessName() {
  // It was named "exe", after ProgramPath().
  (void)::prctl(PR_SET_NAME, program_invocation_short_name, 0, 0, 0);
}

absl::StatusOr<int> ThreadCount() {
  const absl::StatusOr<std::string> text = ReadSmallFile("/proc/self/stat");
  if (!text.ok()) return text.status();
  const std::optional<ProcessStat> stat = ParseStat(*text);
  if (!stat.has_value()) return absl::InternalError("/proc says something strange: " + *text);
  return static_cast<int>(stat->threads);
}

void ThreadPlacement::Narrow() {
  cpu_set_t here;
  const int processor = ::sched_getcpu();
  static_assert(sizeof(here) <= sizeof(allowed_));
  if (processor < 0 || processor >= CPU_SETSIZE) return;
  if (::sched_getaffinity(0, sizeof(allowed_), reinterpret_cast<cpu_set_t*>(allowed_.data())) != 0)
    return;
  CPU_ZERO(&here);
  CPU_SET(static_cast<size_t>(processor), &here);
  narrowed_ = ::sched_setaffinity(0, sizeof(here), &here) == 0;
}

void ThreadPlacement::Restore() const {
  if (!narrowed_) return;
  (void)::sched_setaffinity(0, sizeof(allowed_),
                            reinterpret_cast<const cpu_set_t*>(allowed_.data()));
}

}  // namespace isoproc::port::posix::os
