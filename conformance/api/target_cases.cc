// What can be a target, and that each is found as itself.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/children/outcome.h"
#include "conformance/harness/case.h"
#include "conformance/harness/status_matchers.h"
#include "isoproc/isoproc.h"

namespace isoproc::conformance {
namespace {

int Plain(int n) { return n; }
int Noexcept(int n) noexcept { return n + 1; }
int Overloaded(int n) { return n + 2; }
int Overloaded(const std::string& text) { return static_cast<int>(text.size()) + 3; }
bool IsEven(int n) { return n % 2 == 0; }
void Nothing() {}
int WithDefault(int n, int m = 5) { return n + m; }

class Class {
 public:
  static int Function(int n) { return n + 4; }
};

ISOPROC_CASE(Target, CTX_26_2, FunctionsOfAllKindsAreFound) {
  const std::vector<std::string> outcomes = {
      Outcome(Process::Start<Plain>(10)),
      Outcome(Process::Start<Noexcept>(10)),
      Outcome(Process::Start<static_cast<int (*)(int)>(Overloaded)>(10)),
      Outcome(Process::Start<static_cast<int (*)(const std::string&)>(Overloaded)>("1234567890")),
      Outcome(Process::Start<Class::Function>(10)),
      Outcome(Process::Start<WithDefault>(10, 5)),
      Outcome(Process::Start<&Plain>(16)),
  };
  EXPECT_EQ(outcomes, (std::vector<std::string>{"exited 10", "exited 11", "exited 12", "exited 13",
                                                "exited 14", "exited 15", "exited 16"}));
  for (const std::string& outcome : outcomes) Observe("outcome", outcome);
}

ISOPROC_CASE(Target, CTX_26_3, ResultsAreExitCodes) {
  const std::vector<std::string> outcomes = {
      Outcome(Process::Start<IsEven>(2)),
      Outcome(Process::Start<IsEven>(3)),
      Outcome(Process::Start<Nothing>()),
  };
  EXPECT_EQ(outcomes, (std::vector<std::string>{"exited 1", "exited 0", "exited 0"}));
  for (const std::string& outcome : outcomes) Observe("outcome", outcome);
}

// Members travel along as they are.
struct Aggregate {
  std::string text;
  std::vector<int> numbers;
  int operator()(int n) const {
    for (const int number : numbers) n += number;
    return n + static_cast<int>(text.size());
  }
};
class Hooked {
 public:
  Hooked() = default;
  explicit Hooked(int value) : value_(value) {}
  template <class Archive>
  void serialize(Archive& archive) {
    archive(value_);
  }
  int operator()() { return value_++; }

 private:
  int value_ = 0;
};
struct Stateless {
  int operator()(int n) const { return n; }
};

ISOPROC_CASE(Target, CTX_26_4, ObjectsAreFound) {
  const std::vector<std::string> outcomes = {
      Outcome(Process::Start(Aggregate{"abc", {10, 20}}, 7)),
      Outcome(Process::Start(Hooked(41))),
      Outcome(Process::Start(Stateless{}, 42)),
      Outcome(Process::Start(
          [](const auto& a, auto b) { return static_cast<int>(a.size()) + static_cast<int>(b); },
          std::string(40, 'x'), 3.0)),
  };
  EXPECT_EQ(outcomes,
            (std::vector<std::string>{"exited 40", "exited 41", "exited 42", "exited 43"}));
  for (const std::string& outcome : outcomes) Observe("outcome", outcome);
}

ISOPROC_CASE(Target, ENTRY_13, LambdasOfOneSignatureAreToldApart) {
  const auto first = [](int n) { return n + 1; };
  const auto second = [](int n) { return n + 2; };
  const std::vector<std::string> outcomes = {
      Outcome(Process::Start(second, 10)),
      Outcome(Process::Start(first, 10)),
      Outcome(Process::Start([](int n) { return n + 3; }, 10)),
  };
  EXPECT_EQ(outcomes, (std::vector<std::string>{"exited 12", "exited 11", "exited 13"}));
  for (const std::string& outcome : outcomes) Observe("outcome", outcome);
}

template <class T>
int SizeOf(int n) {
  return n + static_cast<int>(sizeof(T));
}
template <int kN>
int Constant() {
  return kN;
}

ISOPROC_CASE(Target, ENTRY_14, InstancesOfATemplateAreToldApart) {
  const std::vector<std::string> outcomes = {
      Outcome(Process::Start<SizeOf<int64_t>>(10)),
      Outcome(Process::Start<SizeOf<int8_t>>(10)),
      Outcome(Process::Start<Constant<21>>()),
      Outcome(Process::Start<Constant<20>>()),
  };
  EXPECT_EQ(outcomes,
            (std::vector<std::string>{"exited 18", "exited 11", "exited 21", "exited 20"}));
  for (const std::string& outcome : outcomes) Observe("outcome", outcome);
}

}  // namespace
}  // namespace isoproc::conformance
