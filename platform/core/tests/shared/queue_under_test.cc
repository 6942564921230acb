#include "platform/core/tests/shared/queue_under_test.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/atomic.h"
#include "platform/core/shared/queue_layout.h"

namespace isoproc::internal {

std::string QueueEnd::Show(absl::Duration timeout) {
  absl::StatusOr<std::string> text = Get(timeout);
  return text.ok() ? *std::move(text) : absl::StatusCodeToString(text.status().code());
}

QueueUnderTest::QueueUnderTest(PretendedProcess& maker, uint64_t capacity, uint64_t bytes)
    : shape_(QueueShape::For(capacity, bytes, 0).value()) {
  Arena& arena = *maker.arena();
  name_ = arena
              .NewObject(ObjectKind::kQueue, sizeof(QueueWords),
                         [&](ObjectSlot& slot) { PrepareQueue(shape_, 7, arena.RoomOf(slot)); })
              .value();
  const auto size = static_cast<size_t>(shape_.memory());
  // Never freed: the threads of the dead may look at it.
  static auto& kept = *new std::vector<std::byte*>;
  auto* const memory =
      static_cast<std::byte*>(::operator new(size, std::align_val_t(QueueShape::kUnit)));
  kept.push_back(memory);
  std::fill_n(memory, size, std::byte{0});
  memory_ = absl::MakeSpan(memory, size);
  PrepareQueueMemory(shape_, memory_);
}

std::unique_ptr<QueueEnd> QueueUnderTest::In(Arena& arena) const {
  EXPECT_TRUE(arena.Hold(name_, ObjectKind::kQueue).ok());
  return std::make_unique<QueueEnd>(
      arena, QueueView::Of(arena.RoomOf(arena.object(name_.index)), memory_).value(), name_.word());
}

Atomic<uint64_t>& QueueUnderTest::SizeOfBuffer(uint64_t unit) const {
  QueueWords unused{};
  return QueueView{unused, shape_, memory_.data()}.unit(unit).size;
}

std::string QueueUnderTest::InUse() const {
  int buffers = 0;
  int leases = 0;
  QueueWords unused{};
  const QueueView view{unused, shape_, memory_.data()};
  for (uint64_t i = 0; i < shape_.units; ++i) buffers += view.unit(i).owner.load() != 0 ? 1 : 0;
  for (uint64_t i = 0; i < shape_.leases; ++i) leases += view.lease(i).owner.load() != 0 ? 1 : 0;
  return absl::StrCat("buffers ", buffers, " leases ", leases);
}

bool QueueUnderTest::BlocksAreRight() const {
  QueueWords unused{};
  const QueueView view{unused, shape_, memory_.data()};
  uint64_t block = 0;
  for (uint64_t i = 0; i < shape_.units; ++i) {
    const QueueUnit& unit = view.unit(i);
    if (i < block) {
      if (unit.owner.load() != 0) return false;  // inside of another block
      continue;
    }
    block += std::max<uint64_t>((unit.size.load() + QueueShape::kUnit - 1) / QueueShape::kUnit, 1);
  }
  return block == shape_.units;
}

std::string LargeText(int number) {
  std::string text;
  while (text.size() < 3000) absl::StrAppend(&text, number, ",", text.size(), ";");
  return text;
}

}  // namespace isoproc::internal
