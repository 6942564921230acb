// The floor under isoproc: the least that the system itself needs for the same thing, written by
// hand. Each port brings its own in <port>/bench/floor.cc.
#ifndef ISOPROC_BENCH_FLOOR_H_
#define ISOPROC_BENCH_FLOOR_H_

#include <string>
#include <vector>

#include "bench/round.h"

namespace isoproc::bench {

// What makes a process that was started by hand leave main at once; its only argument.
inline constexpr char kFloorArgument[] = "--floor-child";

// Whether this process was started by a floor and has done its work: main then returns at once. The
// first statement of main, before anything that a child of isoproc does not do either.
bool IsFloorChild(int argc, char** argv);

// Start of a process that does nothing and wait for its end, as this system does it itself.
// `program` is the path of this program. All systems have "spawn/system". Those with fork() also
// have
//   spawn/system+ready      the child says when it has reached main
//   fork/system             the child ends by _exit
//   forkserver/system       the same, by a server which is asked over a stream and answers on it
//   forkserver/system+exit  that server's child ends by exit
std::vector<Way> Floors(const std::string& program);

}  // namespace isoproc::bench

#endif  // ISOPROC_BENCH_FLOOR_H_
