// The floor under isoproc: the least that the system itself needs for the same thing, written by
// hand. Each port brings its own in <port>/bench/floor.cc.
#ifndef ISOPROC_BENCH_FLOOR_H_
#define ISOPROC_BENCH_FLOOR_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/lock_user.h"
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

// The locks that this system has for several processes. All systems have "system"; "system+robust"
// survives the death of its owner, as isoproc's does, where the system has such a lock.
std::vector<std::string> SystemLocks();
// Makes such a lock in `memory`, which is as large as kSystemLockSize and all zero; or finds it
// there, in another process. Null: it failed.
inline constexpr size_t kSystemLockSize = 64;
std::unique_ptr<LockUser> MakeSystemLock(std::string_view name, std::byte* memory);
std::unique_ptr<LockUser> OpenSystemLock(std::string_view name, std::byte* memory);

// Messages by the system's own means, as queues.cc measures them: "stream/pipe" and the like.
std::vector<Way> ChannelFloors();

// The processor time that this process has used, in microseconds.
double ProcessorMicroseconds();

}  // namespace isoproc::bench

#endif  // ISOPROC_BENCH_FLOOR_H_
