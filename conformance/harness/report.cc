#include "conformance/harness/report.h"

#include <algorithm>
#include <exception>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cereal/archives/json.hpp"
#include "cereal/types/string.hpp"
#include "cereal/types/vector.hpp"

namespace isoproc::conformance {
namespace {

std::string Side(const Report& report) { return report.profile; }

std::string Show(const std::vector<Observation>& observations) {
  return absl::StrCat("[",
                      absl::StrJoin(observations, ", ",
                                    [](std::string* out, const Observation& observation) {
                                      absl::StrAppend(out, observation.key, "=", observation.value);
                                    }),
                      "]");
}

std::map<std::string, const CaseResult*> ById(const Report& report) {
  std::map<std::string, const CaseResult*> by_id;
  for (const CaseResult& result : report.cases) by_id[result.id] = &result;
  return by_id;
}

}  // namespace

void CountCases(Report& report) {
  std::map<std::pair<std::string, std::string>, int64_t> counts;
  for (const CaseResult& result : report.cases) ++counts[{result.level, result.verdict}];
  for (const ClauseNote& note : report.clauses_without_case) ++counts[{note.level, "no-case"}];
  report.counts.clear();
  for (const auto& [key, cases] : counts) report.counts.push_back({key.first, key.second, cases});
}

bool Succeeded(const Report& report) {
  return report.problems.empty() &&
         std::none_of(report.cases.begin(), report.cases.end(), [](const CaseResult& result) {
           return result.verdict == kFail || result.verdict == kError;
         });
}

std::string ToJson(const Report& report) {
  std::ostringstream out;
  {
    cereal::JSONOutputArchive archive(out);
    archive(cereal::make_nvp("isoproc_conformance", report));
  }  // the archive closes the outermost brace
  out << "\n";
  return out.str();
}

absl::StatusOr<Report> FromJson(const std::string& json) {
  try {
    std::istringstream in(json);
    cereal::JSONInputArchive archive(in);
    Report report;
    archive(cereal::make_nvp("isoproc_conformance", report));
    return report;
  } catch (const std::exception& error) {
    return absl::DataLossError(absl::StrCat("not a conformance report: ", error.what()));
  }
}

absl::Status WriteReport(const Report& report, const std::string& path) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << ToJson(report);
  file.close();
  if (!file) return absl::UnknownError(absl::StrCat("cannot write ", path));
  return absl::OkStatus();
}

absl::StatusOr<Report> ReadReport(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  std::ostringstream content;
  content << file.rdbuf();
  absl::StatusOr<Report> report = FromJson(content.str());
  if (!report.ok()) {
    return absl::Status(report.status().code(),
                        absl::StrCat(path, ": ", report.status().message()));
  }
  return report;
}

Comparison Compare(const Report& a, const Report& b) {
  Comparison comparison;
  std::set<std::string> clauses;
  auto differ = [&](const std::string& clause, const std::string& line) {
    comparison.differences.push_back(line);
    if (!clause.empty()) clauses.insert(clause);
  };

  if (a.suite_version != b.suite_version) {
    differ("", absl::StrCat("suite version: ", a.suite_version, " and ", b.suite_version));
  }
  for (const Report* report : {&a, &b}) {
    if (report->partial) differ("", absl::StrCat(Side(*report), ": the run is partial"));
    for (const std::string& problem : report->problems) {
      differ("", absl::StrCat(Side(*report), ": ", problem));
    }
  }
  for (const CapabilityNote& mine : a.capabilities) {
    for (const CapabilityNote& yours : b.capabilities) {
      if (mine.name != yours.name || mine.declared == yours.declared) continue;
      comparison.declared.push_back(absl::StrCat("capability ", mine.name, ": ", Side(a), " ",
                                                 mine.declared ? "yes" : "no", ", ", Side(b), " ",
                                                 yours.declared ? "yes" : "no"));
    }
  }

  const auto in_a = ById(a);
  const auto in_b = ById(b);
  std::set<std::string> ids;
  for (const auto& [id, result] : in_a) ids.insert(id);
  for (const auto& [id, result] : in_b) ids.insert(id);
  for (const std::string& id : ids) {
    const auto mine = in_a.find(id);
    const auto yours = in_b.find(id);
    if (mine == in_a.end() || yours == in_b.end()) {
      const bool only_a = yours == in_b.end();
      differ((only_a ? mine : yours)->second->clause,
             absl::StrCat(id, ": only in the report of ", Side(only_a ? a : b)));
      continue;
    }
    const CaseResult& left = *mine->second;
    const CaseResult& right = *yours->second;
    if (left.verdict == kNotSupported || right.verdict == kNotSupported) {
      if (left.verdict == right.verdict) continue;
      const bool a_lacks = left.verdict == kNotSupported;
      const CaseResult& lacking = a_lacks ? left : right;
      comparison.declared.push_back(absl::StrCat(id, ": not supported by ", Side(a_lacks ? a : b),
                                                 " (", lacking.capability, ": ", lacking.reason,
                                                 ")"));
      // What is declared is the absence; the other side must still pass.
      const CaseResult& having = a_lacks ? right : left;
      if (having.verdict == kPass) continue;
      differ(id.substr(0, id.find('.')), absl::StrCat(id, ": ", having.verdict, " on ",
                                                      Side(a_lacks ? b : a), ": ", having.reason));
      continue;
    }
    if (left.verdict != right.verdict) {
      auto say = [](const CaseResult& result) {
        return result.reason.empty() ? result.verdict
                                     : absl::StrCat(result.verdict, " (", result.reason, ")");
      };
      differ(left.clause,
             absl::StrCat(id, ": ", Side(a), " ", say(left), ", ", Side(b), " ", say(right)));
    } else if (!(left.observations == right.observations)) {
      differ(left.clause, absl::StrCat(id, ": ", Side(a), " observed ", Show(left.observations),
                                       ", ", Side(b), " ", Show(right.observations)));
    } else if (left.verdict == kFail || left.verdict == kError) {
      // Alike, but nothing that a port may be proud of: what failed is not known to be the same.
      differ(left.clause, absl::StrCat(id, ": ", left.verdict, " on both"));
    }
  }
  comparison.clauses.assign(clauses.begin(), clauses.end());
  return comparison;
}

std::string ToText(const Comparison& comparison) {
  std::string text;
  if (!comparison.declared.empty()) {
    absl::StrAppend(&text, "declared:\n  ", absl::StrJoin(comparison.declared, "\n  "), "\n");
  }
  if (comparison.identical()) return absl::StrCat(text, "identical\n");
  absl::StrAppend(&text, "differences:\n  ", absl::StrJoin(comparison.differences, "\n  "), "\n");
  return absl::StrCat(
      text, "different: ",
      comparison.clauses.empty() ? "see above" : absl::StrJoin(comparison.clauses, ", "), "\n");
}

}  // namespace isoproc::conformance
