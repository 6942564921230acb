// The catalogue: every clause that isoproc promises, and every behaviour of the model that it does
// not. Read catalogue.h for the shape, the other files of this directory for the clauses.
#ifndef ISOPROC_CONFORMANCE_CATALOGUE_CATALOGUE_H_
#define ISOPROC_CONFORMANCE_CATALOGUE_CATALOGUE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"

namespace isoproc::conformance {

enum class Level {
  kCore,       // holds on every port
  kOptional,   // holds where `capability` is declared; elsewhere the operation is refused
  kElsewhere,  // held by a test outside of this suite, see `reason`
  kLeftOut,    // not promised, see `reason`
};
std::string_view LevelName(Level level);

// One promise. Clauses are never renumbered; one that goes away stays as kLeftOut.
struct Clause {
  std::string_view id;        // "PROC-02"; what the cases and the comments of the headers refer to
  std::string_view sentence;  // what isoproc does; for kLeftOut, what it does not
  Level level;
  std::string_view capability;  // for kOptional: a name of CapabilityNames()
  std::string_view since;       // the version of isoproc that began to promise it
  std::string_view reason;      // for kLeftOut: why; for kElsewhere: see HeldBy
};

constexpr Clause Core(std::string_view id, std::string_view sentence,
                      std::string_view since = "0.1") {
  return {id, sentence, Level::kCore, "", since, ""};
}
constexpr Clause Optional(std::string_view id, std::string_view capability,
                          std::string_view sentence, std::string_view since = "0.1") {
  return {id, sentence, Level::kOptional, capability, since, ""};
}
// `held_by` begins with the tests, as "posix/tests/wait_test.cc WaitTest.Ends, bench/run: why";
// tools/checks/clauses.py sees to it that they are there.
constexpr Clause HeldBy(std::string_view id, std::string_view sentence, std::string_view held_by,
                        std::string_view since = "0.1") {
  return {id, sentence, Level::kElsewhere, "", since, held_by};
}
constexpr Clause LeftOut(std::string_view id, std::string_view sentence, std::string_view reason) {
  return {id, sentence, Level::kLeftOut, "", "", reason};
}

// One file of this directory each; a family is the letters before the dash.
absl::Span<const Clause> ProcessClauses();     // PROC, MISC
absl::Span<const Clause> StartClauses();       // CTX
absl::Span<const Clause> EntryClauses();       // ENTRY
absl::Span<const Clause> TimeClauses();        // GEN
absl::Span<const Clause> SyncClauses();        // SHR, LOCK, RLK, SEM, …
absl::Span<const Clause> ValueClauses();       // VAL
absl::Span<const Clause> MemoryClauses();      // SHM, SHL, RES
absl::Span<const Clause> ConnectionClauses();  // CONN
absl::Span<const Clause> QueueClauses();       // QUE
absl::Span<const Clause> PoolClauses();        // POOL, FUT
absl::Span<const Clause> PortClauses();        // HNDL, PORT, SPWN, CHLD, STRM, WAIT, LIVE, …

// All of them, in the order of the files.
const std::vector<Clause>& Catalogue();

// The row of `id`; null if there is none.
const Clause* FindClause(std::string_view id);

// "PROC" of "PROC-02".
std::string_view FamilyOf(std::string_view id);

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_CATALOGUE_CATALOGUE_H_
