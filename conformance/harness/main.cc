#include "conformance/harness/main.h"

#include <functional>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "conformance/catalogue/catalogue.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/port_child.h"
#include "conformance/harness/report.h"
#include "conformance/harness/session.h"
#include "conformance/harness/support.h"
#include "conformance/harness/waivers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

// Said by the build, so that no code has to find out.
#ifndef ISOPROC_CONFORMANCE_SYSTEM
#define ISOPROC_CONFORMANCE_SYSTEM "unknown"
#endif
#ifndef ISOPROC_CONFORMANCE_COMPILER
#define ISOPROC_CONFORMANCE_COMPILER "unknown"
#endif

namespace isoproc::conformance {
namespace {

constexpr char kUsage[] =
    R"(Runs the conformance suite of isoproc on this machine.

  isoproc-conformance [--gtest_filter=…] [options]   run the cases
    --report=FILE.json      write what was found out
    --waivers=DIRECTORY     waivers/<profile>.txt there names cases that are known to fail
    --stress                stress cases at their full size; each may take 20 minutes
    --case-timeout=SECONDS  for slow machines and tools
  isoproc-conformance --list                         print the catalogue and its cases
  isoproc-conformance --compare A.json B.json        "identical", or which clauses differ

Exit code: 0 success or identical, 1 failure or different, 2 wrong usage.
)";

struct Flags {
  bool list = false;
  bool compare = false;
  bool help = false;
  std::string report;
  std::string waivers;
  std::vector<std::string> files;
};

// A case at its full size takes minutes.
constexpr absl::Duration kStressCaseTimeout = absl::Minutes(20);

void SetCaseTimeout(absl::Duration timeout) {
  GetEnvironment().case_timeout = timeout;
  GetEnvironment().patience = timeout / 2;
}

// What GoogleTest has left of the arguments.
absl::StatusOr<Flags> ParseFlags(int argc, char** argv) {
  Flags flags;
  for (int i = 1; i < argc; ++i) {
    const std::pair<std::string, std::string> argument =
        absl::StrSplit(argv[i], absl::MaxSplits('=', 1));
    const auto& [name, value] = argument;
    double seconds = 0;
    if (name == "--list") {
      flags.list = true;
    } else if (name == "--compare") {
      flags.compare = true;
    } else if (name == "--help") {
      flags.help = true;
    } else if (name == "--stress") {
      GetEnvironment().stress = true;
      SetCaseTimeout(kStressCaseTimeout);
    } else if (name == "--report" && !value.empty()) {
      flags.report = value;
    } else if (name == "--waivers" && !value.empty()) {
      flags.waivers = value;
    } else if (name == "--case-timeout" && absl::SimpleAtod(value, &seconds) && seconds > 0) {
      SetCaseTimeout(absl::Seconds(seconds));
    } else if (name[0] != '-') {
      flags.files.push_back(argv[i]);
    } else {
      return absl::InvalidArgumentError(absl::StrCat("unknown argument ", argv[i]));
    }
  }
  if (flags.files.size() != (flags.compare ? 2 : 0)) {
    return absl::InvalidArgumentError("--compare takes two files, nothing else takes any");
  }
  return flags;
}

void List() {
  std::map<std::string, std::vector<const RegisteredCase*>> cases;
  for (const RegisteredCase* a_case : AllCases()) cases[a_case->info.clause()].push_back(a_case);
  for (const Clause& clause : Catalogue()) {
    std::cout << clause.id << " [" << LevelName(clause.level);
    if (!clause.capability.empty()) std::cout << ", " << clause.capability;
    if (!clause.since.empty()) std::cout << ", since " << clause.since;
    std::cout << "] " << clause.sentence << "\n";
    if (!clause.reason.empty()) std::cout << "    " << clause.reason << "\n";
    for (const RegisteredCase* a_case : cases[std::string(clause.id)]) {
      std::cout << "    " << a_case->info.id() << " " << a_case->info.suite << "."
                << a_case->info.test_name() << "\n";
    }
  }
}

int CompareFiles(const std::vector<std::string>& files) {
  std::vector<Report> reports;
  for (const std::string& file : files) {
    absl::StatusOr<Report> report = ReadReport(file);
    if (!report.ok()) {
      std::cerr << report.status().message() << "\n";
      return 2;
    }
    reports.push_back(*std::move(report));
  }
  const Comparison comparison = Compare(reports[0], reports[1]);
  std::cout << ToText(comparison);
  return comparison.identical() ? 0 : 1;
}

// Tells the session what GoogleTest thinks of a case.
class Listener : public testing::EmptyTestEventListener {
  void OnTestEnd(const testing::TestInfo& test) override {
    std::string reason;
    for (int i = 0; i < test.result()->total_part_count() && reason.empty(); ++i) {
      const testing::TestPartResult& part = test.result()->GetTestPartResult(i);
      if (part.failed()) reason = part.message();
    }
    GetSession().End(test.result()->Failed(), reason);
  }
};

Report MakeReport(bool complete) {
  const port::Capabilities& declared = TestPort().capabilities();
  Report report;
  report.suite_version = kSuiteVersion;
  report.system = ISOPROC_CONFORMANCE_SYSTEM;
  report.compiler = ISOPROC_CONFORMANCE_COMPILER;
  report.profile = declared.profile;
  for (const auto& [name, has] : NamedCapabilities(declared)) {
    report.capabilities.push_back({name, has});
  }
  report.cases = GetSession().results();

  std::set<std::string> seen;
  for (const CaseResult& result : report.cases) seen.insert(result.id);
  std::set<std::string> with_case;
  for (const RegisteredCase* a_case : AllCases()) {
    with_case.insert(a_case->info.clause());
    if (!seen.contains(a_case->info.id())) complete = false;
  }
  report.partial = !complete;
  for (const Clause& clause : Catalogue()) {
    if (with_case.contains(std::string(clause.id))) continue;
    report.clauses_without_case.push_back(
        {std::string(clause.id), std::string(LevelName(clause.level)), std::string(clause.reason)});
  }
  CountCases(report);
  return report;
}

void Save(const Report& report, const std::string& path) {
  if (path.empty()) return;
  if (absl::Status status = WriteReport(report, path); !status.ok()) {
    std::cerr << status.message() << "\n";
  }
}

int Run(const Flags& flags) {
  const std::string profile = TestPort().capabilities().profile;
  std::vector<Waiver> waivers;
  if (!flags.waivers.empty()) {
    absl::StatusOr<std::vector<Waiver>> loaded = LoadWaivers(flags.waivers, profile);
    if (!loaded.ok()) {
      std::cerr << loaded.status().message() << "\n";
      return 2;
    }
    waivers = *std::move(loaded);
  }

  GetSession().set_save_on_abandon([&flags] { Save(MakeReport(false), flags.report); });
  RunCases([](const RegisteredCase&) { return true; });
  if (GTEST_FLAG_GET(list_tests)) return 0;

  Report report = MakeReport(true);
  // Waivers of cases that a filter left out say nothing.
  if (report.partial) {
    std::vector<Waiver> relevant;
    for (const Waiver& waiver : waivers) {
      for (const CaseResult& result : report.cases) {
        if (result.id == waiver.id) relevant.push_back(waiver);
      }
    }
    waivers = std::move(relevant);
  }
  ApplyWaivers(waivers, absl::ToCivilDay(absl::Now(), absl::UTCTimeZone()), report);
  if (testing::UnitTest::GetInstance()->ad_hoc_test_result().Failed()) {
    report.problems.push_back("GoogleTest reports a failure outside of the cases");
  }
  if (report.cases.empty()) report.problems.push_back("no case was run");
  CountCases(report);
  Save(report, flags.report);

  std::cout << "\nconformance of " << profile << (report.partial ? " (partial)" : "") << ":\n";
  for (const Count& count : report.counts) {
    std::cout << "  " << count.level << " " << count.verdict << ": " << count.cases << "\n";
  }
  for (const CaseResult& result : report.cases) {
    if (result.verdict == kPass || result.verdict == kNotSupported) continue;
    std::cout << "  " << result.verdict << ": " << result.test << " (" << result.id << ")\n";
  }
  for (const std::string& problem : report.problems) std::cout << "  problem: " << problem << "\n";
  return Succeeded(report) ? 0 : 1;
}

}  // namespace

void RunCases(const std::function<bool(const RegisteredCase& a_case)>& wanted) {
  for (const RegisteredCase* a_case : AllCases()) {
    if (!wanted(*a_case)) continue;
    testing::RegisterTest(a_case->info.suite.c_str(), a_case->info.test_name().c_str(), nullptr,
                          nullptr, a_case->info.file, a_case->info.line,
                          [a_case] { return a_case->make(a_case->info); });
  }
  testing::UnitTest::GetInstance()->listeners().Append(new Listener);
  // Our verdict counts, not GoogleTest's: it knows nothing of waivers. What fails outside of cases
  // is in its ad hoc result.
  [[maybe_unused]] const int gtest_says = RUN_ALL_TESTS();
}

int Main(int argc, char** argv) {
  GetEnvironment().program = argv[0];
  RunPortChild(argc, argv);

  testing::InitGoogleMock(&argc, argv);
  const absl::StatusOr<Flags> flags = ParseFlags(argc, argv);
  if (!flags.ok()) {
    std::cerr << flags.status().message() << "\n\n" << kUsage;
    return 2;
  }
  if (flags->help) {
    std::cout << kUsage;
    return 0;
  }
  if (flags->list) {
    List();
    return 0;
  }
  if (flags->compare) return CompareFiles(flags->files);
  return Run(*flags);
}

}  // namespace isoproc::conformance
