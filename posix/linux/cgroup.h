// Limits that a container sets, by control groups of either version.
#ifndef ISOPROC_POSIX_LINUX_CGROUP_H_
#define ISOPROC_POSIX_LINUX_CGROUP_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace isoproc::port::posix::os {

// How many processors' worth of time this process may use; nullopt: there is no quota.
std::optional<double> CpuQuota();

// How much memory this process may use; nullopt: no limit.
std::optional<uint64_t> MemoryLimit();

// The same, of any file tree: `read` gives the text of a file, or nothing.
using FileReader = std::function<std::optional<std::string>(const std::string& path)>;
std::optional<double> CpuQuotaFrom(const FileReader& read);
std::optional<uint64_t> MemoryLimitFrom(const FileReader& read);

}  // namespace isoproc::port::posix::os

#endif  // ISOPROC_POSIX_LINUX_CGROUP_H_
