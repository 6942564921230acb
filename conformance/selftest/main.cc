// The suite's test of itself: unit tests of the harness, or with --break=NAME the cases named for a
// broken port, all of which must fail. Exit code 77: not supported by the port underneath.
#include "conformance/harness/main.h"

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/port_child.h"
#include "conformance/harness/session.h"
#include "conformance/selftest/broken_ports.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "isoproc/main.h"

namespace isoproc::conformance {
namespace {

constexpr int kSkipped = 77;

int RunBroken(const BrokenPort& broken) {
  // Lives to the end of the program, as ports do.
  GetEnvironment().port = broken.make(port::HostPort()).release();
  // A fault often is an event that never comes.
  GetEnvironment().patience = absl::Seconds(2);
  std::cout << "a port is broken on purpose; these cases must fail: " << broken.sentence << "\n";
  RunCases([&broken](const RegisteredCase& a_case) {
    return std::find(broken.cases.begin(), broken.cases.end(), a_case.info.id()) !=
           broken.cases.end();
  });

  const std::vector<CaseResult> results = GetSession().results();
  size_t failed = 0;
  size_t not_supported = 0;
  for (const CaseResult& result : results) {
    if (result.verdict == kFail) ++failed;
    if (result.verdict == kNotSupported) ++not_supported;
    if (result.verdict == kPass) std::cout << result.id << " has not found the fault\n";
  }
  if (not_supported == broken.cases.size()) return kSkipped;
  std::cout << failed << " of " << broken.cases.size() << " cases have found the fault\n";
  return failed == broken.cases.size() ? 0 : 1;
}

}  // namespace
}  // namespace isoproc::conformance

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  isoproc::conformance::GetEnvironment().program = argv[0];
  isoproc::conformance::RunPortChild(argc, argv);
  testing::InitGoogleMock(&argc, argv);
  if (argc == 1) return RUN_ALL_TESTS();
  const std::string_view argument = argv[1];
  for (const auto& broken : isoproc::conformance::BrokenPorts()) {
    if (argument == "--break=" + broken.name) return isoproc::conformance::RunBroken(broken);
  }
  std::cerr << "there is no broken port " << argument << "; there are:\n";
  for (const auto& broken : isoproc::conformance::BrokenPorts()) {
    std::cerr << "  --break=" << broken.name << ": " << broken.sentence << "\n";
  }
  return 2;
}
