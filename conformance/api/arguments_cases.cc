// How arguments travel, and what comes of those that cannot.
#include <array>
#include <bitset>
#include <chrono>
#include <complex>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <forward_list>
#include <fstream>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "conformance/api/child_program.h"
#include "conformance/api/replaced_port.h"
#include "conformance/children/outcome.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/temp_dir.h"
#include "isoproc/isoproc.h"
#include "platform/testing/fault_port.h"

namespace isoproc::conformance {
namespace {

// ---- what travels ------------------------------------------------------------------------------

enum class Colour : uint8_t { kRed, kGreen };
struct Bytes {
  int32_t number;
  char name[4];
  friend bool operator==(const Bytes& a, const Bytes& b) {
    return a.number == b.number && std::string(a.name, 4) == std::string(b.name, 4);
  }
};
struct Tree {
  std::string name;
  std::vector<Tree> children;
  std::optional<double> weight;
  friend bool operator==(const Tree&, const Tree&) = default;
};

using Sequences = std::tuple<std::vector<std::string>, std::vector<bool>, std::deque<int>,
                             std::list<int>, std::forward_list<int>, std::array<int, 2>>;
Sequences MakeSequences() {
  return {{"a", std::string("\0b", 2), ""}, {true, false}, {1, 2}, {3}, {4, 5}, {6, 7}};
}
using Associations =
    std::tuple<std::map<std::string, std::vector<int>>, std::multimap<int, int>, std::set<int>,
               std::unordered_map<std::string, int>, std::unordered_set<int>>;
Associations MakeAssociations() {
  return {{{"k", {1, 2}}, {"", {}}}, {{1, 2}, {1, 3}}, {5, 4}, {{"x", 1}, {"y", 2}}, {7, 8, 9}};
}
using Vocabulary = std::tuple<std::bitset<70>, std::chrono::nanoseconds, std::complex<double>,
                              std::optional<std::string>, std::optional<int>,
                              std::pair<int, std::string>, std::variant<int, std::string>, Colour>;
Vocabulary MakeVocabulary() {
  return {std::bitset<70>().set(69),
          std::chrono::nanoseconds(-1),
          {1, -2},
          "o",
          std::nullopt,
          {1, "p"},
          "v",
          Colour::kGreen};
}
Tree MakeTree() { return {"root", {{"leaf", {}, 0.5}, {"other", {{"deep", {}, {}}}, {}}}, -1.0}; }

// Gives the number of arguments that arrived as they were sent.
int CountContainers(const Sequences& sequences, Associations&& associations, Vocabulary vocabulary,
                    const Tree& tree) {
  return (sequences == MakeSequences()) + (associations == MakeAssociations()) +
         (vocabulary == MakeVocabulary()) + (tree == MakeTree());
}

int CountScalars(bool flag, char letter, int8_t small, uint64_t large, float half, double tiny,
                 Colour colour, Bytes bytes) {
  return flag + (letter == 'x') + (small == -128) + (large == UINT64_MAX) + (half == 0.5F) +
         (tiny == 4.9406564584124654e-324) + (colour == Colour::kGreen) +
         (bytes == Bytes{7, {'n', 'a', 'm', 'e'}});
}

int CountPointers(std::unique_ptr<Tree> unique, const std::shared_ptr<std::string>& shared,
                  std::pair<std::shared_ptr<int>, std::shared_ptr<int>> twice,
                  std::unique_ptr<int> null) {
  return (unique != nullptr && *unique == MakeTree()) + (shared != nullptr && *shared == "s") +
         (twice.first != nullptr && twice.first == twice.second) + (null == nullptr);
}

ISOPROC_CASE(Arguments, CTX_28_2, ValuesOfEveryKindArriveAsTheyWere) {
  EXPECT_EQ(Outcome(Process::Start<CountScalars>(true, 'x', -128, UINT64_MAX, 0.5F,
                                                 4.9406564584124654e-324, Colour::kGreen,
                                                 Bytes{7, {'n', 'a', 'm', 'e'}})),
            "exited 8");
  EXPECT_EQ(Outcome(Process::Start<CountContainers>(MakeSequences(), MakeAssociations(),
                                                    MakeVocabulary(), MakeTree())),
            "exited 4");
  const auto number = std::make_shared<int>(1);
  EXPECT_EQ(Outcome(Process::Start(
                [](std::unique_ptr<Tree> unique, const std::shared_ptr<std::string>& shared,
                   const std::pair<std::shared_ptr<int>, std::shared_ptr<int>>& twice,
                   std::unique_ptr<int> null) {
                  return CountPointers(std::move(unique), shared, twice, std::move(null));
                },
                std::make_unique<Tree>(MakeTree()), std::make_shared<std::string>("s"),
                std::pair(number, number), std::unique_ptr<int>())),
            "exited 4");
}

int TakesText(const std::string& text, double number, int64_t wide) {
  return static_cast<int>(text.size()) + static_cast<int>(number) + static_cast<int>(wide);
}

ISOPROC_CASE(Arguments, CTX_28_3, ArgumentsAreConvertedToTheParametersTypes) {
  const std::string outcome = Outcome(Process::Start<TakesText>("four", 10, int8_t{20}));
  EXPECT_EQ(outcome, "exited 34");
  Observe("outcome", outcome);
}

// A sum over all bytes, so that each must be there.
int Sum(const std::string& text) {
  unsigned sum = 0;
  for (const char c : text) sum += static_cast<unsigned char>(c);
  return static_cast<int>(sum % 251);
}

ISOPROC_CASE(Arguments, CTX_29_2, HundredMegabytesArrive) {
  std::string text(100'000'000, 'x');
  for (size_t i = 0; i < text.size(); i += 1000) text[i] = static_cast<char>(i / 1000);
  EXPECT_EQ(Outcome(Process::Start<Sum>(text)), absl::StrCat("exited ", Sum(text)));
}

// ---- what does not -----------------------------------------------------------------------------

void TakesByte(uint8_t) {}
void TakesUnsigned(unsigned) {}
void TakesInt(int) {}

class ThrowsWhenWritten {
 public:
  template <class Archive>
  void save(Archive&) const {
    throw std::runtime_error("will not be written");
  }
  template <class Archive>
  void load(Archive&) {}
};
void TakesThrower(const ThrowsWhenWritten&) {}

ISOPROC_CASE(Arguments, CTX_27, ArgumentsThatDoNotFitAreInvalid) {
  port::FaultPort port(port::HostPort());  // fails nothing; counts
  const ReplacedPort replaced(port);
  const std::vector<std::pair<std::string, absl::Status>> statuses = {
      {"300 for a byte", Process::Start<TakesByte>(300).status()},
      {"-1 for an unsigned", Process::Start<TakesUnsigned>(-1).status()},
      {"2.5 for an int", Process::Start<TakesInt>(2.5).status()},
      {"2^40 for an int", Process::Start<TakesInt>(int64_t{1} << 40).status()},
      {"throws when written", Process::Start<TakesThrower>(ThrowsWhenWritten()).status()},
  };
  for (const auto& [name, status] : statuses) {
    EXPECT_CODE(status, kInvalidArgument) << name;
    Observe(name, status);
  }
  EXPECT_TRUE(port.calls().empty()) << "nothing was asked of the system";
  EXPECT_EQ(Outcome(Process::Start<TakesByte>(255)), "exited 0");
}

// Notes how many calls were made when it was written.
port::FaultPort* watched = nullptr;
size_t calls_before_writing = 99;
class Watcher {
 public:
  template <class Archive>
  void save(Archive& archive) const {
    calls_before_writing = watched->calls().size();
    archive(0);
  }
  template <class Archive>
  void load(Archive& archive) {
    int nothing = 0;
    archive(nothing);
  }
};
void TakesWatcher(const Watcher&) {}

ISOPROC_CASE(Arguments, CTX_28, ArgumentsAreEncodedBeforeTheChildExists) {
  port::FaultPort port(port::HostPort());
  const ReplacedPort replaced(port);
  watched = &port;
  EXPECT_EQ(Outcome(Process::Start<TakesWatcher>(Watcher())), "exited 0");
  EXPECT_EQ(calls_before_writing, 0U);
  EXPECT_FALSE(port.calls().empty());
  Observe("calls before encoding", calls_before_writing);
}

ISOPROC_CASE(Arguments, CTX_29, ChildThatDiesDuringItsArgumentsIsNoHang) {
  const TempDir directory;
  std::ofstream(directory.path() / "way") << "exit\n";
  ProcessOptions options;
  options.standard_input = StandardStream::FromFile(directory.File("way"));
  const std::string text(100'000'000, 'x');
  const UseExecutable executable(ChildProgram("ends-early"));
  const absl::Status status = Process::Start<Sum>(options, text).status();
  EXPECT_EQ(Outcome(status), "FAILED_PRECONDITION: exited 3");
  EXPECT_TRUE(ActiveChildren().empty());
  Observe("start", Outcome(status));
}

// What the child does while it reads its arguments.
enum class Deed : uint8_t { kThrow, kAbort, kLeave, kExit };
class Doer {
 public:
  Doer() = default;
  explicit Doer(Deed deed) : deed_(deed) {}
  template <class Archive>
  void save(Archive& archive) const {
    archive(deed_);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(deed_);
    switch (deed_) {
      case Deed::kThrow:
        throw std::runtime_error("will not be read");
      case Deed::kAbort:
        std::abort();
      case Deed::kLeave:
        std::_Exit(5);
      case Deed::kExit:
        std::exit(6);
    }
  }

 private:
  Deed deed_ = Deed::kThrow;
};
void TakesDoer(const Doer&) {}

ISOPROC_CASE(Arguments, CTX_30, FailureOfTheChildBeforeItsTargetIsToldByStart) {
  for (const auto& [deed, outcome] :
       std::vector<std::pair<Deed, std::string>>{{Deed::kThrow, "DATA_LOSS"},
                                                 {Deed::kAbort, "ABORTED: signalled 6 (SIGABRT)"},
                                                 {Deed::kLeave, "FAILED_PRECONDITION: exited 5"},
                                                 {Deed::kExit, "FAILED_PRECONDITION: exited 6"}}) {
    ProcessOptions options;
    options.standard_error = StandardStream::Null();
    const absl::Status status = Process::Start<TakesDoer>(options, Doer(deed)).status();
    EXPECT_EQ(Outcome(status), outcome);
    Observe("start", Outcome(status));
  }
  EXPECT_TRUE(ActiveChildren().empty());
}

}  // namespace
}  // namespace isoproc::conformance
