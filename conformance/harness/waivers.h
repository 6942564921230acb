// Cases that are known to fail on a port, for a reason and for a time.
#ifndef ISOPROC_CONFORMANCE_HARNESS_WAIVERS_H_
#define ISOPROC_CONFORMANCE_HARNESS_WAIVERS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "conformance/harness/report.h"

namespace isoproc::conformance {

struct Waiver {
  std::string id;  // of a case, "PROC-14.2"
  std::string reason;
  std::string issue;
  absl::CivilDay expiry;  // the last day on which it counts
};

// One waiver a line, `id; reason; issue; expiry`, expiry as 2027-01-31; empty lines and lines that
// begin with # are skipped.
// Errors: InvalidArgument, with the line.
absl::StatusOr<std::vector<Waiver>> ParseWaivers(std::string_view text);

// The waivers in `directory`/<profile>.txt; none if there is no such file.
// Errors: as ParseWaivers.
absl::StatusOr<std::vector<Waiver>> LoadWaivers(const std::string& directory,
                                                const std::string& profile);

// Turns failures that are waived into kWaived. A waiver that has expired, whose case passes or is
// not supported, or whose case does not exist, becomes a problem of the report: waivers must die.
void ApplyWaivers(const std::vector<Waiver>& waivers, absl::CivilDay today, Report& report);

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_HARNESS_WAIVERS_H_
