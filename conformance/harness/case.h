// How a case is written.
//
//   // What it proves, in a sentence, if the name does not say so.
//   ISOPROC_CASE(Process, PROC_02, StartedProcessIsAlive) {
//     ...EXPECT_..., ASSERT_...
//     Observe("exit status", status);  // what a report of another system must agree with
//   }
//
// This is the GoogleTest case Process.PROC02StartedProcessIsAlive and the first case of clause
// PROC-02, id "PROC-02.1". Further cases of a clause have a number: PROC_02_2 is "PROC-02.2".
// A case that needs more than its clause does says so:
//
//   ISOPROC_CASE_WITH(Stream, STRM_04_2, ReaderGetsAllOfADeadWriter, "processes") { ... }
//
// On a port that does not declare a capability, the case is not run and is reported as
// `not-supported`, after a check that the port refuses the operation; where that check needs more
// than one call, the case brings it along:
//
//   ISOPROC_OTHERWISE(CTX_01_2, ForkServerStarts) { ...Start is kUnimplemented, no child... }
//
// Cases wait for events, never for time to pass so that something has happened; they do not skip
// themselves; they run in any order and alone. Write them in an anonymous namespace.
#ifndef ISOPROC_CONFORMANCE_HARNESS_CASE_H_
#define ISOPROC_CONFORMANCE_HARNESS_CASE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "conformance/catalogue/catalogue.h"
#include "gtest/gtest.h"

namespace isoproc::conformance {

struct CaseInfo {
  std::string suite;         // "Process"
  std::string token;         // "PROC_02" or "PROC_02_2"
  std::string name;          // "StartedProcessIsAlive"
  std::string capabilities;  // comma-separated, beyond that of the clause
  const char* file = "";
  int line = 0;

  std::string clause() const;     // "PROC-02"
  std::string id() const;         // "PROC-02.1"
  std::string test_name() const;  // "PROC02StartedProcessIsAlive"
};

// A case as GoogleTest sees it.
class Case : public testing::Test {
 public:
  explicit Case(const CaseInfo& info) : info_(info) {}

 protected:
  void SetUp() final;
  void TearDown() final;

 private:
  void TestBody() final;
  virtual void Run() = 0;

  const CaseInfo& info_;
};

// Records what was seen, to be compared with what other systems see: codes, exit statuses, orders,
// contents. Never what differs from run to run: pids, times, paths, sizes of the machine.
// Thread safety: any thread, while a case runs.
void Observe(std::string_view key, std::string_view value);
void Observe(std::string_view key, int64_t value);
void Observe(std::string_view key, const absl::Status& value);  // its code only
inline void Observe(std::string_view key, const char* value) {
  Observe(key, std::string_view(value));
}
inline void Observe(std::string_view key, const std::string& value) {
  Observe(key, std::string_view(value));
}
template <class Integer, class = std::enable_if_t<std::is_integral_v<Integer>>>
void Observe(std::string_view key, Integer value) {
  if constexpr (std::is_same_v<Integer, bool>) {
    Observe(key, std::string_view(value ? "true" : "false"));
  } else {
    Observe(key, static_cast<int64_t>(value));
  }
}

// ---- for the macros and the harness -----------------------------------------------------------

struct RegisteredCase {
  CaseInfo info;
  Case* (*make)(const CaseInfo& info) = nullptr;
  void (*otherwise)() = nullptr;
};

// All cases that are linked, in the order of the catalogue. A case whose clause is not in the
// catalogue comes last.
std::vector<const RegisteredCase*> AllCases();

bool AddCase(CaseInfo info, Case* (*make)(const CaseInfo& info));
bool AddOtherwise(std::string_view token, std::string_view name, void (*otherwise)());

template <class T>
Case* MakeCase(const CaseInfo& info) {
  return new T(info);
}

}  // namespace isoproc::conformance

#define ISOPROC_CASE_WITH(suite, token, name, capabilities)                                      \
  class token##_##name final : public ::isoproc::conformance::Case {                             \
   public:                                                                                       \
    using Case::Case;                                                                            \
                                                                                                 \
   private:                                                                                      \
    void Run() override;                                                                         \
  };                                                                                             \
  [[maybe_unused]] const bool token##_##name##_is_a_case =                                       \
      ::isoproc::conformance::AddCase({#suite, #token, #name, capabilities, __FILE__, __LINE__}, \
                                      &::isoproc::conformance::MakeCase<token##_##name>);        \
  void token##_##name::Run()

#define ISOPROC_CASE(suite, token, name) ISOPROC_CASE_WITH(suite, token, name, "")

#define ISOPROC_OTHERWISE(token, name)                                                  \
  void token##_##name##_Otherwise();                                                    \
  [[maybe_unused]] const bool token##_##name##_has_otherwise =                          \
      ::isoproc::conformance::AddOtherwise(#token, #name, &token##_##name##_Otherwise); \
  void token##_##name##_Otherwise()

#endif  // ISOPROC_CONFORMANCE_HARNESS_CASE_H_
