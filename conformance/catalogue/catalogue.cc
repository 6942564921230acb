#include "conformance/catalogue/catalogue.h"

#include <string_view>
#include <vector>

namespace isoproc::conformance {

std::string_view LevelName(Level level) {
  switch (level) {
    case Level::kCore:
      return "core";
    case Level::kOptional:
      return "optional";
    case Level::kElsewhere:
      return "elsewhere";
    case Level::kLeftOut:
      return "left-out";
  }
  return "";
}

const std::vector<Clause>& Catalogue() {
  static const std::vector<Clause>& all = *[] {
    auto* clauses = new std::vector<Clause>;
    for (const auto family : {ProcessClauses(), StartClauses(), EntryClauses(), TimeClauses(),
                              SyncClauses(), ValueClauses(), MemoryClauses(), ConnectionClauses(),
                              QueueClauses(), PoolClauses(), PortClauses()}) {
      clauses->insert(clauses->end(), family.begin(), family.end());
    }
    return clauses;
  }();
  return all;
}

const Clause* FindClause(std::string_view id) {
  for (const Clause& clause : Catalogue()) {
    if (clause.id == id) return &clause;
  }
  return nullptr;
}

std::string_view FamilyOf(std::string_view id) { return id.substr(0, id.find('-')); }

}  // namespace isoproc::conformance
