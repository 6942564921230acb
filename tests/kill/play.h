// One run of a scenario, with the victim killed at one point.
#ifndef ISOPROC_TESTS_KILL_PLAY_H_
#define ISOPROC_TESTS_KILL_PLAY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/kill/scenario.h"

namespace isoproc::kill {

// A process that can be killed at a point that is known. What a point is depends on the program: an
// instruction, or a store.
class Victim {
 public:
  virtual ~Victim() = default;

  // Begins Scenario::act and goes on to point `n`, where it stops: nullopt. Or `act` returned
  // before, after as many points, and it stopped then.
  virtual std::optional<int64_t> RunTo(int64_t n) = 0;
  // Begins Scenario::act and does not stop.
  virtual void RunOn() = 0;
  // Blocks: until it is dead for everybody. Nobody is told of the death.
  virtual void Kill() = 0;
};

// Which of the functions of a scenario a victim runs before it returns: `first`, or `before`.
enum class Role { kFirst, kVictim };

// Gives a victim that has done that.
using StartVictim = std::function<std::unique_ptr<Victim>(const Scenario& scenario,
                                                          const Objects& objects, Role role)>;

// Where the victim is killed, and whether the survivors are told of it.
struct Death {
  // Any point from 1; kAsleep: when it sleeps in Scenario::act.
  static constexpr int64_t kAsleep = -1;
  int64_t point = 0;
  bool noticed = false;
};

struct Verdict {
  // If `act` returned before `point`: its number of points.
  std::optional<int64_t> points;
  // Whether the victim had a lock when it died.
  bool had_lock = false;
  std::vector<std::string> problems;
  // From the death until all survivors had made progress.
  absl::Duration recovery;
};

// `limit`: by when the survivors must have made progress.
Verdict Play(const Scenario& scenario, const StartVictim& start, const Death& death,
             absl::Duration limit);

}  // namespace isoproc::kill

#endif  // ISOPROC_TESTS_KILL_PLAY_H_
