#include "posix/linux/cgroup.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "posix/linux/stat.h"

namespace isoproc::port::posix::os {
namespace {

// Where the group of this process is to be found.
struct Hierarchy {
  std::string mount;  // the directory of the topmost group that can be seen
  std::string path;   // from there to the group of this process
};

bool Lists(absl::string_view comma_separated, absl::string_view item) {
  for (absl::string_view entry : absl::StrSplit(comma_separated, ',')) {
    if (entry == item) return true;
  }
  return false;
}

// The group according to /proc/self/cgroup; an empty `controller` means version 2.
std::optional<std::string> GroupOf(const std::string& text, absl::string_view controller) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<std::string> fields = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (fields.size() != 3) continue;
    if (controller.empty() ? fields[0] == "0" && fields[1].empty() : Lists(fields[1], controller)) {
      return fields[2];
    }
  }
  return std::nullopt;
}

// The mount according to /proc/self/mountinfo: {mount point, root of what is mounted there}.
struct Mount {
  std::string point;
  std::string root;
};
std::optional<Mount> MountOf(const std::string& text, absl::string_view controller) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<absl::string_view> halves = absl::StrSplit(line, absl::MaxSplits(" - ", 1));
    if (halves.size() != 2) continue;
    const std::vector<std::string> left = absl::StrSplit(halves[0], ' ');
    const std::vector<std::string> right = absl::StrSplit(halves[1], ' ');
    if (left.size() < 5 || right.size() < 3) continue;
    const bool found = controller.empty() ? right[0] == "cgroup2"
                                          : right[0] == "cgroup" && Lists(right[2], controller);
    if (found) return Mount{.point = left[4], .root = left[3]};
  }
  return std::nullopt;
}

std::optional<Hierarchy> Find(const FileReader& read, absl::string_view controller) {
  const std::optional<std::string> groups = read("/proc/self/cgroup");
  const std::optional<std::string> mounts = read("/proc/self/mountinfo");
  if (!groups.has_value() || !mounts.has_value()) return std::nullopt;
  std::optional<std::string> group = GroupOf(*groups, controller);
  const std::optional<Mount> mount = MountOf(*mounts, controller);
  if (!group.has_value() || !mount.has_value()) return std::nullopt;
  absl::string_view path = *group;
  // In a container the mount shows a part of the tree only.
  if (mount->root != "/") absl::ConsumePrefix(&path, mount->root);
  return Hierarchy{.mount = mount->point, .path = std::string(path)};
}

// Calls `visit` with the directory of the group and of each group around it: all their limits hold.
void ForEachGroup(const Hierarchy& hierarchy,
                  const std::function<void(const std::string& directory)>& visit) {
  std::string path = hierarchy.path;
  while (!path.empty() && path != "/") {
    visit(hierarchy.mount + path);
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
  visit(hierarchy.mount);
}

template <typename T>
void KeepSmaller(std::optional<T>* smallest, T value) {
  if (!smallest->has_value() || value < **smallest) *smallest = value;
}

std::optional<int64_t> Number(const std::optional<std::string>& text) {
  int64_t value;
  if (!text.has_value() || !absl::SimpleAtoi(*text, &value)) return std::nullopt;
  return value;
}

void KeepQuota(std::optional<double>* smallest, std::optional<int64_t> quota,
               std::optional<int64_t> period) {
  if (!quota.has_value() || !period.has_value() || *quota <= 0 || *period <= 0) return;
  KeepSmaller(smallest, static_cast<double>(*quota) / static_cast<double>(*period));
}

std::optional<std::string> ReadHostFile(const std::string& path) {
  absl::StatusOr<std::string> text = ReadSmallFile(path.c_str());
  if (!text.ok()) return std::nullopt;
  return *std::move(text);
}

}  // namespace

std::optional<double> CpuQuotaFrom(const FileReader& read) {
  std::optional<double> smallest;
  if (const std::optional<Hierarchy> v2 = Find(read, "")) {
    ForEachGroup(*v2, [&](const std::string& directory) {
      const std::optional<std::string> text = read(directory + "/cpu.max");
      if (!text.has_value()) return;
      // "max 100000" or "150000 100000"
      const std::vector<std::string> words = absl::StrSplit(*text, ' ');
      if (words.size() == 2) KeepQuota(&smallest, Number(words[0]), Number(words[1]));
    });
  }
  if (const std::optional<Hierarchy> v1 = Find(read, "cpu")) {
    ForEachGroup(*v1, [&](const std::string& directory) {
      KeepQuota(&smallest, Number(read(directory + "/cpu.cfs_quota_us")),
                Number(read(directory + "/cpu.cfs_period_us")));
    });
  }
  return smallest;
}

std::optional<uint64_t> MemoryLimitFrom(const FileReader& read) {
  std::optional<uint64_t> smallest;
  const auto keep = [&](const std::optional<std::string>& text) {
    const std::optional<int64_t> bytes = Number(text);  // "max" is no number
    if (bytes.has_value() && *bytes >= 0) KeepSmaller(&smallest, static_cast<uint64_t>(*bytes));
  };
  if (const std::optional<Hierarchy> v2 = Find(read, "")) {
    ForEachGroup(*v2, [&](const std::string& directory) { keep(read(directory + "/memory.max")); });
  }
  if (const std::optional<Hierarchy> v1 = Find(read, "memory")) {
    ForEachGroup(*v1, [&](const std::string& directory) {
      keep(read(directory + "/memory.limit_in_bytes"));
    });
  }
  return smallest;
}

std::optional<double> CpuQuota() { return CpuQuotaFrom(ReadHostFile); }
std::optional<uint64_t> MemoryLimit() { return MemoryLimitFrom(ReadHostFile); }

}  // namespace isoproc::port::posix::os
