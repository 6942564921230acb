// platform/port/memory.h: segments that have a name.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/port_child.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/port/support.h"
#include "platform/port/port.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {
namespace {

using port::Handle;
using port::Segment;
using port::SegmentAccess;

constexpr uint64_t kSize = 10000;

// Nobody else's, and no other case's.
std::string NameFor(const char* what) { return absl::StrCat("t", TestPort().ProcessId(), what); }

absl::StatusOr<std::unique_ptr<Segment>> Open(const std::string& name,
                                              SegmentAccess access = SegmentAccess::kReadWrite) {
  return TestPort().OpenNamedSegment(name, access);
}

ISOPROC_CASE(Memory, MEM_05, IsFoundByName) {
  const std::string name = NameFor("-.found_");
  EXPECT_CODE(Open(name), kNotFound);
  ASSERT_OK_AND_ASSIGN(const auto first, TestPort().CreateNamedSegment(name, kSize));
  EXPECT_EQ(first->data().size(), kSize);
  EXPECT_TRUE(std::all_of(first->view().begin(), first->view().end(),
                          [](std::byte b) { return b == std::byte{0}; }));
  first->data()[kSize - 1] = std::byte{7};
  ASSERT_OK_AND_ASSIGN(const auto second, Open(name));
  ASSERT_EQ(second->data().size(), kSize);
  EXPECT_EQ(second->data()[kSize - 1], std::byte{7});
  second->data()[0] = std::byte{8};
  EXPECT_EQ(first->view()[0], std::byte{8});
  const absl::Status again = TestPort().CreateNamedSegment(name, 1).status();
  EXPECT_CODE(again, kAlreadyExists);
  Observe("again", again);
}

ISOPROC_CASE(Memory, MEM_05_2, ImpossibleSizesAreRefusedAndLeaveNoName) {
  const std::string name = NameFor("impossible");
  EXPECT_CODE(TestPort().CreateNamedSegment(name, 0), kInvalidArgument);
  EXPECT_CODE(TestPort().CreateNamedSegment(name, uint64_t{1} << 62), kResourceExhausted);
  EXPECT_CODE(TestPort().CreateNamedSegment(name, UINT64_MAX), kResourceExhausted);
  EXPECT_CODE(Open(name), kNotFound);
  ASSERT_OK_AND_ASSIGN(const auto segment, TestPort().CreateNamedSegment(name, 1));
  EXPECT_EQ(segment->data().size(), 1U);
}

ISOPROC_CASE(Memory, MEM_05_3, CaseMattersAndNamesAreWhole) {
  const std::vector<std::string> names = {NameFor("a"), NameFor("A"), NameFor("aa"),
                                          NameFor("a.lock"), NameFor("a.0")};
  std::vector<std::unique_ptr<Segment>> segments;
  for (size_t i = 0; i < names.size(); ++i) {
    ASSERT_OK_AND_ASSIGN(auto segment, TestPort().CreateNamedSegment(names[i], i + 1));
    segments.push_back(std::move(segment));
  }
  for (size_t i = 0; i < names.size(); ++i) {
    ASSERT_OK_AND_ASSIGN(const auto segment, Open(names[i]));
    EXPECT_EQ(segment->data().size(), i + 1);
  }
}

ISOPROC_CASE(Memory, MEM_06, NameLivesAsLongAsTheSegment) {
  const std::string name = NameFor("lives");
  ASSERT_OK_AND_ASSIGN(auto first, TestPort().CreateNamedSegment(name, kSize));
  ASSERT_OK_AND_ASSIGN(auto second, Open(name));
  first.reset();
  ASSERT_OK_AND_ASSIGN(first, Open(name));
  second.reset();
  first.reset();
  EXPECT_CODE(Open(name), kNotFound);
  ASSERT_OK_AND_ASSIGN(first, TestPort().CreateNamedSegment(name, 5));
  EXPECT_EQ(first->data()[0], std::byte{0});
}

// Keeps the segment that it gets, until the case lets go of it.
ISOPROC_PORT_CHILD(HasANamedSegment) {
  absl::StatusOr<Handle> received = context.stream.ReceiveHandle(Patiently());
  if (!received.ok()) return 4;
  const absl::StatusOr<std::unique_ptr<Segment>> segment =
      context.port.MapSegment(*std::move(received));
  if (!segment.ok()) return 5;
  if (!WriteAll(context.stream, "m").ok()) return 6;
  WaitForEnd(context.stream);
  return 0;
}

absl::Status GiveTo(PortChild& child, const Segment& segment) {
  const absl::StatusOr<Handle> handle = segment.Share();
  if (!handle.ok()) return handle.status();
  absl::Status sent = child.stream->SendHandle(*handle, {.pid = child.process->pid()}, Patiently());
  return sent.ok() ? ReadExactly(*child.stream, 1).status() : sent;
}

ISOPROC_CASE_WITH(Memory, MEM_06_2, WhoGotAHandleKeepsTheName, "processes") {
  const std::string name = NameFor("kept");
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "HasANamedSegment"));
  ASSERT_OK_AND_ASSIGN(auto segment, TestPort().CreateNamedSegment(name, kSize));
  segment->data()[0] = std::byte{3};
  ASSERT_OK(GiveTo(child, *segment));
  segment.reset();
  ASSERT_OK_AND_ASSIGN(segment, Open(name));
  EXPECT_EQ(segment->data()[0], std::byte{3});
  segment.reset();
  child.stream.reset();
  ASSERT_OK_AND_ASSIGN(const port::Termination end, child.process->Wait(Patiently()));
  EXPECT_EQ(end.value, 0);
  EXPECT_CODE(Open(name), kNotFound);
}

ISOPROC_CASE(Memory, MEM_07, UnlinkTakesTheNameAtOnce) {
  const std::string name = NameFor("unlinked");
  EXPECT_CODE(TestPort().UnlinkSegment(name), kNotFound);
  ASSERT_OK_AND_ASSIGN(auto first, TestPort().CreateNamedSegment(name, kSize));
  first->data()[0] = std::byte{1};
  EXPECT_OK(TestPort().UnlinkSegment(name));
  const absl::Status twice = TestPort().UnlinkSegment(name);
  EXPECT_CODE(twice, kNotFound);
  Observe("twice", twice);
  EXPECT_CODE(Open(name), kNotFound);
  ASSERT_OK_AND_ASSIGN(auto second, TestPort().CreateNamedSegment(name, 20));
  EXPECT_EQ(second->data()[0], std::byte{0});
  EXPECT_EQ(first->data()[0], std::byte{1});
  ASSERT_OK_AND_ASSIGN(Handle handle, first->Share());
  ASSERT_OK_AND_ASSIGN(const auto same, TestPort().MapSegment(std::move(handle)));
  EXPECT_EQ(same->data().size(), kSize) << "it goes on without a name";
  // The end of the one does not take the name of the other.
  first.reset();
  ASSERT_OK_AND_ASSIGN(const auto found, Open(name));
  EXPECT_EQ(found->data().size(), 20U);
  EXPECT_OK(TestPort().UnlinkSegment(name));
  second.reset();
  EXPECT_CODE(Open(name), kNotFound);
}

ISOPROC_CASE(Memory, MEM_08, ReadersCannotWrite) {
  const std::string name = NameFor("read");
  ASSERT_OK_AND_ASSIGN(const auto writer, TestPort().CreateNamedSegment(name, kSize));
  ASSERT_OK_AND_ASSIGN(const auto reader, Open(name, SegmentAccess::kReadOnly));
  EXPECT_TRUE(reader->data().empty());
  ASSERT_EQ(reader->view().size(), kSize);
  writer->data()[5] = std::byte{9};
  EXPECT_EQ(reader->view()[5], std::byte{9});
  ASSERT_OK_AND_ASSIGN(Handle handle, reader->Share());
  ASSERT_OK_AND_ASSIGN(const auto handed_on, TestPort().MapSegment(std::move(handle)));
  EXPECT_TRUE(handed_on->data().empty());
  ASSERT_EQ(handed_on->view().size(), kSize);
  EXPECT_EQ(handed_on->view()[5], std::byte{9});
}

ISOPROC_CASE_WITH(Memory, MEM_09, NothingIsLeftOfTheDead, "processes") {
  const int names = system_support::CountSharedMemoryNames();
  const std::string first = NameFor("dead1");
  const std::string second = NameFor("dead2");
  std::vector<PortChild> children;
  for (const std::string& name : {first, second}) {
    ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "HasANamedSegment"));
    ASSERT_OK_AND_ASSIGN(const auto segment, TestPort().CreateNamedSegment(name, kSize));
    segment->data()[0] = std::byte{1};
    ASSERT_OK(GiveTo(child, *segment));
    children.push_back(std::move(child));
  }
  for (PortChild& child : children) {
    ASSERT_OK(child.process->Kill(port::kSigKill));
    ASSERT_OK(child.process->Wait(Patiently()));
  }
  EXPECT_CODE(Open(first), kNotFound);
  EXPECT_CODE(TestPort().UnlinkSegment(first), kNotFound);
  {
    ASSERT_OK_AND_ASSIGN(const auto segment, TestPort().CreateNamedSegment(first, 7));
    EXPECT_EQ(segment->data()[0], std::byte{0});
    // Other programs have names too, which come and go.
    EXPECT_TRUE(Eventually([&] { return system_support::CountSharedMemoryNames() <= names + 1; }))
        << "of the other name, too";
  }
  EXPECT_TRUE(Eventually([&] { return system_support::CountSharedMemoryNames() <= names; }));
}

}  // namespace
}  // namespace isoproc::conformance
