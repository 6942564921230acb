// Catalogue and cases are well formed; tools/checks/clauses.py sees that they belong together.
#include "conformance/catalogue/catalogue.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "conformance/harness/case.h"
#include "conformance/harness/support.h"
#include "conformance/selftest/broken_ports.h"
#include "gtest/gtest.h"

namespace isoproc::conformance {
namespace {

std::vector<const RegisteredCase*> RealCases() {
  std::vector<const RegisteredCase*> cases;
  for (const RegisteredCase* a_case : AllCases()) {
    if (a_case->info.suite != "Selftest") cases.push_back(a_case);
  }
  return cases;
}

TEST(Catalogue, EveryRowIsWellFormed) {
  std::set<std::string> ids;
  std::set<std::string> capabilities = {""};
  for (const auto& [name, declared] : NamedCapabilities({})) capabilities.insert(name);
  for (const Clause& clause : Catalogue()) {
    const std::string id(clause.id);
    EXPECT_TRUE(ids.insert(id).second) << id << " is there twice";
    const size_t dash = id.find('-');
    EXPECT_EQ(id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), dash) << id;
    EXPECT_EQ(id.find_first_not_of("0123456789", dash + 1), std::string::npos) << id;
    EXPECT_GE(id.size(), dash + 3) << id;
    EXPECT_GT(clause.sentence.size(), 10u) << id;
    EXPECT_EQ(clause.sentence.back(), '.') << id;
    EXPECT_TRUE(capabilities.contains(std::string(clause.capability))) << id;
    EXPECT_EQ(clause.level == Level::kOptional, !clause.capability.empty()) << id;
    EXPECT_EQ(clause.level == Level::kLeftOut, clause.since.empty()) << id;
  }
}

// A missing number is a clause that was dropped and not retired, or a forgotten behaviour of the
// model.
TEST(Catalogue, NumbersHaveNoGaps) {
  std::map<std::string, int> count;
  for (const Clause& clause : Catalogue()) {
    const std::string family(FamilyOf(clause.id));
    EXPECT_EQ(clause.id, absl::StrFormat("%s-%02d", family, ++count[family]));
  }
}

TEST(Catalogue, EveryCaseHasAClauseAndANameOfItsOwn) {
  std::set<std::string> ids;
  std::set<std::string> names;
  std::map<std::string, int> count;
  for (const RegisteredCase* a_case : RealCases()) {
    const CaseInfo& info = a_case->info;
    const Clause* clause = FindClause(info.clause());
    ASSERT_NE(clause, nullptr) << info.id();
    EXPECT_TRUE(clause->level == Level::kCore || clause->level == Level::kOptional)
        << info.id() << " is a case of a clause that is " << LevelName(clause->level);
    EXPECT_TRUE(ids.insert(info.id()).second) << info.id() << " is there twice";
    EXPECT_TRUE(names.insert(info.suite + "." + info.test_name()).second) << info.test_name();
    EXPECT_EQ(info.test_name().find_first_of("_-:*?"), std::string::npos) << info.test_name();
    ++count[info.clause()];
  }
  for (const auto& [clause, cases] : count) {
    for (int number = 1; number <= cases; ++number) {
      const std::string id = absl::StrFormat("%s.%d", clause, number);
      EXPECT_TRUE(ids.contains(id)) << "the cases of " << clause << " are not numbered from 1 on";
    }
  }
}

TEST(BrokenPorts, NameCasesThatExist) {
  std::set<std::string> ids;
  for (const RegisteredCase* a_case : AllCases()) ids.insert(a_case->info.id());
  std::set<std::string> names;
  for (const BrokenPort& broken : BrokenPorts()) {
    EXPECT_TRUE(names.insert(broken.name).second) << broken.name;
    EXPECT_FALSE(broken.cases.empty()) << broken.name;
    for (const std::string& id : broken.cases) EXPECT_TRUE(ids.contains(id)) << id;
  }
}

}  // namespace
}  // namespace isoproc::conformance
