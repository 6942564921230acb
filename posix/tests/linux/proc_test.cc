// What is read out of /proc and of control groups, on texts of other machines.
#include <map>
#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "posix/linux/cgroup.h"
#include "posix/linux/stat.h"

namespace isoproc::port::posix::os {
namespace {

using ::testing::Optional;

TEST(StatTest, NamesWithParenthesesAndSpaces) {
  const std::optional<ProcessStat> stat =
      ParseStat("17 (a) R ) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 42 18 987654321 20 21\n");
  ASSERT_TRUE(stat.has_value());
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->threads, 42);
  EXPECT_EQ(stat->start_time, 987654321U);
}

TEST(StatTest, NonsenseIsRefused) {
  for (const char* text : {"", "17", "17 (a)", "17 (a) ", "17 (a) S 1 2 3",
                           "17 (a) SS 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 42 18 9 20"}) {
    EXPECT_FALSE(ParseStat(text).has_value()) << text;
  }
}

FileReader Files(std::map<std::string, std::string> files) {
  return [files = std::move(files)](const std::string& path) -> std::optional<std::string> {
    const auto found = files.find(path);
    if (found == files.end()) return std::nullopt;
    return found->second;
  };
}

TEST(CgroupTest, Version2TakesTheSmallestOnTheWayUp) {
  const FileReader files = Files({
      {"/proc/self/cgroup", "0::/user.slice/app\n"},
      {"/proc/self/mountinfo",
       "22 1 0:20 / /proc rw - proc proc rw\n"
       "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n"},
      {"/sys/fs/cgroup/user.slice/app/cpu.max", "max 100000\n"},
      {"/sys/fs/cgroup/user.slice/cpu.max", "150000 100000\n"},
      {"/sys/fs/cgroup/user.slice/app/memory.max", "1048576\n"},
      {"/sys/fs/cgroup/user.slice/memory.max", "max\n"},
  });
  EXPECT_THAT(CpuQuotaFrom(files), Optional(1.5));
  EXPECT_THAT(MemoryLimitFrom(files), Optional(1048576U));
}

TEST(CgroupTest, Version1InAContainer) {
  const FileReader files = Files({
      {"/proc/self/cgroup", "5:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n0::/\n"},
      {"/proc/self/mountinfo",
       "40 30 0:30 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n"
       "41 30 0:31 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"},
      {"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "50000\n"},
      {"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"},
      {"/sys/fs/cgroup/memory/memory.limit_in_bytes", "4096\n"},
  });
  EXPECT_THAT(CpuQuotaFrom(files), Optional(0.5));
  EXPECT_THAT(MemoryLimitFrom(files), Optional(4096U));
}

TEST(CgroupTest, NoLimits) {
  EXPECT_EQ(CpuQuotaFrom(Files({})), std::nullopt);
  const FileReader files = Files({
      {"/proc/self/cgroup", "3:cpu:/\n0::/\n"},
      {"/proc/self/mountinfo", "40 30 0:30 / /cpu ro - cgroup cgroup rw,cpu\nbroken line\n"},
      {"/cpu/cpu.cfs_quota_us", "-1\n"},
      {"/cpu/cpu.cfs_period_us", "100000\n"},
  });
  EXPECT_EQ(CpuQuotaFrom(files), std::nullopt);
  EXPECT_EQ(MemoryLimitFrom(files), std::nullopt);
}

}  // namespace
}  // namespace isoproc::port::posix::os
