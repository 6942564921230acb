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

// A point of what a process does. It is cut at its changes, which others can see: stores to shared
// memory, and calls of the system if the program sees them.
struct Point {
  int64_t changes = 0;
  // Behind the last of these changes. Further than the next change does not count.
  int64_t instructions = 0;
};

// A process that can be killed at a point that is known.
class Victim {
 public:
  virtual ~Victim() = default;

  // Begins Scenario::act and goes on to `point`, where it stops: nullopt. Or `act` returned before,
  // after so many changes, and it stopped then.
  virtual std::optional<int64_t> RunTo(const Point& point) = 0;
  // Runs Scenario::act to its end. Gives the number of instructions before the first change,
  // between that and the second one, and so on: if not `exactly`, some number. 0 where the program
  // cannot stop in between.
  virtual std::vector<int64_t> Survey(bool exactly) = 0;
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
  enum class Where { kAtPoint, kAsleep, kAtEnd, kAtEndSurveyed };
  Where where = Where::kAtPoint;
  Point point;
  bool noticed = false;
};

struct Verdict {
  // If `act` returned before the point: its number of changes.
  std::optional<int64_t> changes;
  // With kAtEnd and, exactly, kAtEndSurveyed: see Victim::Survey.
  std::vector<int64_t> survey;
  std::vector<std::string> problems;
  // From the death until all survivors had made progress.
  absl::Duration recovery;
};

// `limit`: by when the survivors must have made progress.
Verdict Play(const Scenario& scenario, const StartVictim& start, const Death& death,
             absl::Duration limit);

}  // namespace isoproc::kill

#endif  // ISOPROC_TESTS_KILL_PLAY_H_
