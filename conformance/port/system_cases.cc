// The system, as the port tells of it.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/port_child.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/support.h"
#include "conformance/harness/temp_dir.h"
#include "conformance/port/support.h"
#include "platform/port/peak_memory.h"
#include "platform/port/port.h"

namespace isoproc::conformance {
namespace {

ISOPROC_CASE(System, SYS_01, TimeMovesOnAndNeverBack) {
  const absl::Duration start = TestPort().Now();
  absl::Duration last = start;
  for (int i = 0; i < 10000; ++i) {
    const absl::Duration now = TestPort().Now();
    ASSERT_GE(now, last);
    last = now;
  }
  EXPECT_TRUE(Eventually([&] { return TestPort().Now() - start >= absl::Milliseconds(1); }));
}

ISOPROC_PORT_CHILD(TellsTheTime) {
  return WriteValue(context.stream, absl::ToInt64Nanoseconds(context.port.Now())).ok() ? 0 : 4;
}

ISOPROC_CASE_WITH(System, SYS_01_2, TimeIsTheSameInAllProcesses, "processes") {
  const absl::Duration before = TestPort().Now();
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "TellsTheTime"));
  ASSERT_OK_AND_ASSIGN(const int64_t theirs, ReadValue<int64_t>(*child.stream));
  // A system may round to its ticks.
  EXPECT_GE(absl::Nanoseconds(theirs), before - absl::Milliseconds(1));
  EXPECT_LE(absl::Nanoseconds(theirs), TestPort().Now() + absl::Milliseconds(1));
}

ISOPROC_CASE(System, SYS_02, RandomBytesFillEverything) {
  constexpr size_t kSize = 33;
  std::vector<std::set<std::byte>> seen(kSize);
  std::set<std::vector<std::byte>> draws;
  for (int i = 0; i < 64; ++i) {
    std::vector<std::byte> bytes(kSize);
    TestPort().RandomBytes(absl::MakeSpan(bytes));
    draws.insert(bytes);
    for (size_t place = 0; place < kSize; ++place) seen[place].insert(bytes[place]);
  }
  EXPECT_EQ(draws.size(), 64u);
  // A place that is never filled, or always alike, is not random. By chance: once in 2^504.
  for (const auto& values : seen) EXPECT_GT(values.size(), 1u);
  TestPort().RandomBytes({});
}

ISOPROC_CASE(System, SYS_03, ThreadRunsItsBody) {
  // Shared, since nobody joins the thread: it may outlive the case by an instruction.
  auto ran = std::make_shared<std::atomic<bool>>(false);
  ASSERT_OK(TestPort().StartThread([ran] { *ran = true; }));
  EXPECT_TRUE(Eventually([&] { return ran->load(); }));
}

ISOPROC_CASE(System, SYS_04, FilesAreToldApart) {
  ASSERT_OK_AND_ASSIGN(const std::string program, TestPort().ProgramPath(GetEnvironment().program));
  ASSERT_OK_AND_ASSIGN(const std::string first, TestPort().FileIdentity(program));
  ASSERT_OK_AND_ASSIGN(const std::string again, TestPort().FileIdentity(program));
  EXPECT_EQ(first, again);
  const TempDir dir;
  std::ofstream(dir.path() / "one") << "one";
  ASSERT_OK_AND_ASSIGN(const std::string one, TestPort().FileIdentity(dir.File("one")));
  EXPECT_NE(one, first);
  EXPECT_CODE(TestPort().FileIdentity(dir.File("none")), kNotFound);

  // The same name for another file.
  std::ofstream(dir.path() / "two") << "two!";
  std::filesystem::remove(dir.path() / "one");
  std::filesystem::rename(dir.path() / "two", dir.path() / "one");
  ASSERT_OK_AND_ASSIGN(const std::string two, TestPort().FileIdentity(dir.File("one")));
  EXPECT_NE(one, two);
}

ISOPROC_PORT_CHILD(TellsItsProcessId) {
  return WriteValue(context.stream, context.port.ProcessId()).ok() ? 0 : 4;
}

ISOPROC_CASE_WITH(System, SYS_05, ProcessIdIsTheOneThatTheParentSees, "processes") {
  EXPECT_EQ(TestPort().ProcessId(), TestPort().ProcessId());
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "TellsItsProcessId"));
  ASSERT_OK_AND_ASSIGN(const int64_t theirs, ReadValue<int64_t>(*child.stream));
  EXPECT_EQ(theirs, child.process->pid());
  EXPECT_NE(theirs, TestPort().ProcessId());
}

ISOPROC_PORT_CHILD(TellsItsPeakMemory) {
  constexpr size_t kSize = size_t{64} << 20;
  const absl::StatusOr<uint64_t> before = port::PeakMemory();
  {
    // Of values that no system could leave out.
    std::vector<uint32_t> used(kSize / sizeof(uint32_t));
    std::iota(used.begin(), used.end(), 1U);
    if (used.back() == 0) return 5;
  }
  const absl::StatusOr<uint64_t> after = port::PeakMemory();
  if (!before.ok() || !after.ok()) return 6;
  if (!WriteValue(context.stream, *before).ok()) return 4;
  return WriteValue(context.stream, *after).ok() ? 0 : 4;
}

// In a process of its own, where nobody else has used memory and let it go.
ISOPROC_CASE_WITH(System, SYS_06, PeakOfMemoryIsTold, "processes") {
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "TellsItsPeakMemory"));
  ASSERT_OK_AND_ASSIGN(const auto before, ReadValue<uint64_t>(*child.stream));
  ASSERT_OK_AND_ASSIGN(const auto after, ReadValue<uint64_t>(*child.stream));
  EXPECT_GT(before, uint64_t{100} << 10);
  EXPECT_LT(before, uint64_t{1} << 30) << "it is new";
  EXPECT_GE(after, before);
  EXPECT_GE(after, uint64_t{64} << 20);
}

ISOPROC_CASE(System, MISC_02, ProcessorsAreCounted) {
  EXPECT_GE(TestPort().UsableCpuCount(), 1);
  EXPECT_LE(TestPort().UsableCpuCount(), TestPort().CpuCount());
  EXPECT_EQ(TestPort().CpuCount(), TestPort().CpuCount());
}

ISOPROC_CASE(Port, PORT_02, ExhaustionHasOneCode) {
  const absl::Status status = TestPort().CreateSegment(uint64_t{1} << 62).status();
  EXPECT_CODE(status, kResourceExhausted);
  Observe("segment of 2^62 bytes", status);
}

// Also held by each case that is not supported: it asks for what it lacks, and must be refused so.
ISOPROC_CASE(Port, PORT_03, WhatIsNotDeclaredIsRefused) {
  for (const auto& [name, declared] : NamedCapabilities(TestPort().capabilities())) {
    if (declared) continue;
    const Clause clause = Optional("PORT-03", name, "");
    const Support support = SupportOf(clause, "", TestPort());
    EXPECT_FALSE(support.supported);
    EXPECT_EQ(support.problem, "") << name;
  }
}

}  // namespace
}  // namespace isoproc::conformance
