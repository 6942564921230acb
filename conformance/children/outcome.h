// What came of a start, as text: the same in the programs of this directory and in the cases.
#ifndef ISOPROC_CONFORMANCE_CHILDREN_OUTCOME_H_
#define ISOPROC_CONFORMANCE_CHILDREN_OUTCOME_H_

#include <cstdio>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "isoproc/isoproc.h"

namespace isoproc::conformance {

// "OK", "NOT_FOUND", "FAILED_PRECONDITION: exited 3".
inline std::string Outcome(const absl::Status& status) {
  const std::optional<ExitStatus> death = ExitStatusOf(status);
  return absl::StrCat(absl::StatusCodeToString(status.code()), death.has_value() ? ": " : "",
                      death.has_value() ? death->ToString() : "");
}

// How the child ended, or why there is none: "exited 7", "NOT_FOUND".
inline std::string Outcome(absl::StatusOr<Process> started) {
  if (!started.ok()) return Outcome(started.status());
  const absl::StatusOr<ExitStatus> status = started->Join(absl::Seconds(30));
  return status.ok() ? status->ToString() : Outcome(status.status());
}

// A line to standard output, where the case reads it. Processes share the file.
inline void Print(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_CHILDREN_OUTCOME_H_
