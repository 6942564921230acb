// SharedMemory.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "conformance/api/memory_support.h"
#include "conformance/api/process_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "isoproc/array.h"
#include "isoproc/process.h"
#include "isoproc/process_info.h"
#include "isoproc/process_options.h"
#include "isoproc/shared_memory.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {
namespace {

// Not a multiple of anything.
constexpr size_t kSize = 10007;

int AddUp(const SharedMemory& memory, const std::vector<SharedMemory>& more) {
  int sum = 0;
  for (const std::byte byte : memory.bytes()) sum += std::to_integer<int>(byte);
  for (const SharedMemory& one : more) {
    if (one) one.bytes()[0] = std::byte{7};
  }
  memory.bytes()[kSize - 1] = std::byte{5};
  return sum;
}
int HandOn(const SharedMemory& memory, const std::vector<SharedMemory>& more) {
  absl::StatusOr<Process> child = Process::Start<AddUp>(Killable(), memory, more);
  return child.ok() ? Await(*child).value().code() : 200;
}

ISOPROC_CASE(SharedMemory, SHM_01, TravelsAndIsHandedOn) {
  ASSERT_OK_AND_ASSIGN(const auto memory, SharedMemory::Create(kSize));
  ASSERT_OK_AND_ASSIGN(const auto other, SharedMemory::Create(1));
  EXPECT_EQ(memory.name(), "");
  EXPECT_TRUE(std::all_of(memory.view().begin(), memory.view().end(),
                          [](std::byte b) { return b == std::byte{0}; }));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(memory.bytes().data()) % 4096, 0U);
  memory.bytes()[3] = std::byte{40};
  const std::vector<SharedMemory> more = {other, SharedMemory()};
  EXPECT_EQ(EndOf(Process::Start<AddUp>(Killable(), memory, more)), "exited 40");
  EXPECT_EQ(memory.view()[kSize - 1], std::byte{5});
  EXPECT_EQ(other.view()[0], std::byte{7});
  EXPECT_EQ(EndOf(Process::Start<HandOn>(Killable(), memory, more)), "exited 45");
}

int SetFirst(const SharedMemory& memory) {
  memory.bytes()[0] ^= std::byte{1};
  return 0;
}
// In a child, since a process with a watchdog cannot be copied.
int SendByEveryMethod(const SharedMemory& named) {
  const absl::StatusOr<SharedMemory> memory = SharedMemory::Create(1);
  if (!memory.ok()) return 100;
  for (const StartMethod method : StartMethods()) {
    ProcessOptions options = Killable();
    options.start_method = method;
    for (const SharedMemory& each : {*memory, named}) {
      const std::byte before = each.view()[0];
      if (EndOf(Process::Start<SetFirst>(options, each)) != "exited 0") return 101;
      if (each.view()[0] == before) return 102;
    }
  }
  return 0;
}
ISOPROC_CASE(SharedMemory, SHM_01_2, EveryStartMethodBringsIt) {
  ASSERT_OK_AND_ASSIGN(const auto named, SharedMemory::CreateNamed(NameFor("methods"), 1));
  EXPECT_EQ(EndOf(Process::Start<SendByEveryMethod>(Killable(), named)), "exited 0");
  EXPECT_OK(SharedMemory::Open(named.name()));
}

ISOPROC_CASE(SharedMemory, SHM_03, NameIsGivenOnce) {
  const std::string name = NameFor("once");
  ASSERT_OK_AND_ASSIGN(const auto memory, SharedMemory::CreateNamed(name, kSize));
  EXPECT_EQ(memory.name(), name);
  const absl::Status again = SharedMemory::CreateNamed(name, kSize).status();
  EXPECT_CODE(again, kAlreadyExists);
  Observe("again", again);
  EXPECT_EQ(EndOf(Process::Start(
                Killable(),
                [](std::string taken) {
                  return absl::IsAlreadyExists(SharedMemory::CreateNamed(taken, 1).status()) ? 0
                                                                                             : 1;
                },
                name)),
            "exited 0");
}

ISOPROC_CASE(SharedMemory, SHM_04, MissingNameIsNotFound) {
  const absl::Status missing = SharedMemory::Open(NameFor("missing")).status();
  EXPECT_CODE(missing, kNotFound);
  EXPECT_THAT(std::string(missing.message()), testing::HasSubstr(NameFor("missing")));
  Observe("missing", missing);
}

ISOPROC_CASE(SharedMemory, SHM_05, ImpossibleSizes) {
  const std::string name = NameFor("sizes");
  for (const uint64_t size : {uint64_t{1} << 62, uint64_t{1} << 63, UINT64_MAX}) {
    EXPECT_CODE(SharedMemory::Create(size), kResourceExhausted);
    EXPECT_CODE(SharedMemory::CreateNamed(name, size), kResourceExhausted);
  }
  EXPECT_CODE(SharedMemory::Create(0), kInvalidArgument);
  EXPECT_CODE(SharedMemory::CreateNamed(name, 0), kInvalidArgument);
  EXPECT_CODE(SharedMemory::Open(name), kNotFound);
}

int SizeByName(const std::string& name) {
  const absl::StatusOr<SharedMemory> memory = SharedMemory::Open(name);
  return memory.ok() && memory->size() == memory->bytes().size()
             ? static_cast<int>(memory->size() % 256)
             : 255;
}
int SizeOf(const SharedMemory& memory) { return static_cast<int>(memory.size() % 256); }
ISOPROC_CASE(SharedMemory, SHM_07, SizeIsExactForAll) {
  for (const uint64_t size : {1, 10, 4095, 4096, 4097}) {
    ASSERT_OK_AND_ASSIGN(const auto memory, SharedMemory::CreateNamed(NameFor("exact"), size));
    EXPECT_EQ(memory.size(), size);
    ASSERT_OK_AND_ASSIGN(const auto again, SharedMemory::Open(memory.name()));
    EXPECT_EQ(again.size(), size);
    if (size == 4095) continue;  // two processes each are enough
    const std::string expected = "exited " + std::to_string(size % 256);
    EXPECT_EQ(EndOf(Process::Start<SizeByName>(Killable(), memory.name())), expected);
    EXPECT_EQ(EndOf(Process::Start<SizeOf>(Killable(), memory)), expected);
  }
}

// What all three say of a name that is none.
void ExpectNoName(const std::string& name) {
  const absl::Status refused = SharedMemory::CreateNamed(name, 1).status();
  EXPECT_CODE(refused, kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()), testing::HasSubstr("1 to 30 characters"));
  EXPECT_EQ(SharedMemory::Open(name).status(), refused);
  EXPECT_EQ(SharedMemory::Unlink(name), refused);
}
ISOPROC_CASE(SharedMemory, SHM_08, NamesFollowOneRule) {
  for (const char* const name : {"", "/a", "a/b", "a\\b", "a b", "a:b", "a\n", "Local\\a", "ä",
                                 "1234567890123456789012345678901"}) {
    ExpectNoName(name);
  }
  ExpectNoName(std::string(300, 'a'));
  // At their longest, and of all that there may be.
  std::string longest = NameFor("Az.-_");
  longest.resize(30, '.');
  ASSERT_OK_AND_ASSIGN(const auto memory, SharedMemory::CreateNamed(longest, 1));
  EXPECT_OK(SharedMemory::Open(longest));
  std::string other = longest;
  other[other.find('A')] = 'a';
  EXPECT_CODE(SharedMemory::Open(other), kNotFound);
}

ISOPROC_CASE(SharedMemory, SHM_09, NulIsNoName) {
  ExpectNoName(std::string("a\0b", 3));
  ExpectNoName(std::string("a\0", 2));
}

void Answer(const SharedMemory& memory) {
  Say("ready");
  ReadInput();
  memory.bytes()[1] = memory.view()[0];
}
ISOPROC_CASE(SharedMemory, SHM_11, AllSeeTheSameBytes) {
  ASSERT_OK_AND_ASSIGN(const auto memory, SharedMemory::CreateNamed(NameFor("same"), 2));
  ASSERT_OK_AND_ASSIGN(const auto again, SharedMemory::Open(memory.name()));
  SystemPipe input;
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<Answer>(Between(input, output), memory));
  input.CloseReadEnd();
  ASSERT_EQ(output.ReadLine(), "ready");
  again.bytes()[0] = std::byte{42};
  input.CloseWriteEnd();
  EXPECT_EQ(EndOf(child), "exited 0");
  EXPECT_EQ(memory.view()[1], std::byte{42});
}

int IsEmpty(const SharedMemory& memory) { return memory ? 1 : 0; }
ISOPROC_CASE(SharedMemory, SHM_13, EmptyHandleHasNothing) {
  ASSERT_OK_AND_ASSIGN(auto memory, SharedMemory::CreateNamed(NameFor("empty"), 1));
  const std::string name = memory.name();
  memory = SharedMemory();
  EXPECT_CODE(SharedMemory::Open(name), kNotFound);
  EXPECT_FALSE(memory);
  EXPECT_TRUE(memory.bytes().empty());
  EXPECT_TRUE(memory.view().empty());
  EXPECT_EQ(memory.size(), 0U);
  EXPECT_EQ(memory.name(), "");
  EXPECT_EQ(EndOf(Process::Start<IsEmpty>(Killable(), memory)), "exited 0");
}

ISOPROC_CASE(SharedMemory, SHM_15, UnlinkTakesTheName) {
  const std::string name = NameFor("unlinked");
  ASSERT_OK_AND_ASSIGN(const auto first, SharedMemory::CreateNamed(name, 1));
  ASSERT_OK_AND_ASSIGN(const auto opened, SharedMemory::Open(name));
  EXPECT_EQ(EndOf(Process::Start(
                Killable(), [](std::string own) { return SharedMemory::Unlink(own).ok() ? 0 : 1; },
                name)),
            "exited 0")
      << "anybody may";
  EXPECT_CODE(SharedMemory::Open(name), kNotFound);
  EXPECT_CODE(SharedMemory::Unlink(name), kNotFound);
  EXPECT_EQ(first.name(), name);
  first.bytes()[0] = std::byte{3};
  EXPECT_EQ(opened.view()[0], std::byte{3});
  // Again and again, while all that had the name are in use.
  std::vector<SharedMemory> others;
  for (uint8_t i = 0; i < 5; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto other, SharedMemory::CreateNamed(name, 1));
    other.bytes()[0] = std::byte{i};
    ASSERT_OK_AND_ASSIGN(const auto found, SharedMemory::Open(name));
    EXPECT_EQ(found.view()[0], std::byte{i});
    EXPECT_OK(SharedMemory::Unlink(name));
    others.push_back(other);
  }
  EXPECT_EQ(opened.view()[0], std::byte{3});
}

void MakeNamed(const std::string& name) {
  const absl::StatusOr<SharedMemory> memory = SharedMemory::CreateNamed(name, kSize);
  if (memory.ok()) memory->bytes()[0] = std::byte{9};
  Say(memory.ok() ? "ready" : "failed");
  ReadInput();
}
// Made in a child, opened here; then the child ends or is killed.
void OutliveMaker(bool killed) {
  const std::string name = NameFor(killed ? "killed" : "ended");
  SystemPipe input;
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process maker, Process::Start<MakeNamed>(Between(input, output), name));
  input.CloseReadEnd();
  ASSERT_EQ(output.ReadLine(), "ready");
  ASSERT_OK_AND_ASSIGN(auto memory, SharedMemory::Open(name));
  if (killed) {
    ASSERT_OK(maker.Kill());
  }
  input.CloseWriteEnd();
  ASSERT_OK(Await(maker));
  ASSERT_OK_AND_ASSIGN(auto again, SharedMemory::Open(name));
  memory = SharedMemory();
  EXPECT_EQ(again.view()[0], std::byte{9});
  again = SharedMemory();
  EXPECT_CODE(SharedMemory::Open(name), kNotFound);
}
ISOPROC_CASE(SharedMemory, SHM_16, NameOutlivesItsMaker) { OutliveMaker(false); }
ISOPROC_CASE(SharedMemory, SHM_16_2, NameOutlivesTheKillOfItsMaker) { OutliveMaker(true); }

ISOPROC_CASE(SharedMemory, SHM_16_3, NameIsFreeAfterTheKillOfAll) {
  const std::string name = NameFor("all");
  SystemPipe input;
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process maker, Process::Start<MakeNamed>(Between(input, output), name));
  ASSERT_EQ(output.ReadLine(), "ready");
  EXPECT_CODE(SharedMemory::CreateNamed(name, 1), kAlreadyExists);
  ASSERT_OK(maker.Kill());
  ASSERT_OK(Await(maker));
  EXPECT_CODE(SharedMemory::Open(name), kNotFound);
  ASSERT_OK_AND_ASSIGN(const auto memory, SharedMemory::CreateNamed(name, 1));
  EXPECT_EQ(memory.view()[0], std::byte{0});
}

void AddWhenAlone(const SharedMemory& unnamed, const SharedMemory& named) {
  Say("ready");
  ReadInput();
  const bool whole = unnamed.view()[kSize - 1] == std::byte{1} && named.view()[0] == std::byte{2};
  Say(whole && SharedMemory::Open(named.name()).ok() ? "whole" : "not whole");
}
ISOPROC_CASE(SharedMemory, SHM_18, LastHandleKeepsTheMemory) {
  SystemPipe input;
  SystemPipe output;
  Process child;
  {
    ASSERT_OK_AND_ASSIGN(const auto unnamed, SharedMemory::Create(kSize));
    ASSERT_OK_AND_ASSIGN(const auto named, SharedMemory::CreateNamed(NameFor("last"), 1));
    unnamed.bytes()[kSize - 1] = std::byte{1};
    named.bytes()[0] = std::byte{2};
    ASSERT_OK_AND_ASSIGN(child,
                         Process::Start<AddWhenAlone>(Between(input, output), unnamed, named));
  }
  input.CloseReadEnd();
  ASSERT_EQ(output.ReadLine(), "ready");
  input.CloseWriteEnd();
  EXPECT_EQ(output.ReadToEnd(), "whole\n");
  EXPECT_EQ(EndOf(child), "exited 0");
  EXPECT_CODE(SharedMemory::Open(NameFor("last")), kNotFound);
}

int FirstOf(const SharedMemory& memory) { return std::to_integer<int>(memory.view()[0]); }
ISOPROC_CASE(SharedMemory, SHM_18_2, UnlinkedMemoryTravels) {
  ASSERT_OK_AND_ASSIGN(const auto memory, SharedMemory::CreateNamed(NameFor("gone"), 1));
  memory.bytes()[0] = std::byte{11};
  ASSERT_OK(SharedMemory::Unlink(memory.name()));
  EXPECT_EQ(EndOf(Process::Start<FirstOf>(Killable(), memory)), "exited 11");
}

int CannotWrite(const SharedMemory& memory) {
  return memory.bytes().empty() ? std::to_integer<int>(memory.view()[0]) : 100;
}
ISOPROC_CASE(SharedMemory, SHM_20, ReadersCannotWrite) {
  ASSERT_OK_AND_ASSIGN(const auto memory, SharedMemory::CreateNamed(NameFor("read"), kSize));
  ASSERT_OK_AND_ASSIGN(const auto reader,
                       SharedMemory::Open(memory.name(), MemoryAccess::kReadOnly));
  memory.bytes()[0] = std::byte{33};
  EXPECT_TRUE(reader.bytes().empty());
  EXPECT_EQ(reader.size(), kSize);
  EXPECT_EQ(reader.view()[0], std::byte{33});
  EXPECT_EQ(EndOf(Process::Start<CannotWrite>(Killable(), reader)), "exited 33");
}

ISOPROC_CASE(SharedMemory, SHM_24, WhoOpensAndEndsDisturbsNobody) {
  ASSERT_OK_AND_ASSIGN(const auto memory, SharedMemory::CreateNamed(NameFor("visit"), 10));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(EndOf(Process::Start<SizeByName>(Killable(), memory.name())), "exited 10");
  }
  EXPECT_OK(SharedMemory::Open(memory.name()));
}

}  // namespace
}  // namespace isoproc::conformance
