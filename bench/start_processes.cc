// Start and join of a process that does nothing, by isoproc and by the system itself. One round:
//
//   start_processes [--iterations=20] [--ballast_mib=0] [--only=spawn/]
//
// ballast_mib: how much memory the starting process has touched; only: a name, or the first part of
// one.
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/floor.h"
#include "bench/round.h"
#include "isoproc/isoproc.h"

namespace isoproc::bench {
namespace {

void Nothing() {}

bool StartAndJoin(StartMethod method) {
  ProcessOptions options;
  options.start_method = method;
  absl::StatusOr<Process> process = Process::Start<Nothing>(options);
  if (!process.ok()) {
    std::fprintf(stderr, "%s\n", process.status().ToString().c_str());
    return false;
  }
  const absl::StatusOr<ExitStatus> status = process->Join();
  return status.ok() && status->code() == 0;
}

std::string NameOf(StartMethod method) {
  switch (method) {
    case StartMethod::kSpawn:
      return "spawn";
    case StartMethod::kForkServer:
      return "forkserver";
    case StartMethod::kFork:
      return "fork";
  }
  return "unknown";
}

int Run(int argc, char** argv) {
  const RoundOptions options = ParseRoundOptions(argc, argv);
  std::vector<Way> ways = Floors(options.program);
  for (const StartMethod method : StartMethods()) {
    ways.push_back({NameOf(method) + "/isoproc", [method] { return StartAndJoin(method); }});
  }
  return RunRound(options, std::move(ways));
}

}  // namespace
}  // namespace isoproc::bench

int main(int argc, char** argv) {
  // Before Init, so that a child of a floor does nothing at all.
  if (isoproc::bench::IsFloorChild(argc, argv)) return 0;
  isoproc::Init(argc, argv);
  return isoproc::bench::Run(argc, argv);
}
