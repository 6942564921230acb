#include <string>
#include <vector>

#include "conformance/children/outcome.h"
#include "conformance/children/twin.h"
#include "isoproc/isoproc.h"

namespace isoproc::conformance {
namespace {

constexpr int kThisFile = 1;

int Namesake() { return 10 * kThisFile; }

struct Object {
  int value;
  int operator()() const { return 10 * kThisFile + value; }
};

template <int kN>
int Instance() {
  return 10 * kThisFile + kN;
}

std::vector<std::string> StartAll() {
  return {
      Outcome(Process::Start<Namesake>()),
      Outcome(Process::Start(Object{1})),
      Outcome(Process::Start<Instance<2>>()),
      Outcome(Process::Start([] { return 10 * kThisFile + 3; })),
  };
}

}  // namespace

std::vector<std::string> StartLeft() { return StartAll(); }

}  // namespace isoproc::conformance
