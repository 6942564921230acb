// Shared objects in items of a queue, and in messages of a pipe.
#include <functional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/pipe.h"
#include "isoproc/queue.h"
#include "isoproc/shared_memory.h"
#include "isoproc/sync.h"
#include "tests/kill/scenario.h"
#include "tests/kill/stage.h"

namespace isoproc::kill {
namespace {

std::function<void(Objects& mine)> MakeQueue(int count) {
  return [count](Objects& mine) {
    mine.locks = Queue<Lock>::Create({.capacity = 4}).value();
    for (int i = 0; i < count; ++i) mine.locks.Put(Lock::Create().value()).IgnoreError();
  };
}

std::function<bool(const Stage& stage, const Objects& mine)> HasSize(size_t size) {
  return [size](const Stage&, const Objects& mine) { return mine.locks.Size().value() == size; };
}

// So many locks are there, and one more can go through the queue. What is left of others is found
// in the end, when the queue is still there.
std::function<void(Stage& stage, Objects& mine, bool committed)> Expect(int before, int after) {
  return [=](Stage& stage, Objects& mine, bool committed) {
    const int expected = committed ? after : before;
    stage.ExpectOk(mine.locks.Put(Lock(), stage.limit()), "Put");
    int count = 0;
    while (true) {
      const absl::StatusOr<Lock> lock = mine.locks.Get(stage.limit());
      stage.ExpectOk(lock.status(), "Get");
      if (!lock.ok() || !*lock) break;
      stage.ExpectOk(lock->Acquire(stage.limit()).status(), "Acquire");
      ++count;
    }
    stage.Expect(count == expected, "another number of locks");
  };
}

void PutOne(Objects& mine) {
  const absl::StatusOr<Lock> lock = Lock::Create();
  if (lock.ok()) mine.locks.Put(*lock).IgnoreError();
}
void GetOne(Objects& mine) { mine.locks.Get().IgnoreError(); }
void LeaseOne(Objects& mine) {
  absl::StatusOr<Lease<Lock>> lease = mine.locks.GetLease();
  if (lease.ok()) lease->Done().IgnoreError();
}

// Both ends of a pipe are the victim's.
void SendAndReceive(Objects& mine) {
  const absl::StatusOr<std::pair<Connection, Connection>> pipe = OneWayPipe();
  if (!pipe.ok()) return;
  const auto& [reader, writer] = *pipe;
  const absl::StatusOr<Lock> own = Lock::Create();
  if (!own.ok() || !writer.Send(std::pair(mine.lock, *own)).ok()) return;
  reader.Receive<std::pair<Lock, Lock>>().IgnoreError();
}

// The same for an end of another pipe, and memory.
void HandOver(Objects&) {
  const absl::StatusOr<std::pair<Connection, Connection>> way = Pipe();
  const absl::StatusOr<std::pair<Connection, Connection>> cargo = Pipe();
  const absl::StatusOr<SharedMemory> memory = SharedMemory::Create(100);
  if (!way.ok() || !cargo.ok() || !memory.ok()) return;
  if (!way->first.Send(std::pair(*memory, cargo->second)).ok()) return;
  const auto arrived = way->second.Receive<std::pair<SharedMemory, Connection>>();
  if (arrived.ok()) arrived->second.SendBytes("x").IgnoreError();
}

}  // namespace

std::vector<Scenario> ParcelScenarios() {
  return {
      {.name = "parcel.put",
       .make = MakeQueue(1),
       .act = PutOne,
       .committed = HasSize(2),
       .judge = Expect(1, 2)},
      {.name = "parcel.get",
       .make = MakeQueue(2),
       .act = GetOne,
       .committed = HasSize(1),
       .judge = Expect(2, 1)},
      {.name = "parcel.lease",
       .make = MakeQueue(2),
       .act = LeaseOne,
       .judge =
           [](Stage& stage, Objects& mine, bool) {
             while (!mine.locks.Join(absl::ZeroDuration()).ok()) {
               absl::StatusOr<Lease<Lock>> lease = mine.locks.GetLease(stage.limit());
               stage.ExpectOk(lease.status(), "GetLease");
               if (!lease.ok()) return;
               stage.ExpectOk((*lease)->Acquire(stage.limit()).status(), "Acquire");
               stage.ExpectOk(lease->Done(), "Done");
             }
             Expect(0, 0)(stage, mine, false);
           }},
      {.name = "parcel.send",
       .make = [](Objects& mine) { mine.lock = Lock::Create().value(); },
       .act = SendAndReceive,
       .judge =
           [](Stage& stage, Objects& mine, bool) {
             stage.ExpectTaken(mine.lock.Acquire(stage.limit()), "Acquire");
             stage.ExpectOk(mine.lock.Release(), "Release");
           }},
      {.name = "parcel.hand_over", .act = HandOver, .judge = [](Stage&, Objects&, bool) {}},
  };
}

}  // namespace isoproc::kill
