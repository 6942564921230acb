// platform/port/memory.h.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/port_child.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/port/support.h"
#include "platform/port/port.h"

namespace isoproc::conformance {
namespace {

using port::Handle;
using port::Segment;

bool AllZero(absl::Span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

ISOPROC_CASE(Memory, MEM_01, LivesAsLongAsAHandle) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<Segment> first, TestPort().CreateSegment(10000));
  first->data()[9999] = std::byte{42};
  ASSERT_OK_AND_ASSIGN(Handle handle, first->Share());
  first.reset();
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<Segment> second, TestPort().MapSegment(std::move(handle)));
  EXPECT_EQ(second->data()[9999], std::byte{42});
}

ISOPROC_PORT_CHILD(KeepsASegment) {
  absl::StatusOr<Handle> handle = context.stream.ReceiveHandle(Patiently());
  if (!handle.ok()) return 4;
  absl::StatusOr<std::unique_ptr<Segment>> segment = context.port.MapSegment(*std::move(handle));
  if (!segment.ok()) return 5;
  (*segment)->data()[1] = std::byte{2};
  if (!WriteAll(context.stream, "m").ok()) return 6;
  // The parent has let go of the segment when it answers.
  if (!ReadExactly(context.stream, 1).ok()) return 7;
  const bool kept = (*segment)->data()[0] == std::byte{1};
  absl::StatusOr<Handle> back = (*segment)->Share();
  if (!back.ok()) return 8;
  const absl::StatusOr<int64_t> parent = ReadValue<int64_t>(context.stream);
  if (!parent.ok() || !context.stream.SendHandle(*back, {.pid = *parent}, Patiently()).ok())
    return 9;
  WaitForEnd(context.stream);
  return kept ? 0 : 10;
}

ISOPROC_CASE_WITH(Memory, MEM_01_2, LivesAsLongAsAnotherProcessMapsIt, "processes") {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<Segment> segment, TestPort().CreateSegment(70000));
  segment->data()[0] = std::byte{1};
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "KeepsASegment"));
  {
    ASSERT_OK_AND_ASSIGN(const Handle handle, segment->Share());
    ASSERT_OK(child.stream->SendHandle(handle, {.pid = child.process->pid()}, Patiently()));
  }
  ASSERT_OK(ReadExactly(*child.stream, 1));
  EXPECT_EQ(segment->data()[1], std::byte{2}) << "what the child wrote is seen at once";
  segment.reset();
  ASSERT_OK(WriteAll(*child.stream, "g"));
  ASSERT_OK(WriteValue(*child.stream, TestPort().ProcessId()));
  ASSERT_OK_AND_ASSIGN(Handle handle, child.stream->ReceiveHandle(Patiently()));
  child.stream.reset();
  ASSERT_OK_AND_ASSIGN(const port::Termination end, child.process->Wait(Patiently()));
  EXPECT_EQ(end.value, 0);
  ASSERT_OK_AND_ASSIGN(segment, TestPort().MapSegment(std::move(handle)));
  EXPECT_EQ(segment->data().size(), 70000u);
  EXPECT_EQ(segment->data()[1], std::byte{2});
}

ISOPROC_CASE(Memory, MEM_02, HasTheSizeAskedForAndIsZero) {
  for (const uint64_t size : {uint64_t{1}, uint64_t{4096}, uint64_t{65537}, uint64_t{1} << 20}) {
    ASSERT_OK_AND_ASSIGN(const auto segment, TestPort().CreateSegment(size));
    EXPECT_EQ(segment->data().size(), size);
    EXPECT_TRUE(AllZero(segment->data()));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(segment->data().data()) % 4096, 0u);
  }
}

ISOPROC_CASE(Memory, MEM_02_2, AllMappingsSeeTheSameBytes) {
  ASSERT_OK_AND_ASSIGN(const auto first, TestPort().CreateSegment(65537));
  ASSERT_OK_AND_ASSIGN(Handle handle, first->Share());
  ASSERT_OK_AND_ASSIGN(const auto second, TestPort().MapSegment(std::move(handle)));
  ASSERT_EQ(second->data().size(), 65537u) << "the size travels with the handle";
  EXPECT_NE(first->data().data(), second->data().data());
  first->data()[65536] = std::byte{7};
  EXPECT_EQ(second->data()[65536], std::byte{7});
  second->data()[0] = std::byte{8};
  EXPECT_EQ(first->data()[0], std::byte{8});
}

ISOPROC_CASE(Memory, MEM_03, ImpossibleSizesAreRefused) {
  const absl::Status nothing = TestPort().CreateSegment(0).status();
  const absl::Status huge = TestPort().CreateSegment(uint64_t{1} << 62).status();
  EXPECT_CODE(nothing, kInvalidArgument);
  EXPECT_CODE(huge, kResourceExhausted);
  Observe("zero", nothing);
  Observe("huge", huge);
}

ISOPROC_CASE(Memory, MEM_03_2, EveryPageCanBeWritten) {
  ASSERT_OK_AND_ASSIGN(const auto segment, TestPort().CreateSegment(uint64_t{8} << 20));
  for (size_t i = 0; i < segment->data().size(); i += 4096) segment->data()[i] = std::byte{1};
}

ISOPROC_CASE(Memory, MEM_04, OnlySegmentsAreMappedAndTheHandleIsClosed) {
  ASSERT_OK_AND_ASSIGN(port::StreamPair pair, TestPort().CreateStreamPair());
  Handle handle = pair.first->Detach();
  pair.first.reset();
  EXPECT_CODE(TestPort().MapSegment(std::move(handle)), kInvalidArgument);
  ASSERT_OK_AND_ASSIGN(const std::string read, ReadToEnd(*pair.second));
  EXPECT_EQ(read, "");
}

}  // namespace
}  // namespace isoproc::conformance
