// A process dies between two changes that belong together; the next one is told, and makes up for it.
#include <cstdio>
#include <cstdlib>

#include "isoproc/isoproc.h"

constexpr int kAll = 100;

void Pay(isoproc::Lock lock, isoproc::Value<int> from, isoproc::Value<int> to) {
  const auto taken = lock.Acquire();
  if (!taken.ok()) return;
  if (*taken == isoproc::LockStatus::kOwnerDied) {
    std::printf("the last owner died: %d and %d\n", *from.Load(), *to.Load());
    to.Store(kAll - *from.Load()).IgnoreError();
  }
  from.FetchAdd(-1).IgnoreError();
  to.FetchAdd(1).IgnoreError();
  lock.Release().IgnoreError();
}

void PayHalf(isoproc::Lock lock, isoproc::Value<int> from) {
  if (!lock.Acquire().ok()) return;
  from.FetchAdd(-1).IgnoreError();
  std::exit(1);
}

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);

  auto lock = isoproc::Lock::Create().value();
  auto from = isoproc::Value<int>::Create(kAll).value();
  auto to = isoproc::Value<int>::Create().value();
  isoproc::Process::Start<PayHalf>(lock, from).value().Join().value();
  isoproc::Process::Start<Pay>(lock, from, to).value().Join().value();
  std::printf("in the end: %d and %d\n", *from.Load(), *to.Load());
}

// Seen: "the last owner died: 99 and 0", "in the end: 98 and 2".
