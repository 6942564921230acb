#include "conformance/harness/case.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/session.h"
#include "conformance/harness/support.h"
#include "conformance/harness/watchdog.h"
#include "gtest/gtest.h"

namespace isoproc::conformance {
namespace {

struct Registry {
  std::deque<RegisteredCase> cases;
  std::map<std::pair<std::string, std::string>, void (*)()> otherwise;  // by token and name
};
Registry& GetRegistry() {
  static Registry& registry = *new Registry;
  return registry;
}

struct Token {
  std::string family;
  std::string number;
  std::string case_number;
};
Token ParseToken(const std::string& token) {
  const std::vector<std::string> parts = absl::StrSplit(token, '_');
  return {parts[0], parts.size() > 1 ? parts[1] : "", parts.size() > 2 ? parts[2] : "1"};
}

}  // namespace

std::string CaseInfo::clause() const {
  const Token parts = ParseToken(token);
  return absl::StrCat(parts.family, "-", parts.number);
}

std::string CaseInfo::id() const {
  return absl::StrCat(clause(), ".", ParseToken(token).case_number);
}

std::string CaseInfo::test_name() const {
  const Token parts = ParseToken(token);
  return absl::StrCat(parts.family, parts.number,
                      parts.case_number == "1" ? "" : absl::StrCat("Case", parts.case_number),
                      name);
}

bool AddCase(CaseInfo info, Case* (*make)(const CaseInfo& info)) {
  GetRegistry().cases.push_back({std::move(info), make, nullptr});
  return true;
}

bool AddOtherwise(std::string_view token, std::string_view name, void (*otherwise)()) {
  GetRegistry().otherwise[{std::string(token), std::string(name)}] = otherwise;
  return true;
}

std::vector<const RegisteredCase*> AllCases() {
  Registry& registry = GetRegistry();
  for (RegisteredCase& a_case : registry.cases) {
    const auto found = registry.otherwise.find({a_case.info.token, a_case.info.name});
    if (found != registry.otherwise.end()) a_case.otherwise = found->second;
  }
  std::map<std::string, size_t> order;
  for (const Clause& clause : Catalogue()) order.emplace(clause.id, order.size());
  // Each case's place is found once: each of a thousand test programs asks for all of them.
  std::vector<std::tuple<size_t, int, std::string_view, const RegisteredCase*>> sorted;
  for (const RegisteredCase& a_case : registry.cases) {
    const auto found = order.find(a_case.info.clause());
    int number = 0;
    (void)absl::SimpleAtoi(ParseToken(a_case.info.token).case_number, &number);
    sorted.emplace_back(found == order.end() ? order.size() : found->second, number,
                        a_case.info.name, &a_case);
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<const RegisteredCase*> all;
  for (const auto& place : sorted) all.push_back(std::get<const RegisteredCase*>(place));
  return all;
}

void Observe(std::string_view key, std::string_view value) {
  GetSession().AddObservation(key, value);
}
void Observe(std::string_view key, int64_t value) { Observe(key, absl::StrCat(value)); }
void Observe(std::string_view key, const absl::Status& value) {
  Observe(key, absl::StatusCodeToString(value.code()));
}

void Case::SetUp() {
  RecordProperty("clause", info_.clause());
  RecordProperty("case", info_.id());
  GetSession().Begin(info_);
}

void Case::TestBody() {
  const Clause* clause = FindClause(info_.clause());
  if (clause == nullptr) {
    ADD_FAILURE() << info_.clause() << " is not in the catalogue";
    return;
  }
  const Watchdog watchdog(GetEnvironment().case_timeout,
                          absl::StrCat(info_.suite, ".", info_.test_name(), " (", info_.id(), ": ",
                                       std::string(clause->sentence), ")"),
                          [] { GetSession().AbandonCurrentCase("the watchdog ended it"); });

  const Support support = SupportOf(*clause, info_.capabilities, TestPort());
  if (support.supported) {
    Run();
    return;
  }
  void (*otherwise)() = nullptr;
  for (const RegisteredCase* a_case : AllCases()) {
    if (&a_case->info == &info_) otherwise = a_case->otherwise;
  }
  if (otherwise != nullptr) {
    otherwise();
  } else if (!support.problem.empty()) {
    ADD_FAILURE() << support.problem;
  }
  if (HasFailure()) return;
  GetSession().MarkNotSupported(support.capability, support.reason);
  GTEST_SKIP() << "not-supported; id=" << info_.id() << "; capability=" << support.capability
               << "; reason=" << support.reason;
}

void Case::TearDown() {
  // Only the harness skips. A case that could do so by itself would be an unseen hole in the suite.
  if (IsSkipped() && !GetSession().not_supported()) {
    ADD_FAILURE() << "the case skipped itself; it must name a capability instead";
  }
}

}  // namespace isoproc::conformance
