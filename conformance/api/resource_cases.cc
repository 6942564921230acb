// What isoproc leaves on the system, and in the process that uses it.
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "conformance/api/memory_support.h"
#include "conformance/api/process_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "conformance/port/support.h"
#include "isoproc/array.h"
#include "isoproc/process.h"
#include "isoproc/process_info.h"
#include "isoproc/shareable_list.h"
#include "isoproc/shared_memory.h"
#include "isoproc/sync.h"
#include "isoproc/value.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {
namespace {

using Item = ShareableList::Item;

struct OneOfEach {
  Lock lock;
  Value<int64_t> value;
  Array<int64_t> array;
  SharedMemory memory;
  SharedMemory named;
  ShareableList list;
};
absl::StatusOr<OneOfEach> MakeOneOfEach(const std::string& name) {
  constexpr uint64_t kMany = 100000;
  const absl::StatusOr<Lock> lock = Lock::Create();
  const auto value = Value<int64_t>::Create(1);
  const auto array = Array<int64_t>::Create(kMany);
  const auto memory = SharedMemory::Create(kMany);
  const auto named = SharedMemory::CreateNamed(name, kMany);
  const auto list = ShareableList::CreateNamed(name + "-list", std::vector<Item>{int64_t{1}});
  for (const absl::Status& status : {lock.status(), value.status(), array.status(), memory.status(),
                                     named.status(), list.status()}) {
    if (!status.ok()) return status;
  }
  return OneOfEach{*lock, *value, *array, *memory, *named, *list};
}

ISOPROC_CASE(Resources, RES_01, NoProcessButThoseStarted) {
  const int children = system_support::CountChildren();
  ASSERT_OK_AND_ASSIGN(const OneOfEach all, MakeOneOfEach(NameFor("alone")));
  EXPECT_OK(all.lock.Acquire());
  EXPECT_OK(all.lock.Release());
  EXPECT_EQ(system_support::CountChildren(), children);
}

ISOPROC_CASE(Resources, RES_04, SignalMaskStaysAsItIs) {
  const std::string before = system_support::SignalMask();
  ASSERT_OK_AND_ASSIGN(const OneOfEach all, MakeOneOfEach(NameFor("mask")));
  for (const StartMethod method : {StartMethod::kSpawn, StartMethod::kForkServer}) {
    ProcessOptions options = Killable();
    options.start_method = method;
    absl::StatusOr<Process> child = Process::Start<DoNothing>(options);
    EXPECT_TRUE(child.ok() || absl::IsUnimplemented(child.status())) << child.status();
    EXPECT_EQ(system_support::SignalMask(), before);
  }
}

void HaveOneOfEach(const std::string& name, const OneOfEach& given) {
  const absl::StatusOr<OneOfEach> own = MakeOneOfEach(name);
  Say(own.ok() && given.lock.Acquire().ok() ? "ready" : "failed");
  Stay();
}
ISOPROC_CASE(Resources, RES_12, NothingIsLeftOfTheDead) {
  const int names = system_support::CountSharedMemoryNames();
  {
    ASSERT_OK_AND_ASSIGN(const OneOfEach all, MakeOneOfEach(NameFor("mine")));
    SystemPipe output;
    ASSERT_OK_AND_ASSIGN(Process child,
                         Process::Start<HaveOneOfEach>(Into(output), NameFor("its"), all));
    ASSERT_EQ(output.ReadLine(), "ready");
    ASSERT_OK(SharedMemory::Open(NameFor("its")));
    ASSERT_OK(child.Kill());
    ASSERT_OK(Await(child));
  }
  for (const char* const name : {"mine", "mine-list", "its", "its-list"}) {
    EXPECT_CODE(SharedMemory::Open(NameFor(name)), kNotFound);
  }
  // Other programs have names too, which come and go.
  EXPECT_TRUE(Eventually([&] { return system_support::CountSharedMemoryNames() <= names; }));
}

}  // namespace
}  // namespace isoproc::conformance
