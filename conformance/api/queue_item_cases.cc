// Queue: what items can be.
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "conformance/api/process_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "isoproc/process.h"
#include "isoproc/queue.h"

namespace isoproc::conformance {
namespace {

// Through a queue and back again.
template <class T>
void Echo(const Queue<T>& there, const Queue<T>& back) {
  for (const T& item : there) back.Put(item).IgnoreError();
}
template <class T>
void ExpectBack(const std::vector<T>& items) {
  ASSERT_OK_AND_ASSIGN(const auto there, Queue<T>::Create());
  ASSERT_OK_AND_ASSIGN(const auto back, Queue<T>::Create());
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<&Echo<T>>(Killable(), there, back));
  for (const T& item : items) EXPECT_OK(there.Put(item));
  for (const T& item : items) {
    ASSERT_OK_AND_ASSIGN(const T got, back.Get(GetEnvironment().patience));
    EXPECT_TRUE(got == item);
  }
  there.Close();
  EXPECT_EQ(EndOf(child), "exited 0");
}

struct Padded {
  char letter;
  double number;
  bool flag;
  friend bool operator==(const Padded&, const Padded&) = default;
};
struct Everything {
  std::optional<std::string> text;
  std::map<std::string, std::vector<int>> lists;
  std::variant<int, std::string> either;
  std::tuple<Padded, std::array<bool, 3>> rest;
  friend bool operator==(const Everything&, const Everything&) = default;
};

ISOPROC_CASE(QueueItem, QUE_04, PlainOnes) {
  ExpectBack<char>({'a', '\0'});
  ExpectBack<bool>({true, false});
  ExpectBack<Padded>({{'x', 1.5, true}, {}});
  std::array<int64_t, 30> inline_still{};  // the largest that a slot holds
  inline_still.back() = 30;
  ExpectBack<std::array<int64_t, 30>>({inline_still, {}});
  std::array<int64_t, 31> in_a_buffer{};
  in_a_buffer.back() = 31;
  ExpectBack<std::array<int64_t, 31>>({in_a_buffer, {}});
}

ISOPROC_CASE(QueueItem, QUE_04_2, OthersAndEmptyOnes) {
  ExpectBack<std::string>({"", "short", std::string(112, 'x'), std::string(113, 'y'),
                           std::string(100'000, 'z'), std::string("\0a", 2)});
  ExpectBack<std::vector<double>>({{}, {1.5}, std::vector<double>(10'000, 0.25)});
  ExpectBack<std::vector<bool>>({{}, {true, false}});
  ExpectBack<std::optional<int>>({std::nullopt, 3});
  ExpectBack<Everything>({{}, {"text", {{"a", {1, 2}}, {"b", {}}}, "other", {}}});
}

ISOPROC_CASE(QueueItem, QUE_04_3, MoveOnlyOnes) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Queue<std::unique_ptr<std::string>>::Create());
  EXPECT_OK(queue.Put(std::make_unique<std::string>("owned")));
  EXPECT_OK(queue.Put(nullptr));
  ASSERT_OK_AND_ASSIGN(const auto first, queue.Get());
  EXPECT_EQ(*first, "owned");
  ASSERT_OK_AND_ASSIGN(const auto second, queue.Get());
  EXPECT_EQ(second, nullptr);
}

ISOPROC_CASE(QueueItem, QUE_09, LaterChangesAreNotSeen) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Queue<std::vector<std::string>>::Create());
  std::vector<std::string> item = {"before"};
  EXPECT_OK(queue.Put(item));
  item[0] = "after";
  EXPECT_EQ(queue.Get().value()[0], "before");
}

// Its hooks throw when it is told to.
struct Moody {
  int number = 0;
  template <class Archive>
  void save(Archive& archive) const {
    if (number == 1) throw std::runtime_error("not this one");
    archive(number);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(number);
    if (number == 2) throw std::runtime_error("not that one");
  }
};

ISOPROC_CASE(QueueItem, QUE_11, SavingThrows) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Queue<Moody>::Create({.capacity = 1}));
  EXPECT_CODE(queue.Put({1}), kInvalidArgument);
  EXPECT_TRUE(queue.Empty().value());
  EXPECT_OK(queue.TryPut({3}));
  EXPECT_EQ(queue.Get()->number, 3);
}

// Cannot be made while it is told so.
struct Stubborn {
  static inline bool refuses = false;
  Stubborn() {
    if (refuses) throw std::runtime_error("no");
  }
  std::string text;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(text);
  }
};

ISOPROC_CASE(QueueItem, QUE_46, LoadingThrows) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Queue<Moody>::Create());
  for (const int number : {2, 3, 2, 4}) EXPECT_OK(queue.Put({number}));
  EXPECT_CODE(queue.Get(), kDataLoss);
  EXPECT_EQ(queue.Get()->number, 3);
  EXPECT_CODE(queue.GetLease(), kDataLoss);
  EXPECT_EQ(queue.Get()->number, 4);
  EXPECT_TRUE(queue.Empty().value());
}

ISOPROC_CASE(QueueItem, QUE_46_2, ConstructorThrows) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Queue<Stubborn>::Create({.bytes = 4096}));
  Stubborn item;
  item.text = std::string(3000, 'x');
  for (int i = 0; i < 3; ++i) {
    EXPECT_OK(queue.TryPut(item)) << "no memory was lost";
    Stubborn::refuses = true;
    EXPECT_CODE(queue.Get(), kDataLoss);
    Stubborn::refuses = false;
  }
  EXPECT_OK(queue.TryPut(item));
  EXPECT_EQ(queue.Get()->text, item.text);
}

ISOPROC_CASE(QueueItem, QUE_46_4, WhoSaysThatItIsDone) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Queue<Moody>::Create());
  EXPECT_OK(queue.Put({2}));
  EXPECT_CODE(queue.GetLease(), kDataLoss);
  EXPECT_OK(queue.Join(absl::ZeroDuration())) << "GetLease does";
  EXPECT_OK(queue.Put({2}));
  EXPECT_CODE(queue.Get(), kDataLoss);
  EXPECT_CODE(queue.Join(absl::ZeroDuration()), kDeadlineExceeded) << "Get does not";
  EXPECT_OK(queue.TaskDone());
  EXPECT_OK(queue.Join(absl::ZeroDuration()));
}

// Memory runs out when the first of them is read.
struct Hungry {
  static inline bool is_fed = false;
  int number = 0;
  template <class Archive>
  void save(Archive& archive) const {
    archive(number);
  }
  template <class Archive>
  void load(Archive& archive) {
    if (!std::exchange(is_fed, true)) throw std::bad_alloc();
    archive(number);
  }
};
ISOPROC_CASE(QueueItem, QUE_56, ItemWithoutMemoryForItsValue) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Queue<Hungry>::Create());
  EXPECT_OK(queue.Put({7}));
  Hungry::is_fed = false;
  EXPECT_CODE(queue.GetLease(), kResourceExhausted);
  EXPECT_EQ(queue.Size().value_or(0), 1U) << "it came back";
  {
    ASSERT_OK_AND_ASSIGN(auto lease, queue.GetLease(absl::ZeroDuration()));
    EXPECT_EQ(lease->number, 7);
    EXPECT_TRUE(lease.redelivered());
    EXPECT_CODE(queue.Join(absl::ZeroDuration()), kDeadlineExceeded);
    EXPECT_OK(lease.Done());
  }
  EXPECT_OK(queue.Put({8}));
  Hungry::is_fed = false;
  EXPECT_CODE(queue.Get(), kResourceExhausted);
  EXPECT_TRUE(queue.Empty().value_or(false)) << "it is gone";
}

// All of it is bytes: to make one, nothing of the program's runs.
struct StubbornNumber {
  StubbornNumber() {
    if (Stubborn::refuses) throw std::runtime_error("no");
  }
  int number = 0;
};
ISOPROC_CASE(QueueItem, QUE_46_3, ConstructorOfBytesIsNotRun) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Queue<StubbornNumber>::Create());
  StubbornNumber item;
  item.number = 7;
  EXPECT_OK(queue.Put(item));
  Stubborn::refuses = true;
  const absl::StatusOr<StubbornNumber> got = queue.Get();
  Stubborn::refuses = false;
  ASSERT_OK(got);
  EXPECT_EQ(got->number, 7);
}

void PutLarge(const Queue<std::string>& queue, size_t size) {
  queue.Put(std::string(size, 'x')).IgnoreError();
}
ISOPROC_CASE(QueueItem, QUE_20, PutterEndsBeforeItIsRead) {
  constexpr size_t kSize = 10'000'000;
  ASSERT_OK_AND_ASSIGN(const auto queue, Queue<std::string>::Create());
  EXPECT_EQ(EndOf(Process::Start<PutLarge>(Killable(), queue, kSize)), "exited 0");
  EXPECT_TRUE(queue.TryGet().value_or("") == std::string(kSize, 'x'));
}

ISOPROC_CASE(QueueItem, QUE_42, LargerThanAllBytes) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Queue<std::string>::Create({.bytes = 64 << 10}));
  EXPECT_CODE(queue.Put(std::string((64 << 10) + 1, 'x')), kResourceExhausted);
  EXPECT_OK(queue.TryPut(std::string(64 << 10, 'x')));
  EXPECT_CODE(queue.TryPut(std::string(1000, 'y')), kDeadlineExceeded);
  EXPECT_OK(queue.TryPut(std::string(100, 'z'))) << "a small one needs none";
  absl::Status put;
  std::thread putter([&] { put = queue.Put(std::string(1000, 'y'), GetEnvironment().patience); });
  EXPECT_EQ(queue.Get()->size(), size_t{64 << 10});
  EXPECT_EQ(queue.Get(GetEnvironment().patience)->front(), 'z');
  EXPECT_EQ(queue.Get(GetEnvironment().patience)->front(), 'y');
  putter.join();
  EXPECT_OK(put);
}

ISOPROC_CASE(QueueItem, QUE_43, DroppedLeaseComesBackFirst) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Queue<std::string>::Create());
  EXPECT_OK(queue.Put("first"));
  EXPECT_OK(queue.Put("second"));
  {
    ASSERT_OK_AND_ASSIGN(const auto lease, queue.GetLease());
    EXPECT_EQ(*lease, "first");
    EXPECT_FALSE(lease.redelivered());
    EXPECT_EQ(queue.Size().value(), 1U);
  }
  EXPECT_EQ(queue.Size().value(), 2U);
  ASSERT_OK_AND_ASSIGN(auto lease, queue.GetLease());
  EXPECT_EQ(*lease, "first");
  EXPECT_TRUE(lease.redelivered());
  EXPECT_OK(lease.Done());
  EXPECT_CODE(lease.Done(), kFailedPrecondition);
  EXPECT_EQ(*queue.Get(), "second");
  EXPECT_CODE(queue.TryGet(), kDeadlineExceeded);
}

ISOPROC_CASE(QueueItem, QUE_43_2, LeaseThatIsAssignedToGivesItsItemBack) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Queue<std::string>::Create());
  EXPECT_OK(queue.Put("first"));
  EXPECT_OK(queue.Put("second"));
  ASSERT_OK_AND_ASSIGN(auto lease, queue.GetLease());
  ASSERT_OK_AND_ASSIGN(auto other, queue.GetLease());
  lease = std::move(other);
  EXPECT_EQ(*lease, "second");
  EXPECT_EQ(queue.TryGet().value_or("none"), "first") << "at once";
  EXPECT_CODE(queue.TryGet(), kDeadlineExceeded);
  EXPECT_OK(lease.Done());
}

struct Picture {
  std::array<uint32_t, 100'000> dots;
};
void Fill(const Queue<Picture>& queue) {
  absl::StatusOr<Loan<Picture>> loan = queue.Borrow();
  if (!loan.ok()) return;
  (*loan)->dots.fill(7);
  queue.Put(*std::move(loan)).IgnoreError();
}
ISOPROC_CASE(QueueItem, QUE_44, LoanIsWrittenAndReadInPlace) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Queue<Picture>::Create({.capacity = 4, .bytes = 500'000}));
  EXPECT_EQ(EndOf(Process::Start<Fill>(Killable(), queue)), "exited 0");
  {
    ASSERT_OK_AND_ASSIGN(auto lease, queue.GetLease(absl::ZeroDuration()));
    EXPECT_EQ(lease->dots.front(), 7U);
    EXPECT_EQ(lease->dots.back(), 7U);
    EXPECT_CODE(queue.Borrow(absl::ZeroDuration()), kDeadlineExceeded) << "all bytes are in use";
    EXPECT_OK(lease.Done());
  }
  EXPECT_OK(queue.Borrow(absl::ZeroDuration())) << "and dropped";
  ASSERT_OK_AND_ASSIGN(auto loan, queue.Borrow(absl::ZeroDuration()));
  EXPECT_OK(queue.Put(loan));
  EXPECT_CODE(queue.Put(loan), kFailedPrecondition);
}

ISOPROC_CASE(QueueItem, QUE_44_2, LoanThatIsAssignedToIsDropped) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Queue<Picture>::Create({.capacity = 4, .bytes = 900'000}));
  ASSERT_OK_AND_ASSIGN(auto loan, queue.Borrow(absl::ZeroDuration()));
  ASSERT_OK_AND_ASSIGN(auto other, queue.Borrow(absl::ZeroDuration()));
  EXPECT_CODE(queue.Borrow(absl::ZeroDuration()), kDeadlineExceeded) << "all bytes are in use";
  loan = std::move(other);
  EXPECT_OK(queue.Borrow(absl::ZeroDuration()));
  EXPECT_OK(queue.Put(loan));
}

// Says that it is a queue of one thing, and is read as one of another.
struct Disguised {
  Queue<int> as_sent;
  template <class Archive>
  void save(Archive& archive) const {
    archive(as_sent);
  }
  template <class Archive>
  void load(Archive& archive) {
    Queue<double> queue;
    archive(queue);
  }
};
void Never(const Disguised&) {}
ISOPROC_CASE(QueueItem, QUE_48, AnotherTypeIsRefused) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Queue<int>::Create());
  EXPECT_CODE(Process::Start<Never>(Killable(), Disguised{queue}), kDataLoss);
  EXPECT_OK(queue.Put(1));
  EXPECT_EQ(queue.Get().value_or(0), 1);
}

}  // namespace
}  // namespace isoproc::conformance
