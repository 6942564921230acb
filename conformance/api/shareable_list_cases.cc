// ShareableList.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "conformance/api/memory_support.h"
#include "conformance/api/process_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "isoproc/process.h"
#include "isoproc/shareable_list.h"
#include "isoproc/shared_memory.h"

namespace isoproc::conformance {
namespace {

using Item = ShareableList::Item;
using Bytes = std::vector<std::byte>;

std::vector<Item> OneOfEach() {
  return {Item(), true, int64_t{-5}, 0.25, std::string("text"), Bytes{std::byte{0}, std::byte{9}}};
}

// Shifts all items by one place.
int Rotate(const ShareableList& list) {
  const absl::StatusOr<std::vector<Item>> items = list.LoadAll();
  if (!items.ok()) return 255;
  for (size_t i = 0; i < list.size(); ++i) {
    if (!list.Store((i + 1) % list.size(), (*items)[i]).ok()) return 254;
  }
  return static_cast<int>(list.size());
}
int HandOn(const ShareableList& list) {
  absl::StatusOr<Process> child = Process::Start<Rotate>(Killable(), list);
  return child.ok() ? Await(*child).value().code() : 253;
}

ISOPROC_CASE(ShareableList, SHL_01, HoldsItemsOfAllTypes) {
  const std::vector<Item> items = OneOfEach();
  ASSERT_OK_AND_ASSIGN(const auto list, ShareableList::Create(items));
  EXPECT_EQ(list.size(), 6U);
  ASSERT_OK_AND_ASSIGN(const std::vector<Item> all, list.LoadAll());
  EXPECT_EQ(all, items);
  ASSERT_OK_AND_ASSIGN(const auto none, ShareableList::Create({}));
  EXPECT_EQ(none.size(), 0U);
  EXPECT_TRUE(none);
}

ISOPROC_CASE(ShareableList, SHL_02, IndexMustBeThere) {
  ASSERT_OK_AND_ASSIGN(const auto list, ShareableList::Create(OneOfEach()));
  EXPECT_OK(list.Store(5, int64_t{1}));
  EXPECT_CODE(list.Load(6), kInvalidArgument);
  EXPECT_CODE(list.Store(6, true), kInvalidArgument);
  EXPECT_CODE(list.Capacity(SIZE_MAX), kInvalidArgument);
  EXPECT_EQ(ShareableList().size(), 0U);
  EXPECT_CODE(ShareableList().Load(0), kFailedPrecondition);
  EXPECT_CODE(ShareableList().Store(0, true), kFailedPrecondition);
  EXPECT_CODE(ShareableList().LoadAll(), kFailedPrecondition);
}

ISOPROC_CASE(ShareableList, SHL_04, PlaceTakesWhatFits) {
  ASSERT_OK_AND_ASSIGN(const auto list,
                       ShareableList::Create(std::vector<Item>{int64_t{1}, int64_t{2}, Item()}));
  EXPECT_OK(list.Store(1, std::string("12345678")));
  EXPECT_CODE(list.Store(1, std::string("123456789")), kInvalidArgument);
  EXPECT_CODE(list.Store(1, Bytes(9)), kInvalidArgument);
  EXPECT_CODE(list.Store(1, std::string(10 << 20, 'x')), kInvalidArgument);
  const std::vector<Item> expected = {int64_t{1}, std::string("12345678"), Item()};
  EXPECT_EQ(list.LoadAll().value(), expected);
  EXPECT_OK(list.Store(1, false));
  EXPECT_OK(list.Store(2, 1.5));
  EXPECT_OK(list.Store(0, Item()));
  EXPECT_EQ(list.LoadAll().value(), (std::vector<Item>{Item(), false, 1.5}));
}

ISOPROC_CASE(ShareableList, SHL_05, CapacityIsInBytes) {
  const std::vector<Item> items = {true, std::string("\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4")};
  ASSERT_OK_AND_ASSIGN(const auto list, ShareableList::Create(items));
  EXPECT_EQ(list.Capacity(0).value(), 8U);
  EXPECT_EQ(list.Capacity(1).value(), 16U);
  EXPECT_EQ(list.LoadAll().value(), items);
  ASSERT_OK_AND_ASSIGN(const auto wide, ShareableList::Create(items, 1001));
  EXPECT_EQ(wide.Capacity(0).value(), 1008U);
  EXPECT_OK(wide.Store(0, std::string(1008, 'y')));
  EXPECT_EQ(wide.Load(0).value(), Item(std::string(1008, 'y')));
  EXPECT_CODE(ShareableList::Create(items, SIZE_MAX), kResourceExhausted);
}

ISOPROC_CASE(ShareableList, SHL_06, NulsComeBack) {
  const std::vector<Item> items = {std::string("\0a\0\0", 4), std::string(), Bytes(3), Bytes()};
  ASSERT_OK_AND_ASSIGN(const auto list, ShareableList::Create(items));
  EXPECT_EQ(list.LoadAll().value(), items);
  EXPECT_OK(list.Store(0, std::string("\0", 1)));
  EXPECT_EQ(list.Load(0).value(), Item(std::string("\0", 1)));
}

ISOPROC_CASE(ShareableList, SHL_08, GoesOverAllItems) {
  const std::vector<Item> items = {int64_t{1}, 1.0, int64_t{1}, std::string("1"), Item()};
  ASSERT_OK_AND_ASSIGN(const auto list, ShareableList::Create(items));
  EXPECT_EQ(list.Count(int64_t{1}).value(), 2U);
  EXPECT_EQ(list.Count(true).value(), 0U);
  EXPECT_EQ(list.Find(std::string("1")).value(), 3U);
  EXPECT_EQ(list.Find(Item()).value(), 4U);
  EXPECT_CODE(list.Find(2.0), kNotFound);
}

int SumByName(const std::string& name) {
  const absl::StatusOr<ShareableList> list = ShareableList::Open(name);
  if (!list.ok()) return 255;
  const absl::StatusOr<std::vector<Item>> items = list->LoadAll();
  if (!items.ok()) return 253;
  int64_t sum = 0;
  for (const Item& item : *items) sum += std::get<int64_t>(item);
  return list->Store(0, std::string("seen")).ok() ? static_cast<int>(sum) : 254;
}
ISOPROC_CASE(ShareableList, SHL_09, IsFoundByName) {
  const std::string name = NameFor("list");
  const std::vector<Item> items = {int64_t{3}, int64_t{4}};
  {
    ASSERT_OK_AND_ASSIGN(const auto list, ShareableList::CreateNamed(name, items));
    EXPECT_EQ(list.name(), name);
    EXPECT_CODE(ShareableList::CreateNamed(name, items), kAlreadyExists);
    EXPECT_EQ(EndOf(Process::Start<SumByName>(Killable(), name)), "exited 7");
    EXPECT_EQ(list.Load(0).value(), Item(std::string("seen")));
  }
  EXPECT_CODE(ShareableList::Open(name), kNotFound);
  EXPECT_CODE(ShareableList::CreateNamed("a/b", items), kInvalidArgument);
  // What is no list.
  ASSERT_OK_AND_ASSIGN(const auto memory, SharedMemory::CreateNamed(name, 100));
  EXPECT_CODE(ShareableList::Open(name), kNotFound) << "not yet";
  memory.bytes()[0] = std::byte{1};
  EXPECT_CODE(ShareableList::Open(name), kDataLoss);
}

int CannotStore(const ShareableList& list) {
  return absl::IsPermissionDenied(list.Store(0, true)) && list.LoadAll().ok() ? 0 : 1;
}
int IsEmpty(const ShareableList& list) { return list ? 1 : 0; }
ISOPROC_CASE(ShareableList, SHL_10, TravelsAndIsHandedOn) {
  ASSERT_OK_AND_ASSIGN(const auto list, ShareableList::CreateNamed(NameFor("go"), OneOfEach()));
  EXPECT_EQ(EndOf(Process::Start<HandOn>(Killable(), list)), "exited 6");
  EXPECT_EQ(list.Load(0).value(), OneOfEach()[5]);
  EXPECT_EQ(list.Load(5).value(), OneOfEach()[4]);
  EXPECT_EQ(EndOf(Process::Start<IsEmpty>(Killable(), ShareableList())), "exited 0");
  ASSERT_OK_AND_ASSIGN(const auto reader,
                       ShareableList::Open(NameFor("go"), MemoryAccess::kReadOnly));
  EXPECT_CODE(reader.Store(0, true), kPermissionDenied);
  EXPECT_EQ(EndOf(Process::Start<CannotStore>(Killable(), reader)), "exited 0");
}

constexpr size_t kLong = 400;
// Whole if all of its characters are the same, and as many as that one says.
std::string Uniform(char c) { return std::string(static_cast<size_t>(c - 'a') * 16, c); }
bool IsWhole(const absl::StatusOr<Item>& item) {
  if (!item.ok()) return false;
  const std::string& text = std::get<std::string>(*item);
  return text.empty() || text == Uniform(text[0]);
}
// Stores for as long as nobody stops it, and says when it has begun.
void StoreForEver(const ShareableList& list) {
  Say("ready");
  for (char c = 'a';; c = c == 'y' ? 'a' : static_cast<char>(c + 1)) {
    if (!list.Store(0, Uniform(c)).ok()) return;
  }
}
ISOPROC_CASE(ShareableList, SHL_11, ItemsAreNeverTorn) {
  ASSERT_OK_AND_ASSIGN(const auto list,
                       ShareableList::Create(std::vector<Item>{std::string()}, kLong));
  std::atomic<bool> over{false};
  std::vector<std::thread> writers;
  for (const char c : {'c', 'v'}) {
    writers.emplace_back([&, c] {
      while (!over) EXPECT_OK(list.Store(0, Uniform(c)));
    });
  }
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<StoreForEver>(Into(output), list));
  EXPECT_EQ(output.ReadLine(), "ready");
  int torn = 0;
  for (int i = 0; i < 3000; ++i) torn += IsWhole(list.Load(0)) ? 0 : 1;
  over = true;
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(torn, 0);
  EXPECT_OK(child.Kill());
}

ISOPROC_CASE(ShareableList, SHL_12, DeadWriterStopsNobody) {
  ASSERT_OK_AND_ASSIGN(const auto list,
                       ShareableList::Create(std::vector<Item>{std::string()}, kLong));
  for (int i = 0; i < 5; ++i) {
    SystemPipe output;
    ASSERT_OK_AND_ASSIGN(Process child, Process::Start<StoreForEver>(Into(output), list));
    ASSERT_EQ(output.ReadLine(), "ready");
    while (list.Load(0).value() == Item(std::string())) std::this_thread::yield();
    ASSERT_OK(child.Kill());
    ASSERT_OK(Await(child));
    EXPECT_TRUE(IsWhole(list.Load(0)));
    EXPECT_OK(list.Store(0, std::string()));
    EXPECT_EQ(list.Load(0).value(), Item(std::string()));
  }
}

}  // namespace
}  // namespace isoproc::conformance
