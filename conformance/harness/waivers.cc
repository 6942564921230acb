#include "conformance/harness/waivers.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "conformance/harness/report.h"

namespace isoproc::conformance {

absl::StatusOr<std::vector<Waiver>> ParseWaivers(std::string_view text) {
  std::vector<Waiver> waivers;
  int number = 0;
  for (std::string line : std::vector<std::string>(
           absl::StrSplit(absl::string_view(text.data(), text.size()), '\n'))) {
    ++number;
    absl::StripAsciiWhitespace(&line);
    if (line.empty() || line[0] == '#') continue;
    std::vector<std::string> fields = absl::StrSplit(line, ';');
    for (std::string& field : fields) absl::StripAsciiWhitespace(&field);
    Waiver waiver;
    if (fields.size() != 4 ||
        std::any_of(fields.begin(), fields.end(),
                    [](const auto& field) { return field.empty(); }) ||
        !absl::ParseCivilTime(fields[3], &waiver.expiry)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "waiver in line ", number, ": expected `id; reason; issue; yyyy-mm-dd`, got: ", line));
    }
    waiver.id = fields[0];
    waiver.reason = fields[1];
    waiver.issue = fields[2];
    waivers.push_back(std::move(waiver));
  }
  return waivers;
}

absl::StatusOr<std::vector<Waiver>> LoadWaivers(const std::string& directory,
                                                const std::string& profile) {
  const std::string path = absl::StrCat(directory, "/", profile, ".txt");
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::vector<Waiver>();
  std::ostringstream content;
  content << file.rdbuf();
  absl::StatusOr<std::vector<Waiver>> waivers = ParseWaivers(content.str());
  if (!waivers.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", waivers.status().message()));
  }
  return waivers;
}

void ApplyWaivers(const std::vector<Waiver>& waivers, absl::CivilDay today, Report& report) {
  for (const Waiver& waiver : waivers) {
    auto problem = [&](std::string_view what) {
      report.problems.push_back(
          absl::StrCat("waiver of ", waiver.id, " (", waiver.issue, "): ", std::string(what)));
    };
    if (today > waiver.expiry) {
      problem(absl::StrCat("expired on ", absl::FormatCivilTime(waiver.expiry)));
      continue;
    }
    const auto found =
        std::find_if(report.cases.begin(), report.cases.end(),
                     [&waiver](const CaseResult& result) { return result.id == waiver.id; });
    if (found == report.cases.end()) {
      problem("there is no such case");
    } else if (found->verdict == kFail) {
      found->verdict = kWaived;
      found->reason = absl::StrCat(waiver.reason, " (", waiver.issue, ", until ",
                                   absl::FormatCivilTime(waiver.expiry), "): ", found->reason);
    } else if (found->verdict == kPass || found->verdict == kNotSupported) {
      problem(absl::StrCat("the case is ", found->verdict, "; remove the waiver"));
    }
  }
}

}  // namespace isoproc::conformance
