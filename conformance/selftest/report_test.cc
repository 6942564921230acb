// Reports: what is written is read, and what two of them differ in is found.
#include "conformance/harness/report.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/waivers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace isoproc::conformance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

CaseResult Result(const std::string& id, const std::string& verdict,
                  std::vector<Observation> observations = {}) {
  CaseResult result;
  result.id = id;
  result.clause = id.substr(0, id.find('.'));
  result.test = "Suite." + id;
  result.level = "core";
  result.verdict = verdict;
  if (verdict == kNotSupported) result.capability = "fork";
  if (verdict != kPass) result.reason = "because";
  result.observations = std::move(observations);
  return result;
}

Report Of(const std::string& profile, std::vector<CaseResult> cases) {
  Report report;
  report.suite_version = kSuiteVersion;
  report.system = "system of " + profile;
  report.profile = profile;
  report.cases = std::move(cases);
  CountCases(report);
  return report;
}

TEST(Report, SurvivesItsFile) {
  Report report =
      Of("linux", {Result("PROC-25.1", kPass, {{"code", "44"}, {"text", "\"q\" \\ \n"}}),
                   Result("CTX-15.1", kNotSupported)});
  report.capabilities = {{"fork", false}};
  report.clauses_without_case = {{"PROC-05", "left-out", "why"}};
  report.problems = {"one"};
  ASSERT_OK_AND_ASSIGN(const Report read, FromJson(ToJson(report)));
  EXPECT_EQ(ToJson(read), ToJson(report));
  EXPECT_EQ(read.cases[0].observations, report.cases[0].observations);
  EXPECT_THAT(Compare(read, report).differences, ElementsAre(HasSubstr("one"), HasSubstr("one")));
}

TEST(Report, OtherFilesAreNone) {
  for (const char* text : {"", "{", "{}", "[]", "{\"isoproc_conformance\": 3}"}) {
    EXPECT_CODE(FromJson(text), kDataLoss) << text;
  }
  EXPECT_CODE(ReadReport("no-such-directory/report.json"), kNotFound);
}

TEST(Report, CountsPerLevelAndVerdict) {
  const Report report =
      Of("linux", {Result("A-01.1", kPass), Result("A-01.2", kPass), Result("A-02.1", kFail)});
  ASSERT_EQ(report.counts.size(), 2u);
  EXPECT_EQ(report.counts[0].verdict, kFail);
  EXPECT_EQ(report.counts[0].cases, 1);
  EXPECT_EQ(report.counts[1].cases, 2);
}

TEST(Report, SucceedsWithoutFailuresErrorsAndProblems) {
  EXPECT_TRUE(Succeeded(Of(
      "p", {Result("A-01.1", kPass), Result("A-02.1", kNotSupported), Result("A-03.1", kWaived)})));
  EXPECT_FALSE(Succeeded(Of("p", {Result("A-01.1", kFail)})));
  EXPECT_FALSE(Succeeded(Of("p", {Result("A-01.1", kError)})));
  Report report = Of("p", {});
  report.problems = {"p"};
  EXPECT_FALSE(Succeeded(report));
}

TEST(Compare, SameIsIdenticalWhateverTheSystem) {
  const auto cases = {Result("A-01.1", kPass, {{"code", "44"}}), Result("A-02.1", kNotSupported)};
  const Comparison comparison = Compare(Of("linux", cases), Of("win32", cases));
  EXPECT_TRUE(comparison.identical());
  EXPECT_EQ(ToText(comparison), "identical\n");
}

TEST(Compare, VerdictsDiffer) {
  const Comparison comparison =
      Compare(Of("linux", {Result("A-01.1", kPass)}), Of("win32", {Result("A-01.1", kFail)}));
  EXPECT_THAT(comparison.differences, ElementsAre("A-01.1: linux pass, win32 fail (because)"));
  EXPECT_THAT(comparison.clauses, ElementsAre("A-01"));
  EXPECT_THAT(ToText(comparison), HasSubstr("different: A-01\n"));
}

TEST(Compare, ObservationsDiffer) {
  const Comparison comparison = Compare(Of("linux", {Result("A-01.1", kPass, {{"code", "44"}})}),
                                        Of("win32", {Result("A-01.1", kPass, {{"code", "300"}})}));
  EXPECT_THAT(comparison.differences,
              ElementsAre("A-01.1: linux observed [code=44], win32 [code=300]"));
}

TEST(Compare, OrderOfObservationsCounts) {
  const Comparison comparison =
      Compare(Of("linux", {Result("A-01.1", kPass, {{"a", "1"}, {"b", "2"}})}),
              Of("win32", {Result("A-01.1", kPass, {{"b", "2"}, {"a", "1"}})}));
  EXPECT_FALSE(comparison.identical());
}

TEST(Compare, MissingCapabilityIsDeclaredAndNoDifference) {
  Report a = Of("linux", {Result("A-01.1", kPass, {{"x", "1"}})});
  Report b = Of("win32", {Result("A-01.1", kNotSupported)});
  a.capabilities = {{"fork", true}};
  b.capabilities = {{"fork", false}};
  const Comparison comparison = Compare(a, b);
  EXPECT_TRUE(comparison.identical());
  EXPECT_THAT(comparison.declared, ElementsAre("capability fork: linux yes, win32 no",
                                               "A-01.1: not supported by win32 (fork: because)"));
  EXPECT_THAT(ToText(comparison), testing::EndsWith("identical\n"));
}

TEST(Compare, FailureIsNotHiddenByAMissingCapability) {
  EXPECT_FALSE(Compare(Of("linux", {Result("A-01.1", kFail)}),
                       Of("win32", {Result("A-01.1", kNotSupported)}))
                   .identical());
}

TEST(Compare, FailingAlikeIsNotIdentical) {
  const auto cases = {Result("A-01.1", kFail)};
  EXPECT_THAT(Compare(Of("a", cases), Of("b", cases)).differences,
              ElementsAre("A-01.1: fail on both"));
}

TEST(Compare, CasesOfOneSidePartialRunsAndOtherVersionsDiffer) {
  Report a = Of("linux", {Result("A-01.1", kPass), Result("A-02.1", kPass)});
  Report b = Of("win32", {Result("A-01.1", kPass)});
  EXPECT_THAT(Compare(a, b).differences, ElementsAre("A-02.1: only in the report of linux"));
  EXPECT_THAT(Compare(b, a).differences, ElementsAre("A-02.1: only in the report of linux"));
  b = a;
  b.partial = true;
  EXPECT_FALSE(Compare(a, b).identical());
  b = a;
  b.suite_version = "other";
  EXPECT_FALSE(Compare(a, b).identical());
}

TEST(Waivers, AreParsed) {
  ASSERT_OK_AND_ASSIGN(const std::vector<Waiver> waivers,
                       ParseWaivers("# why\n\n PROC-14.2 ; slow disk ; #12 ; 2027-01-31 \r\n"));
  ASSERT_EQ(waivers.size(), 1u);
  EXPECT_EQ(waivers[0].id, "PROC-14.2");
  EXPECT_EQ(waivers[0].reason, "slow disk");
  EXPECT_EQ(waivers[0].issue, "#12");
  EXPECT_EQ(waivers[0].expiry, absl::CivilDay(2027, 1, 31));
}

TEST(Waivers, NeedAllFour) {
  for (const char* text :
       {"PROC-14.2", "a;b;c", "a;b;;2027-01-31", "a;b;c;soon", "a;b;c;2027-01-31;e"}) {
    EXPECT_CODE(ParseWaivers(text), kInvalidArgument) << text;
  }
}

TEST(Waivers, AFailureIsWaivedUntilTheDay) {
  const absl::CivilDay day(2027, 1, 31);
  const std::vector<Waiver> waivers = {{"A-01.1", "slow disk", "#12", day}};
  Report report = Of("p", {Result("A-01.1", kFail), Result("A-02.1", kPass)});
  ApplyWaivers(waivers, day, report);
  EXPECT_EQ(report.cases[0].verdict, kWaived);
  EXPECT_THAT(report.cases[0].reason, HasSubstr("slow disk"));
  EXPECT_TRUE(Succeeded(report));

  report = Of("p", {Result("A-01.1", kFail)});
  ApplyWaivers(waivers, day + 1, report);
  EXPECT_EQ(report.cases[0].verdict, kFail);
  EXPECT_THAT(report.problems, ElementsAre(HasSubstr("expired")));
}

TEST(Waivers, MustDieWhenTheCasePasses) {
  const std::vector<Waiver> waivers = {{"A-01.1", "slow disk", "#12", absl::CivilDay(2027)}};
  for (const char* verdict : {kPass, kNotSupported}) {
    Report report = Of("p", {Result("A-01.1", verdict)});
    ApplyWaivers(waivers, absl::CivilDay(2026), report);
    EXPECT_FALSE(Succeeded(report)) << verdict;
  }
  Report report = Of("p", {Result("A-02.1", kPass)});
  ApplyWaivers(waivers, absl::CivilDay(2026), report);
  EXPECT_THAT(report.problems, ElementsAre(HasSubstr("no such case")));
}

TEST(Waivers, DoNotCoverABrokenHarness) {
  const std::vector<Waiver> waivers = {{"A-01.1", "slow disk", "#12", absl::CivilDay(2027)}};
  Report report = Of("p", {Result("A-01.1", kError)});
  ApplyWaivers(waivers, absl::CivilDay(2026), report);
  EXPECT_FALSE(Succeeded(report));
}

TEST(Waivers, NoFileMeansNone) {
  ASSERT_OK_AND_ASSIGN(const std::vector<Waiver> waivers,
                       LoadWaivers("no-such-directory", "linux"));
  EXPECT_THAT(waivers, testing::SizeIs(0));
}

}  // namespace
}  // namespace isoproc::conformance
