// Where a scenario is played: what its threads in the surviving process have in common.
#ifndef ISOPROC_TESTS_KILL_STAGE_H_
#define ISOPROC_TESTS_KILL_STAGE_H_

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/sync.h"

namespace isoproc::kill {

// Thread safety: any thread.
class Stage {
 public:
  Stage(int sleepers, bool noticed, absl::Duration limit)
      : sleepers_(sleepers), noticed_(noticed), limit_(limit) {}

  // The timeout of all that survivors do.
  absl::Duration limit() const { return limit_; }

  void Expect(bool holds, const std::string& what);
  void ExpectOk(const absl::Status& status, const std::string& what);
  // For each time that a survivor takes a lock: who is told of a death is counted.
  void ExpectTaken(const absl::StatusOr<LockStatus>& taken, const std::string& what);
  int times_told() const { return told_; }
  // Whether the survivors are told of the death.
  bool noticed() const { return noticed_; }
  // How many Scenario::sleepers there are.
  int sleepers() const { return sleepers_; }
  std::vector<std::string> problems() const;

  // Scenario::meanwhile says that the victim can begin.
  void SetOff() { is_set_off_ = true; }
  void AwaitSetOff() const;
  // Returns when so many threads of the family sleep, or the victim is dead.
  void AwaitSleepers(int count) const;
  // From now on, AwaitSleepers only returns when the victim is dead.
  void LetSleep() { lets_sleep_ = true; }
  // Scenario::meanwhile is about to do what the victim may sleep for.
  void Mark() { is_marked_ = true; }
  bool marked() const { return is_marked_; }
  // The sleepers that have returned.
  void Finish() { ++finished_; }
  int finished() const { return finished_; }
  // Returns when so many have: true; or when the victim is dead.
  bool AwaitFinished(int count) const;
  // Returns when all of them have, also after the death.
  void AwaitSleepersFinished() const;
  // Returns when the victim is dead.
  void AwaitDeath() const;
  bool is_over() const { return is_over_; }
  void VictimIsDead() { is_over_ = true; }

 private:
  const int sleepers_;
  const bool noticed_;
  const absl::Duration limit_;
  mutable std::mutex mutex_;
  std::vector<std::string> problems_;
  std::atomic<int> told_{0};
  std::atomic<bool> is_set_off_{false};
  std::atomic<bool> lets_sleep_{false};
  std::atomic<bool> is_marked_{false};
  std::atomic<int> finished_{0};
  std::atomic<bool> is_over_{false};
};

}  // namespace isoproc::kill

#endif  // ISOPROC_TESTS_KILL_STAGE_H_
