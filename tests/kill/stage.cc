#include "tests/kill/stage.h"

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "isoproc/sync.h"
#include "tests/kill/arena_view.h"

namespace isoproc::kill {

void Stage::Expect(bool holds, const std::string& what) {
  if (holds) return;
  const std::lock_guard lock(mutex_);
  problems_.emplace_back(what);
}

void Stage::ExpectOk(const absl::Status& status, const std::string& what) {
  Expect(status.ok(), status.ok() ? "" : absl::StrCat(what, ": ", status.ToString()));
}

void Stage::ExpectTaken(const absl::StatusOr<LockStatus>& taken, const std::string& what) {
  ExpectOk(taken.status(), what);
  if (taken.ok() && *taken == LockStatus::kOwnerDied) ++told_;
}

std::vector<std::string> Stage::problems() const {
  const std::lock_guard lock(mutex_);
  return problems_;
}

void Stage::AwaitSetOff() const {
  while (!is_set_off_) std::this_thread::yield();
}

bool Stage::AwaitFinished(int count) const {
  while (!is_over_ && finished_ < count) std::this_thread::yield();
  return finished_ >= count;
}

void Stage::AwaitSleepersFinished() const {
  while (finished_ < sleepers_) std::this_thread::yield();
}

void Stage::AwaitSleepers(int count) const {
  while (!is_over_ && (lets_sleep_ || CountSleepers() < count)) std::this_thread::yield();
}

void Stage::AwaitDeath() const {
  while (!is_over_) std::this_thread::yield();
}

}  // namespace isoproc::kill
