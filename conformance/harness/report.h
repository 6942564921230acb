// What a run found out, as a file, and how two of them compare.
#ifndef ISOPROC_CONFORMANCE_HARNESS_REPORT_H_
#define ISOPROC_CONFORMANCE_HARNESS_REPORT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cereal/cereal.hpp"

namespace isoproc::conformance {

// Counts up with each change of a clause or case: only reports of one version are comparable.
inline constexpr char kSuiteVersion[] = "0.1";

// What came of a case. Strings and not an enumeration, since they are the file's format.
inline constexpr char kPass[] = "pass";
inline constexpr char kFail[] = "fail";
inline constexpr char kNotSupported[] = "not-supported";  // a capability is not declared
inline constexpr char kWaived[] = "waived";               // failed, and a waiver says why
inline constexpr char kError[] = "error";                 // the harness broke; nothing is known
inline constexpr char kNotRun[] = "not-run";  // left out by a filter; the run is partial

struct Observation {
  std::string key;
  std::string value;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(key), CEREAL_NVP(value));
  }
  friend bool operator==(const Observation& a, const Observation& b) {
    return a.key == b.key && a.value == b.value;
  }
};

struct CaseResult {
  std::string id;      // "PROC-02.1"
  std::string clause;  // "PROC-02"
  std::string test;    // "Process.PROC02StartedProcessIsAlive"
  std::string level;   // of the clause
  std::string verdict;
  std::string capability;  // for not-supported
  std::string reason;      // for everything but pass
  std::vector<Observation> observations;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(id), CEREAL_NVP(clause), CEREAL_NVP(test), CEREAL_NVP(level),
            CEREAL_NVP(verdict), CEREAL_NVP(capability), CEREAL_NVP(reason),
            CEREAL_NVP(observations));
  }
};

struct CapabilityNote {
  std::string name;
  bool declared = false;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(name), CEREAL_NVP(declared));
  }
};

struct Count {
  std::string level;
  std::string verdict;
  int64_t cases = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(level), CEREAL_NVP(verdict), CEREAL_NVP(cases));
  }
};

// A clause that no case of the run can judge: left out, held by the build, or still without a case.
struct ClauseNote {
  std::string id;
  std::string level;
  std::string reason;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(id), CEREAL_NVP(level), CEREAL_NVP(reason));
  }
};

struct Report {
  std::string suite_version;
  std::string system;
  std::string compiler;
  std::string profile;
  std::vector<CapabilityNote> capabilities;
  // A filter left cases out, or the run was cut short: says little about the port.
  bool partial = false;
  // What makes the run fail besides cases, such as an expired waiver.
  std::vector<std::string> problems;
  std::vector<Count> counts;
  std::vector<CaseResult> cases;
  std::vector<ClauseNote> clauses_without_case;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(suite_version), CEREAL_NVP(system), CEREAL_NVP(compiler),
            CEREAL_NVP(profile), CEREAL_NVP(capabilities), CEREAL_NVP(partial),
            CEREAL_NVP(problems), CEREAL_NVP(counts), CEREAL_NVP(cases),
            CEREAL_NVP(clauses_without_case));
  }
};

// Fills `counts` from `cases`.
void CountCases(Report& report);

// True if nothing failed, broke, or is a problem.
bool Succeeded(const Report& report);

std::string ToJson(const Report& report);
// Errors: DataLoss: not a report.
absl::StatusOr<Report> FromJson(const std::string& json);

// Errors: NotFound, PermissionDenied …: the file cannot be written or read.
absl::Status WriteReport(const Report& report, const std::string& path);
absl::StatusOr<Report> ReadReport(const std::string& path);

struct Comparison {
  // One line each. A case that is not supported on one side is declared, and no difference.
  std::vector<std::string> declared;
  std::vector<std::string> differences;
  // The clauses in `differences`, once each.
  std::vector<std::string> clauses;
  bool identical() const { return differences.empty(); }
};
// Compares verdicts and observations, case by case. What the machines are called does not matter.
Comparison Compare(const Report& a, const Report& b);

// For people: the lines of `comparison`, the last being "identical" or "different: …".
std::string ToText(const Comparison& comparison);

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_HARNESS_REPORT_H_
