// Kills who sends, receives or moves an end of a pipe over another pipe, before each call of the
// port, in the midst of each write, and before each store to a shared word. On every port.
//
//   kill_handles_at_every_call [--every=1] [--only=sender|crowded|receiver|mover|heir]
//
// After the death the message is received whole or not at all; what was in it works, or is closed;
// nobody waits for ever; and nothing is left of it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "isoproc/isoproc.h"
#include "platform/core/runtime.h"
#include "platform/testing/crash_atomic.h"
#include "platform/testing/mortal_port.h"
#include "platform/testing/system_support.h"
#include "tests/kill/arena_view.h"
#include "tests/kill/call_arguments.h"
#include "tests/kill/watchdog.h"

namespace isoproc::kill {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(20);

port::MortalPort& OwnPort() {
  static port::MortalPort* const port = new port::MortalPort;
  return *port;
}

using Cargo = std::pair<SharedMemory, Connection>;
using Crowd = std::pair<std::vector<SharedMemory>, Connection>;

std::string Next(const Connection& connection) {
  const absl::StatusOr<std::string> bytes = connection.ReceiveBytes(kLimit);
  return bytes.ok() ? *bytes : absl::StatusCodeToString(bytes.status().code());
}
constexpr char kEnd[] = "OUT_OF_RANGE";

// ---- the victims, which end with 0 if they are not killed ---------------------------------------

void BeginToDie(int64_t last) {
  static std::function<void()> visit = [] { OwnPort().Visit(); };
  internal::crash_point = &visit;
  OwnPort().Arm(last, std::this_thread::get_id());
}

int SendCargo(int64_t last, const Connection& way) {
  BeginToDie(last);
  const absl::StatusOr<std::pair<Connection, Connection>> pipe = Pipe();
  const absl::StatusOr<SharedMemory> memory = SharedMemory::Create(1000);
  if (!pipe.ok() || !memory.ok() || !pipe->first.SendBytes("from the victim").ok()) return 1;
  return way.Send(Cargo(*memory, pipe->second)).ok() && Next(way) == kEnd ? 0 : 2;
}

// Sends handles where there is room for some of them, and gives up between two; then for good.
int SendToTheFull(int64_t last, const Connection& way, const Connection& told) {
  Crowd crowd;
  while (crowd.first.size() < 12) crowd.first.push_back(SharedMemory::Create(1000).value());
  auto [stays, goes] = Pipe().value();
  crowd.second = goes;
  goes = Connection();
  if (!stays.SendBytes("from the victim").ok()) return 1;
  int written = 0;
  while (way.SendBytes(std::string(100, 'x'), absl::ZeroDuration()).ok()) ++written;
  if (!told.SendBytes(absl::StrCat(written)).ok() || Next(told) != "go on") return 2;
  BeginToDie(last);
  const absl::Status hasty = way.Send(crowd, absl::ZeroDuration());
  if (hasty.ok() == !crowd.second.closed()) return 3;
  if (!told.SendBytes(hasty.ok() ? "sent" : "stuck").ok()) return 4;
  if (!hasty.ok() && !way.Send(crowd).ok()) return 5;
  return Next(way) == kEnd ? 0 : 6;
}

int ReceiveCargo(int64_t last, const Connection& way) {
  BeginToDie(last);
  const absl::StatusOr<Cargo> cargo = way.Receive<Cargo>();
  return cargo.ok() && cargo->second.SendBytes(Next(cargo->second)).ok() ? 0 : 1;
}

// It need not succeed: memory may have come for the end before.
int MoveEnd(int64_t last, const Connection& way, const Connection& end) {
  BeginToDie(last);
  way.Send(end).IgnoreError();
  return 0;
}

// Dies as soon as the end is on its way, before it has arrived.
int MoveEndAndDie(const Connection& way, const Connection& end) {
  if (!way.Send(end).ok()) return 1;
  OwnPort().ExitNow(port::kExitCodeOfTheDead);
  return 0;
}

int TakeOver(int64_t last, const Connection& way) {
  BeginToDie(last);
  const absl::StatusOr<Connection> end = way.Receive<Connection>();
  return end.ok() && end->Receive<SharedMemory>().ok() ? 0 : 1;
}

// ---- what must hold -----------------------------------------------------------------------------

class Play {
 public:
  explicit Play(const std::string& role, int64_t last) {
    if (role == "sender") BesideSender(last);
    if (role == "crowded") BesideCrowded(last);
    if (role == "receiver") BesideReceiver(last);
    if (role == "mover") BesideMover(last);
    if (role == "heir") BesideHeir(last);
    const std::string left = WhatOthersLeft();
    Expect(left.empty(), left);
  }

  const std::string& problems() const { return problems_; }
  bool died() const { return died_; }
  bool is_stuck() const { return is_stuck_; }

 private:
  void Expect(bool holds, const std::string& what) {
    if (!holds) absl::StrAppend(&problems_, what, "\n");
  }
  static ProcessOptions Options() {
    ProcessOptions options;
    options.at_exit = AtExit::kKill;
    options.standard_error = StandardStream::Inherit();
    return options;
  }
  void End(Process& victim) {
    const absl::StatusOr<ExitStatus> end = victim.Join(kLimit);
    died_ = end.ok() && end->code() == port::kExitCodeOfTheDead;
    Expect(end.ok() && (died_ || end->ok()),
           "the victim " + (end.ok() ? end->ToString() : end.status().ToString()));
  }

  void BesideSender(int64_t last) {
    auto [here, there] = Pipe().value();
    Process victim = Process::Start<SendCargo>(Options(), last, there).value();
    const absl::StatusOr<Cargo> cargo = here.Receive<Cargo>(kLimit);
    Expect(cargo.ok() || absl::IsOutOfRange(cargo.status()) || absl::IsDataLoss(cargo.status()),
           "received " + cargo.status().ToString());
    here.Close();
    End(victim);
    Expect(cargo.ok() || died_, "a sender who lives is not heard");
    if (!cargo.ok()) return;
    Expect(cargo->first.size() == 1000, "the memory has another size");
    Expect(Next(cargo->second) == "from the victim", "the end that came is not what was sent");
    Expect(Next(cargo->second) == kEnd, "the victim's end is open somewhere");
  }

  // Nobody reads before the victim is stuck between two handles, or dead.
  void BesideCrowded(int64_t last) {
    auto [here, there] = Pipe().value();
    auto [asks, tells] = Pipe().value();
    Process victim = Process::Start<SendToTheFull>(Options(), last, there, tells).value();
    const std::string written = Next(asks);
    int unread = std::atoi(written.c_str());
    // Room for the beginning of the message, and for fewer handles than it has.
    const int room = (std::min)(unread, 4);
    for (int i = 0; i < room; ++i, --unread) here.ReceiveBytes(kLimit).IgnoreError();
    Expect(asks.SendBytes("go on").ok(), "the victim has died too early");
    is_stuck_ = Next(asks) == "stuck";
    for (; unread > 0; --unread) Expect(here.ReceiveBytes(kLimit).ok(), "bytes are lost");
    const absl::StatusOr<Crowd> crowd = here.Receive<Crowd>(kLimit);
    Expect(crowd.ok() || absl::IsOutOfRange(crowd.status()) || absl::IsDataLoss(crowd.status()),
           "received " + crowd.status().ToString());
    here.Close();
    End(victim);
    Expect(crowd.ok() || died_, "a sender who lives is not heard");
    if (!crowd.ok()) return;
    Expect(crowd->first.size() == 12 && crowd->first.back().size() == 1000, "memory is missing");
    Expect(Next(crowd->second) == "from the victim", "the end that came is not what was sent");
    Expect(Next(crowd->second) == kEnd, "the victim's end is open somewhere");
  }

  void BesideReceiver(int64_t last) {
    auto [here, there] = Pipe().value();
    auto [stays, goes] = Pipe().value();
    const SharedMemory memory = SharedMemory::Create(1000).value();
    Process victim = Process::Start<ReceiveCargo>(Options(), last, there).value();
    const absl::Status sent = here.Send(Cargo(memory, goes), kLimit);
    Expect(sent.ok() || absl::IsUnavailable(sent), "sent " + sent.ToString());
    Expect(goes.closed() == sent.ok(), "the end is in two places, or in none");
    Expect(stays.SendBytes("back and forth", kLimit).ok() || sent.ok(),
           "the end that stays cannot be used");
    const std::string next = Next(sent.ok() ? stays : goes);
    const bool is_gone = next == kEnd || next == "DATA_LOSS";  // in the midst of the answer
    Expect(next == "back and forth" || (sent.ok() && is_gone), "got " + next);
    End(victim);
    goes.Close();
    Expect(Next(stays) == kEnd, "the end that went is open somewhere");
  }

  void BesideMover(int64_t last) {
    auto [here, there] = Pipe().value();
    auto [stays, goes] = Pipe().value();
    const SharedMemory memory = SharedMemory::Create(1000).value();
    Process victim = Process::Start<MoveEnd>(Options(), last, there, goes).value();
    absl::Status sent;
    std::thread sender([&, &end = stays] { sent = end.Send(memory, kLimit); });
    absl::StatusOr<Connection> arrived = here.Receive<Connection>(kLimit);
    Expect(
        arrived.ok() || absl::IsOutOfRange(arrived.status()) || absl::IsDataLoss(arrived.status()),
        "received " + arrived.status().ToString());
    sender.join();
    Expect(sent.ok() || absl::IsUnavailable(sent), "sent " + sent.ToString());
    End(victim);
    if (arrived.ok()) {
      Expect(sent.ok(), "what waited for the end was not sent");
      Expect(arrived->Receive<SharedMemory>(kLimit).ok(), "what waited for the end did not come");
      arrived->Close();
    }
    Expect(Next(stays) == kEnd, "the end that moved is open somewhere");
  }

  // Who had the end is dead, and so is who got it, perhaps before he knew that he has it.
  void BesideHeir(int64_t last) {
    auto [from, to] = Pipe().value();
    auto [stays, goes] = Pipe().value();
    const SharedMemory memory = SharedMemory::Create(1000).value();
    Process victim = Process::Start<TakeOver>(Options(), last, to).value();
    Process mover = Process::Start<MoveEndAndDie>(Options(), from, goes).value();
    const absl::StatusOr<ExitStatus> end = mover.Join(kLimit);
    const absl::Status sent = stays.Send(memory, kLimit);
    End(victim);
    Expect(end.ok() && (end->code() == port::kExitCodeOfTheDead || died_),
           "the mover could not send");
    Expect(sent.ok() || (absl::IsUnavailable(sent) && died_), "sent " + sent.ToString());
    Expect(Next(stays) == kEnd, "the end that moved is open somewhere");
  }

  std::string problems_;
  bool died_ = false;
  bool is_stuck_ = false;
};

int Run(int argc, char** argv) {
  const std::vector<std::string> roles = {"sender", "crowded", "receiver", "mover", "heir"};
  const CallArguments arguments = ParseCallArguments(argc, argv, roles);
  auto* const watchdog = new Watchdog;
  int failed = 0;
  Enter();
  for (const std::string& role : roles) {
    if (!arguments.Plays(role)) continue;
    int64_t deaths = 0;
    int64_t stuck = 0;
    int handles = 0;
    // How many calls there are varies; so it is not over when one victim makes fewer.
    int survivors = 0;
    for (int64_t last = 1; survivors < 3; last += arguments.every) {
      watchdog->Begin(absl::StrCat(role, ", call ", last));
      const Play play(role, last);
      survivors = play.died() ? 0 : survivors + 1;
      deaths += play.died() ? 1 : 0;
      stuck += play.is_stuck() ? 1 : 0;
      std::string problems = play.problems();
      const int before = std::exchange(handles, system_support::CountHandles());
      if (handles > before && before != 0) {
        // What is made when it is first needed stays. What leaks, leaks again.
        const Play again(role, last);
        problems += again.problems();
        const int once = std::exchange(handles, system_support::CountHandles());
        if (handles > once) {
          absl::StrAppend(&problems, "there are ", handles, " handles, and were ", before, "\n");
        }
      }
      if (problems.empty()) continue;
      ++failed;
      std::printf("%s, before call %lld:\n%s", role.c_str(), static_cast<long long>(last),
                  problems.c_str());
    }
    // Else the system has so much room, or the victim so little to do, that nothing was shown.
    if (deaths == 0 || (role == "crowded" && stuck == 0)) {
      ++failed;
      std::printf("%s: nobody died, or was stuck\n", role.c_str());
    }
    std::printf("%s: %lld deaths, %lld times stuck between handles, %d plays failed so far\n",
                role.c_str(), static_cast<long long>(deaths), static_cast<long long>(stuck),
                failed);
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace isoproc::kill

int main(int argc, char** argv) {
  isoproc::internal::Runtime::Get().SetPortForTesting(&isoproc::kill::OwnPort());
  isoproc::Init(argc, argv);
  return isoproc::kill::Run(argc, argv);
}
