// Start and join of a process that does nothing, by other libraries: those which were installed
// when this was built. One round:
//
//   start_peers --program=PATH/start_processes [--iterations=20] [--ballast_mib=0] [--only=spawn/]
//
// A program of its own, since whatever start_processes links is also loaded by its children.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bench/floor.h"
#include "bench/round.h"

#ifdef ISOPROC_BENCH_LIBUV
#include <uv.h>
#endif
#ifdef ISOPROC_BENCH_BOOST_PROCESS
#include <boost/process/child.hpp>
#endif

namespace isoproc::bench {
namespace {

#ifdef ISOPROC_BENCH_LIBUV
bool StartAndJoinByLibuv(const std::string& program) {
  std::string name = program;
  std::string argument = kFloorArgument;
  char* arguments[] = {name.data(), argument.data(), nullptr};
  uv_process_t process;
  int64_t code = -1;
  process.data = &code;
  uv_process_options_t options = {};
  options.file = name.c_str();
  options.args = arguments;
  options.exit_cb = [](uv_process_t* ended, int64_t exit_status, int) {
    *static_cast<int64_t*>(ended->data) = exit_status;
    uv_close(reinterpret_cast<uv_handle_t*>(ended), nullptr);
  };
  uv_loop_t* const loop = uv_default_loop();
  if (uv_spawn(loop, &process, &options) != 0) return false;
  uv_run(loop, UV_RUN_DEFAULT);
  return code == 0;
}
#endif

#ifdef ISOPROC_BENCH_BOOST_PROCESS
bool StartAndJoinByBoost(const std::string& program) {
  boost::process::child child(program, kFloorArgument);
  child.wait();
  return child.exit_code() == 0;
}
#endif

int Run(int argc, char** argv) {
  const RoundOptions options = ParseRoundOptions(argc, argv);
  std::vector<Way> ways;
#ifdef ISOPROC_BENCH_LIBUV
  ways.push_back({"spawn/libuv", [&] { return StartAndJoinByLibuv(options.program); }});
#endif
#ifdef ISOPROC_BENCH_BOOST_PROCESS
  ways.push_back({"spawn/Boost.Process", [&] { return StartAndJoinByBoost(options.program); }});
#endif
  return RunRound(options, std::move(ways));
}

}  // namespace
}  // namespace isoproc::bench

int main(int argc, char** argv) { return isoproc::bench::Run(argc, argv); }
