// The scheduler of pools, event by event, and in worlds where everything happens at random.
#include "platform/core/pool/scheduler.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "isoproc/exit_status.h"
#include "isoproc/internal/batch.h"
#include "isoproc/internal/task.h"
#include "isoproc/internal/task_results.h"
#include "isoproc/status.h"

namespace isoproc::internal {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Writes down what becomes of items.
class Sink : public TaskSink {
 public:
  void Resolve(uint64_t first, absl::Span<TaskOutcome> outcomes) override {
    for (const TaskOutcome& outcome : outcomes) {
      const uint64_t index = first++;
      if (outcomes_.size() <= index) outcomes_.resize(index + 1);
      EXPECT_FALSE(outcomes_[index].has_value()) << "item " << index << " is resolved twice";
      outcomes_[index] = outcome.status;
    }
  }
  // "ok", a code, or "-" for each item.
  std::string ToString() const {
    return absl::StrJoin(outcomes_, " ", [](std::string* out, const auto& outcome) {
      absl::StrAppend(out, !outcome.has_value() ? "-"
                           : outcome->ok()      ? "ok"
                                                : absl::StatusCodeToString(outcome->code()));
    });
  }
  const absl::Status& at(size_t index) const { return *outcomes_.at(index); }
  size_t resolved() const {
    size_t count = 0;
    for (const auto& outcome : outcomes_) count += outcome.has_value() ? 1 : 0;
    return count;
  }

 private:
  std::vector<std::optional<absl::Status>> outcomes_;
};

// Items of which each is its number, by which tests know it again: two in a batch.
Batches Items(uint64_t count, uint64_t first = 0) {
  Batches items;
  for (uint64_t i = 0; i < count; i += 2) {
    Batch batch;
    for (uint64_t k = i; k < (std::min)(i + 2, count); ++k) {
      absl::StrAppend(&batch.bytes, first + k);
      batch.ends.push_back(batch.bytes.size());
    }
    items.push_back(std::make_shared<const Batch>(std::move(batch)));
  }
  return items;
}
JobRequest Request(std::shared_ptr<Sink> sink, uint64_t count, uint64_t chunk_size = 1) {
  JobRequest request;
  request.sink = std::move(sink);
  request.code = std::make_shared<const TaskCode>();
  request.items = Items(count);
  request.chunk_size = chunk_size;
  return request;
}

TaskOutcome Value() { return TaskOutcome(); }
TaskOutcome Error(absl::Status status) {
  TaskOutcome outcome;
  outcome.status = std::move(status);
  return outcome;
}

class SchedulerTest : public testing::Test {
 protected:
  void Make(Scheduler::Rules rules) { scheduler_.emplace(rules); }
  // With workers that are ready.
  void MakeReady(int processes, Scheduler::Rules rules = {}) {
    rules.processes = processes;
    Make(rules);
    scheduler_->Tick(now_);
    Commands();
    for (int worker = 1; worker <= processes; ++worker) MakeReadyOne(worker);
  }
  void MakeReadyOne(WorkerId worker) {
    scheduler_->Started(worker, 100 + static_cast<int64_t>(worker), now_);
    scheduler_->Ready(worker, now_);
  }
  // What is to be done, as "start 1", "send 1: 4 5", "dismiss 1", "kill 1".
  std::vector<std::string> Commands() {
    std::vector<std::string> texts;
    for (const Command& command : scheduler_->TakeCommands()) {
      if (const auto* start = std::get_if<StartWorker>(&command)) {
        texts.push_back(absl::StrCat("start ", start->worker));
      } else if (const auto* send = std::get_if<SendItems>(&command)) {
        std::string text = absl::StrCat("send ", send->worker, ":");
        uint64_t count = 0;
        for (const Slice& slice : send->items) {
          for (size_t i = slice.first; i < slice.first + slice.count; ++i, ++count) {
            const size_t begin = slice.batch->begin_of(i);
            absl::StrAppend(&text, " ",
                            slice.batch->bytes.substr(begin, slice.batch->begin_of(i + 1) - begin));
          }
        }
        EXPECT_EQ(send->count, count);
        texts.push_back(text);
      } else if (const auto* dismiss = std::get_if<DismissWorker>(&command)) {
        texts.push_back(absl::StrCat("dismiss ", dismiss->worker));
      } else if (const auto* kill = std::get_if<KillWorker>(&command)) {
        texts.push_back(absl::StrCat("kill ", kill->worker));
      }
    }
    return texts;
  }
  JobId Submit(JobRequest request) { return scheduler_->Submit(std::move(request), now_).value(); }
  void End(WorkerId worker, bool leaves = false) { End(worker, Value(), leaves); }
  void End(WorkerId worker, TaskOutcome outcome, bool leaves = false) {
    scheduler_->Ended(worker, absl::MakeSpan(&outcome, 1), leaves, now_);
  }
  void EndAndBegin(WorkerId worker) {
    End(worker);
    Begin(worker);
  }
  void Begin(WorkerId worker) { scheduler_->Begun(worker, now_); }
  void Die(WorkerId worker, ExitStatus how = ExitStatus::Signalled(9)) {
    scheduler_->Died(worker, how, now_);
  }
  void Pass(absl::Duration time) {
    now_ += time;
    scheduler_->Tick(now_);
  }
  // One that has begun nothing dies, and however long starts wait then, the next one is there.
  void DieAndBeReplaced(WorkerId worker) {
    Die(worker);
    Pass(absl::Seconds(10));
    if (!scheduler_->closed()) MakeReadyOne(worker + 1);
  }

  absl::Duration now_ = absl::Seconds(1000);
  std::optional<Scheduler> scheduler_;
  std::shared_ptr<Sink> sink_ = std::make_shared<Sink>();
};

TEST_F(SchedulerTest, StartsAllWorkersAtOnce) {
  Make({.processes = 3});
  scheduler_->Tick(now_);
  EXPECT_THAT(Commands(), ElementsAre("start 1", "start 2", "start 3"));
  scheduler_->Tick(now_);
  EXPECT_THAT(Commands(), IsEmpty());
}

TEST_F(SchedulerTest, StartsWorkersOnDemand) {
  Make({.processes = 2, .on_demand = true});
  scheduler_->Tick(now_);
  EXPECT_THAT(Commands(), IsEmpty());
  Submit(Request(sink_, 1));
  EXPECT_THAT(Commands(), ElementsAre("start 1"));
  MakeReadyOne(1);
  EXPECT_THAT(Commands(), ElementsAre("send 1: 0"));
  Begin(1);
  End(1);
  // The one that is idle is used first.
  Submit(Request(std::make_shared<Sink>(), 3));
  EXPECT_THAT(Commands(), ElementsAre("send 1: 0", "start 2"));
}

TEST_F(SchedulerTest, GivesChunksToWhoIsIdle) {
  MakeReady(2);
  Submit(Request(sink_, 5, 2));
  EXPECT_THAT(Commands(), ElementsAre("send 2: 0 1", "send 1: 2 3"));
  Begin(1);
  EndAndBegin(1);
  End(1);
  EXPECT_THAT(Commands(), ElementsAre("send 1: 4"));
  Begin(1);
  End(1);
  Begin(2);
  EndAndBegin(2);
  EXPECT_EQ(sink_->ToString(), "ok - ok ok ok");
  End(2);
  EXPECT_EQ(sink_->ToString(), "ok ok ok ok ok");
  EXPECT_EQ(scheduler_->unresolved(), 0u);
}

TEST_F(SchedulerTest, DeathFailsTheItemThatHasBegun) {
  MakeReady(1);
  Submit(Request(sink_, 4, 4));
  Begin(1);
  EndAndBegin(1);
  Commands();
  Die(1, ExitStatus::Exited(7));
  EXPECT_EQ(sink_->ToString(), "ok ABORTED");
  EXPECT_EQ(ExitStatusOf(sink_->at(1)), ExitStatus::Exited(7));
  EXPECT_THAT(Commands(), ElementsAre("start 2"));
  // The others go to the next, in their order.
  MakeReadyOne(2);
  EXPECT_THAT(Commands(), ElementsAre("send 2: 2"));
  Begin(2);
  End(2);
  EXPECT_THAT(Commands(), ElementsAre("send 2: 3"));
}

TEST_F(SchedulerTest, DeathBeforeTheBeginningFailsNothing) {
  MakeReady(1);
  Submit(Request(sink_, 1));
  Commands();
  Die(1);
  EXPECT_EQ(sink_->ToString(), "");
  EXPECT_THAT(Commands(), ElementsAre("start 2"));
  MakeReadyOne(2);
  EXPECT_THAT(Commands(), ElementsAre("send 2: 0"));
}

TEST_F(SchedulerTest, WhatIsNeverBegunIsGivenUp) {
  MakeReady(1);
  Submit(Request(sink_, 1));
  WorkerId worker = 1;
  for (; sink_->resolved() == 0; ++worker) {
    ASSERT_LE(worker, WorkerId{Scheduler::kMostReturns + 1});
    DieAndBeReplaced(worker);
  }
  EXPECT_EQ(worker, WorkerId{Scheduler::kMostReturns + 2});
  EXPECT_EQ(sink_->ToString(), "ABORTED");
}

TEST_F(SchedulerTest, PoolInWhichNothingIsEverBegunBreaks) {
  MakeReady(1);
  Submit(Request(sink_, 1000, 10));
  WorkerId worker = 1;
  for (; sink_->resolved() < 1000; ++worker) {
    ASSERT_LE(worker, WorkerId{Scheduler::kMostGivenUp * Scheduler::kMostReturns + 2});
    DieAndBeReplaced(worker);
  }
  EXPECT_EQ(sink_->at(999).code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ExitStatusOf(sink_->at(999)), ExitStatus::Signalled(9));
  EXPECT_TRUE(scheduler_->finished());
}

TEST_F(SchedulerTest, OneThatIsNeverBegunBreaksNothing) {
  MakeReady(1);
  WorkerId worker = 1;
  for (int i = 0; i < Scheduler::kMostGivenUp; ++i) {
    auto sink = std::make_shared<Sink>();
    Submit(Request(sink, 1));
    for (; sink->resolved() == 0; ++worker) DieAndBeReplaced(worker);
    auto other = std::make_shared<Sink>();
    Submit(Request(other, 1));
    Begin(worker);
    End(worker);
    EXPECT_EQ(other->ToString(), "ok");
  }
  EXPECT_FALSE(scheduler_->closed());
}

TEST_F(SchedulerTest, RefusedItemsAreGivenOneByOne) {
  MakeReady(1, {.max_tasks_per_child = 5});
  Submit(Request(sink_, 4, 3));
  EXPECT_THAT(Commands(), ElementsAre("send 1: 0 1 2"));
  scheduler_->Refused(1, absl::ResourceExhaustedError("no handles"), now_);
  EXPECT_EQ(sink_->ToString(), "");
  EXPECT_THAT(Commands(), ElementsAre("send 1: 0"));
  Begin(1);
  End(1);
  EXPECT_THAT(Commands(), ElementsAre("send 1: 1"));
  scheduler_->Refused(1, absl::ResourceExhaustedError("no handles"), now_);
  EXPECT_EQ(sink_->ToString(), "ok RESOURCE_EXHAUSTED");
  EXPECT_THAT(Commands(), ElementsAre("send 1: 2"));
  Begin(1);
  End(1);
  // What was refused with others counts once.
  EXPECT_THAT(Commands(), ElementsAre("send 1: 3"));
}

TEST_F(SchedulerTest, OnlyWhatIsGivenCanBeRefused) {
  MakeReady(1);
  const JobId job = Submit(Request(sink_, 3, 3));
  Begin(1);
  End(1);
  Commands();
  scheduler_->Refused(1, absl::ResourceExhaustedError("made up"), now_);
  EXPECT_EQ(sink_->ToString(), "ok");
  EXPECT_THAT(Commands(), IsEmpty());
  scheduler_->Cancel(job, true, now_);
  scheduler_->Refused(1, absl::ResourceExhaustedError("too late"), now_);
  Die(1);
  EXPECT_EQ(sink_->ToString(), "ok CANCELLED CANCELLED");
}

TEST_F(SchedulerTest, SlowInitializerIsEnded) {
  Make({.processes = 1, .initializer_timeout = absl::Seconds(5)});
  Submit(Request(sink_, 1));
  Commands();
  scheduler_->Started(1, 101, now_);
  EXPECT_EQ(scheduler_->NextDeadline(), now_ + absl::Seconds(5));
  Pass(absl::Seconds(5));
  EXPECT_THAT(Commands(), ElementsAre("kill 1"));
  Die(1);
  EXPECT_THAT(Commands(), ElementsAre("start 2"));
  MakeReadyOne(2);
  Pass(absl::Seconds(50));  // it is ready
  EXPECT_THAT(Commands(), ElementsAre("send 2: 0"));
}

TEST_F(SchedulerTest, SlowInitializersBreakThePool) {
  Make({.processes = 1, .initializer_timeout = absl::Seconds(5)});
  Submit(Request(sink_, 1));
  for (WorkerId worker = 1; worker <= WorkerId{Scheduler::kMostUnready}; ++worker) {
    EXPECT_EQ(sink_->ToString(), "");
    scheduler_->Started(worker, 100, now_);
    Pass(absl::Seconds(5));
    Die(worker);
    Pass(absl::Seconds(10));
  }
  EXPECT_EQ(sink_->ToString(), "ABORTED");
  EXPECT_THAT(std::string(sink_->at(0).message()), testing::HasSubstr("initializer"));
}

TEST_F(SchedulerTest, WorkerThatDoesNotEndIsKilled) {
  MakeReady(1, {.max_tasks_per_child = 1, .exit_timeout = absl::Seconds(5)});
  Submit(Request(sink_, 2));
  Begin(1);
  End(1);
  EXPECT_THAT(Commands(), ElementsAre("send 1: 0", "dismiss 1"));
  EXPECT_EQ(scheduler_->NextDeadline(), now_ + absl::Seconds(5));
  Pass(absl::Seconds(5));
  EXPECT_THAT(Commands(), ElementsAre("kill 1"));
  Die(1);
  EXPECT_THAT(Commands(), ElementsAre("start 2"));
  MakeReadyOne(2);
  Begin(2);
  End(2);
  EXPECT_EQ(sink_->ToString(), "ok ok");
  scheduler_->Close(false, now_);
  Commands();
  Pass(absl::Seconds(5));
  EXPECT_THAT(Commands(), ElementsAre("kill 2"));
}

TEST_F(SchedulerTest, RetriesWhatItsWorkerDiedWith) {
  MakeReady(1);
  JobRequest request = Request(sink_, 1);
  request.retries = 2;
  Submit(std::move(request));
  for (WorkerId worker = 1; worker <= 3; ++worker) {
    EXPECT_EQ(sink_->ToString(), "");
    Begin(worker);
    Die(worker);
    if (worker < 3) MakeReadyOne(worker + 1);
  }
  EXPECT_EQ(sink_->ToString(), "ABORTED");
}

TEST_F(SchedulerTest, ExceptionIsAResultAndNotRetried) {
  MakeReady(1);
  JobRequest request = Request(sink_, 1);
  request.retries = 2;
  Submit(std::move(request));
  Begin(1);
  End(1, Error(absl::UnknownError("it threw")));
  EXPECT_EQ(sink_->ToString(), "UNKNOWN");
}

TEST_F(SchedulerTest, TimeoutKillsTheWorker) {
  MakeReady(1);
  JobRequest request = Request(sink_, 2, 2);
  request.task_timeout = absl::Seconds(5);
  Submit(std::move(request));
  // One at a time, whatever the chunk.
  EXPECT_THAT(Commands(), ElementsAre("send 1: 0"));
  EXPECT_EQ(scheduler_->NextDeadline(), absl::InfiniteDuration());
  Pass(absl::Seconds(50));  // it has not begun
  EXPECT_THAT(Commands(), IsEmpty());
  Begin(1);
  EXPECT_EQ(scheduler_->NextDeadline(), now_ + absl::Seconds(5));
  Pass(absl::Seconds(4));
  EXPECT_THAT(Commands(), IsEmpty());
  Pass(absl::Seconds(1));
  EXPECT_THAT(Commands(), ElementsAre("kill 1"));
  EXPECT_EQ(sink_->ToString(), "");  // until it is dead
  Die(1);
  EXPECT_EQ(sink_->ToString(), "DEADLINE_EXCEEDED");
  EXPECT_THAT(Commands(), ElementsAre("start 2"));
}

TEST_F(SchedulerTest, TimeOfTheWholeCallEndsAllOfIt) {
  MakeReady(2);
  JobRequest request = Request(sink_, 5, 1);
  request.total_timeout = absl::Seconds(5);
  Submit(std::move(request));
  auto other = std::make_shared<Sink>();
  Submit(Request(other, 1));
  EXPECT_EQ(scheduler_->NextDeadline(), now_ + absl::Seconds(5));
  Begin(1);
  Begin(2);
  Pass(absl::Seconds(4));
  End(1);
  EXPECT_THAT(Commands(), ElementsAre("send 2: 0", "send 1: 1", "send 1: 2"));
  Pass(absl::Seconds(1));
  EXPECT_THAT(Commands(), ElementsAre("kill 1", "kill 2"));
  Die(1);
  Die(2);
  EXPECT_EQ(sink_->ToString(),
            "DEADLINE_EXCEEDED ok DEADLINE_EXCEEDED DEADLINE_EXCEEDED DEADLINE_EXCEEDED");
  EXPECT_EQ(other->ToString(), "");
  EXPECT_EQ(scheduler_->NextDeadline(), absl::InfiniteDuration());
}

TEST_F(SchedulerTest, TimeOfACallThatIsOverIsNothing) {
  MakeReady(1);
  JobRequest request = Request(sink_, 1);
  request.total_timeout = absl::Seconds(5);
  Submit(std::move(request));
  Begin(1);
  End(1);
  Submit(Request(std::make_shared<Sink>(), 1));
  Commands();
  Pass(absl::Seconds(5));
  EXPECT_THAT(Commands(), IsEmpty());
}

TEST_F(SchedulerTest, TimeoutBeginsOnce) {
  MakeReady(1);
  JobRequest request = Request(sink_, 1);
  request.task_timeout = absl::Seconds(5);
  Submit(std::move(request));
  Commands();
  Begin(1);
  Pass(absl::Seconds(4));
  Begin(1);  // it makes things up
  Pass(absl::Seconds(1));
  EXPECT_THAT(Commands(), ElementsAre("kill 1"));
}

TEST_F(SchedulerTest, ResultBeforeTheDeathCounts) {
  MakeReady(1);
  JobRequest request = Request(sink_, 1);
  request.task_timeout = absl::Seconds(5);
  Submit(std::move(request));
  Begin(1);
  Pass(absl::Seconds(5));
  End(1);
  EXPECT_EQ(sink_->ToString(), "ok");
  // It gets nothing more.
  Submit(Request(std::make_shared<Sink>(), 1));
  EXPECT_THAT(Commands(), ElementsAre("send 1: 0", "kill 1"));
  Die(1);
  EXPECT_EQ(sink_->ToString(), "ok");
}

TEST_F(SchedulerTest, CancelsWhatNoWorkerHas) {
  MakeReady(1);
  const JobId job = Submit(Request(sink_, 3));
  EXPECT_EQ(scheduler_->Cancel(job, false, now_), 2u);
  EXPECT_EQ(sink_->ToString(), "- CANCELLED CANCELLED");
  EXPECT_EQ(scheduler_->Cancel(job, false, now_), 0u);
  Begin(1);
  End(1);
  EXPECT_EQ(sink_->ToString(), "ok CANCELLED CANCELLED");
  EXPECT_EQ(scheduler_->Cancel(job, true, now_), 0u);
  EXPECT_THAT(Commands(), ElementsAre("send 1: 0"));
}

TEST_F(SchedulerTest, CancelledItemsAreNoWork) {
  Make({.processes = 3, .on_demand = true});
  Submit(Request(sink_, 1));
  const JobId job = Submit(Request(std::make_shared<Sink>(), 100));
  EXPECT_THAT(Commands(), ElementsAre("start 1", "start 2", "start 3"));
  EXPECT_EQ(scheduler_->Cancel(job, false, now_), 100u);
  scheduler_->StartFailed(2, absl::AbortedError("killed"), now_);
  scheduler_->StartFailed(3, absl::AbortedError("killed"), now_);
  Pass(absl::Minutes(1));
  EXPECT_THAT(Commands(), IsEmpty());  // one task is left, for which the first worker starts
}

TEST_F(SchedulerTest, CancelsWhatRuns) {
  MakeReady(2);
  auto other = std::make_shared<Sink>();
  Submit(Request(other, 1));
  const JobId job = Submit(Request(sink_, 3, 2));
  EXPECT_THAT(Commands(), ElementsAre("send 2: 0", "send 1: 0 1"));
  Begin(1);
  EXPECT_EQ(scheduler_->Cancel(job, true, now_), 3u);
  EXPECT_THAT(Commands(), ElementsAre("kill 1"));
  EXPECT_EQ(sink_->ToString(), "- - CANCELLED");
  EndAndBegin(1);  // it was faster
  Die(1);
  EXPECT_EQ(sink_->ToString(), "ok CANCELLED CANCELLED");
  EXPECT_EQ(other->ToString(), "");
}

TEST_F(SchedulerTest, FirstErrorCancelsTheRestIfWanted) {
  MakeReady(1);
  JobRequest request = Request(sink_, 4, 2);
  request.cancel_rest_on_error = true;
  Submit(std::move(request));
  Begin(1);
  End(1, Error(absl::UnknownError("it threw")));
  EXPECT_EQ(sink_->ToString(), "UNKNOWN - CANCELLED CANCELLED");
  End(1);
  EXPECT_EQ(sink_->ToString(), "UNKNOWN ok CANCELLED CANCELLED");
}

TEST_F(SchedulerTest, WorkerEndsAfterItsTasks) {
  MakeReady(1, {.max_tasks_per_child = 3});
  Submit(Request(sink_, 5, 2));
  EXPECT_THAT(Commands(), ElementsAre("send 1: 0 1"));
  Begin(1);
  EndAndBegin(1);
  End(1);
  EXPECT_THAT(Commands(), ElementsAre("send 1: 2"));
  Begin(1);
  End(1);
  EXPECT_THAT(Commands(), ElementsAre("dismiss 1"));
  Die(1, ExitStatus::Exited(0));
  EXPECT_THAT(Commands(), ElementsAre("start 2"));
  MakeReadyOne(2);
  EXPECT_THAT(Commands(), ElementsAre("send 2: 3"));
}

TEST_F(SchedulerTest, WorkerThatWantsToLeaveGivesBackWhatItHas) {
  MakeReady(1);
  Submit(Request(sink_, 4, 4));
  Commands();
  Begin(1);
  EndAndBegin(1);
  End(1, /*leaves=*/true);
  EXPECT_THAT(Commands(), ElementsAre("dismiss 1"));
  EXPECT_EQ(sink_->ToString(), "ok ok");
  Die(1, ExitStatus::Exited(0));
  EXPECT_THAT(Commands(), ElementsAre("start 2"));
  MakeReadyOne(2);
  EXPECT_THAT(Commands(), ElementsAre("send 2: 2 3"));
  Begin(2);
  End(2, /*leaves=*/true);
  EXPECT_THAT(Commands(), ElementsAre("dismiss 2"));
  // However often that happens.
  Die(2, ExitStatus::Exited(0));
  EXPECT_THAT(Commands(), ElementsAre("start 3"));
  MakeReadyOne(3);
  EXPECT_THAT(Commands(), ElementsAre("send 3: 3"));
  Begin(3);
  End(3, /*leaves=*/true);
  EXPECT_EQ(sink_->ToString(), "ok ok ok ok");
}

TEST_F(SchedulerTest, WorkerThatIsKilledKeepsWhatItHas) {
  MakeReady(1);
  const JobId job = Submit(Request(sink_, 3, 3));
  Begin(1);
  scheduler_->Cancel(job, true, now_);
  End(1, /*leaves=*/true);
  EXPECT_EQ(sink_->ToString(), "ok");
  Die(1);
  EXPECT_EQ(sink_->ToString(), "ok CANCELLED CANCELLED");
}

TEST_F(SchedulerTest, IdleWorkersEndAndComeBack) {
  MakeReady(2, {.idle_timeout = absl::Seconds(10)});
  EXPECT_EQ(scheduler_->NextDeadline(), now_ + absl::Seconds(10));
  Pass(absl::Seconds(10));
  EXPECT_THAT(Commands(), ElementsAre("dismiss 1", "dismiss 2"));
  Die(1, ExitStatus::Exited(0));
  Die(2, ExitStatus::Exited(0));
  EXPECT_THAT(Commands(), IsEmpty());
  Submit(Request(sink_, 1));
  EXPECT_THAT(Commands(), ElementsAre("start 3"));
}

TEST_F(SchedulerTest, CloseLetsWorkersGoWhenAllIsDone) {
  MakeReady(2);
  Submit(Request(sink_, 1));
  Commands();
  scheduler_->Close(false, now_);
  EXPECT_THAT(Commands(), ElementsAre("dismiss 1"));
  EXPECT_EQ(scheduler_->Submit(Request(sink_, 1), now_).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(scheduler_->finished());
  Begin(2);
  End(2);
  EXPECT_THAT(Commands(), ElementsAre("dismiss 2"));
  Die(1, ExitStatus::Exited(0));
  EXPECT_FALSE(scheduler_->finished());
  Die(2, ExitStatus::Exited(0));
  EXPECT_THAT(Commands(), IsEmpty());
  EXPECT_TRUE(scheduler_->finished());
}

TEST_F(SchedulerTest, CloseCancelsWhatNoWorkerHasIfWanted) {
  MakeReady(1);
  Submit(Request(sink_, 3));
  auto other = std::make_shared<Sink>();
  Submit(Request(other, 1));
  Commands();
  Begin(1);
  scheduler_->Close(true, now_);
  EXPECT_EQ(sink_->ToString(), "- CANCELLED CANCELLED");
  EXPECT_EQ(other->ToString(), "CANCELLED");
  End(1);
  EXPECT_EQ(sink_->ToString(), "ok CANCELLED CANCELLED");
  EXPECT_THAT(Commands(), ElementsAre("dismiss 1"));
}

TEST_F(SchedulerTest, ClosedPoolStillReplacesWhomItNeeds) {
  MakeReady(1);
  Submit(Request(sink_, 2));
  scheduler_->Close(false, now_);
  Begin(1);
  Commands();
  Die(1);
  EXPECT_THAT(Commands(), ElementsAre("start 2"));
  MakeReadyOne(2);
  Begin(2);
  End(2);
  EXPECT_EQ(sink_->ToString(), "ABORTED ok");
}

TEST_F(SchedulerTest, TerminateResolvesAllAndKills) {
  MakeReady(2, {});
  Submit(Request(sink_, 3));
  Begin(1);
  Commands();
  Die(1);  // so that one is starting
  Commands();
  scheduler_->Terminate(now_);
  EXPECT_EQ(sink_->resolved(), 3u);
  EXPECT_THAT(Commands(), ElementsAre("kill 2"));
  End(2);
  Die(2);
  EXPECT_FALSE(scheduler_->finished());
  scheduler_->Started(3, 103, now_);
  EXPECT_THAT(Commands(), ElementsAre("kill 3"));
  Die(3);
  EXPECT_THAT(Commands(), IsEmpty());
  EXPECT_TRUE(scheduler_->finished());
}

TEST_F(SchedulerTest, TerminateTakesBackStarts) {
  Make({.processes = 2});
  scheduler_->Tick(now_);
  EXPECT_THAT(Commands(), ElementsAre("start 1", "start 2"));
  scheduler_->Started(1, 101, now_);
  EXPECT_TRUE(scheduler_->IsWanted(2));
  scheduler_->Terminate(now_);
  EXPECT_FALSE(scheduler_->IsWanted(2));
  scheduler_->StartFailed(2, absl::CancelledError("not wanted"), now_);
  EXPECT_THAT(Commands(), ElementsAre("kill 1"));
  Die(1);
  EXPECT_TRUE(scheduler_->finished());
}

TEST_F(SchedulerTest, OnlyAnInitializerThatRunsCanFail) {
  MakeReady(1);
  scheduler_->InitializerFailed(1, absl::UnknownError("made up"), now_);
  Submit(Request(sink_, 1));
  EXPECT_THAT(Commands(), ElementsAre("send 1: 0"));
}

TEST_F(SchedulerTest, FailedInitializerBreaksThePool) {
  MakeReady(1);
  Submit(Request(sink_, 2));
  Begin(1);
  Die(1);
  Commands();
  scheduler_->Started(2, 102, now_);
  scheduler_->InitializerFailed(2, absl::UnknownError("no licence"), now_);
  EXPECT_EQ(sink_->ToString(), "ABORTED UNKNOWN");
  EXPECT_EQ(scheduler_->Submit(Request(sink_, 1), now_).status(), absl::UnknownError("no licence"));
  Die(2, ExitStatus::Exited(0));
  EXPECT_THAT(Commands(), IsEmpty());
  EXPECT_TRUE(scheduler_->finished());
}

TEST_F(SchedulerTest, CrashLoopBreaksThePool) {
  Make({.processes = 1});
  Submit(Request(sink_, 1));
  WorkerId worker = 1;
  while (sink_->resolved() == 0) {
    ASSERT_LE(worker, WorkerId{Scheduler::kMostUnready});
    scheduler_->Started(worker, 100, now_);
    Die(worker++, ExitStatus::Signalled(11));
    Pass(absl::Seconds(10));
  }
  EXPECT_EQ(worker, WorkerId{Scheduler::kMostUnready + 1});
  EXPECT_EQ(sink_->ToString(), "ABORTED");
  EXPECT_EQ(ExitStatusOf(sink_->at(0)), ExitStatus::Signalled(11));
  EXPECT_TRUE(scheduler_->finished());
}

TEST_F(SchedulerTest, FailedStartsBreakThePool) {
  Make({.processes = 1});
  Submit(Request(sink_, 1));
  for (WorkerId worker = 1; worker <= WorkerId{Scheduler::kMostUnready}; ++worker) {
    scheduler_->StartFailed(worker, absl::ResourceExhaustedError("no more processes"), now_);
    Pass(absl::Seconds(10));
  }
  EXPECT_EQ(sink_->ToString(), "ABORTED");
}

TEST_F(SchedulerTest, ShortageThatPassesBreaksNothing) {
  Make({.processes = 3});
  Submit(Request(sink_, 1));
  Commands();
  // All of them at once, and then again and again for a while.
  for (WorkerId worker = 1; worker <= 3; ++worker) {
    scheduler_->StartFailed(worker, absl::ResourceExhaustedError("no more processes"), now_);
  }
  const absl::Duration end = now_ + Scheduler::kShortage - absl::Milliseconds(100);
  std::vector<std::string> starts = Commands();
  WorkerId worker = 3;
  while (now_ < end) {
    for (; !starts.empty(); starts.pop_back()) {
      scheduler_->StartFailed(++worker, absl::ResourceExhaustedError("no more processes"), now_);
    }
    Pass(absl::Milliseconds(10));
    starts = Commands();
  }
  EXPECT_GT(worker, WorkerId{5});
  EXPECT_FALSE(scheduler_->closed());
}

TEST_F(SchedulerTest, StartsWaitAfterFruitlessLives) {
  MakeReady(1);
  WorkerId worker = 1;
  absl::Duration longest;
  for (int life = 0; life < 20; ++life) {
    Die(worker++);
    const absl::Duration wait = scheduler_->NextDeadline() - now_;
    if (wait != absl::InfiniteDuration()) {
      EXPECT_THAT(Commands(), IsEmpty());
      EXPECT_GE(wait, longest);
      longest = wait;
      Pass(wait);
    }
    EXPECT_THAT(Commands(), ElementsAre(absl::StrCat("start ", worker)));
    MakeReadyOne(worker);
  }
  EXPECT_EQ(longest, absl::Milliseconds(640));
}

TEST_F(SchedulerTest, StreamTakesMoreItems) {
  MakeReady(1);
  JobRequest request = Request(sink_, 0);
  request.more_to_come = true;
  const JobId job = Submit(std::move(request));
  EXPECT_TRUE(scheduler_->Append(job, Items(1), now_).ok());
  Begin(1);
  End(1);
  EXPECT_TRUE(scheduler_->Append(job, Items(2, 1), now_).ok());
  scheduler_->Finish(job);
  Begin(1);
  End(1);
  EXPECT_THAT(Commands(), ElementsAre("send 1: 0", "send 1: 1", "send 1: 2"));
  Begin(1);
  End(1);
  EXPECT_EQ(sink_->ToString(), "ok ok ok");
}

TEST_F(SchedulerTest, LetsGoOfArguments) {
  MakeReady(1);
  JobRequest request = Request(sink_, 3, 3);
  const std::weak_ptr<const Batch> two = request.items.front();
  const std::weak_ptr<const Batch> last = request.items.back();
  Submit(std::move(request));
  Commands();
  Begin(1);
  EXPECT_FALSE(two.expired());  // it may be needed again
  EndAndBegin(1);
  EXPECT_FALSE(two.expired());
  EndAndBegin(1);
  EXPECT_TRUE(two.expired());
  EXPECT_FALSE(last.expired());
  End(1);
  EXPECT_TRUE(last.expired());
}

TEST_F(SchedulerTest, SeveralEndAtOnce) {
  MakeReady(1);
  Submit(Request(sink_, 5, 4));
  EXPECT_THAT(Commands(), ElementsAre("send 1: 0 1 2 3"));
  std::vector<TaskOutcome> outcomes(3);
  outcomes[1] = Error(absl::UnknownError("it threw"));
  scheduler_->Ended(1, absl::MakeSpan(outcomes), /*leaves=*/false, now_);
  EXPECT_EQ(sink_->ToString(), "ok UNKNOWN ok");
  // More than it has: it makes things up.
  scheduler_->Ended(1, absl::MakeSpan(outcomes), /*leaves=*/false, now_);
  EXPECT_EQ(sink_->ToString(), "ok UNKNOWN ok ok");
  EXPECT_THAT(Commands(), ElementsAre("send 1: 4"));
  EXPECT_EQ(scheduler_->Statistics(now_).front().tasks, 4u);
}

TEST_F(SchedulerTest, ManyThatAreCancelledOneByOneLeaveNothing) {
  MakeReady(1);
  Submit(Request(sink_, 1));
  std::vector<JobId> jobs;
  for (int i = 0; i < 1000; ++i) jobs.push_back(Submit(Request(std::make_shared<Sink>(), 1)));
  for (const JobId job : jobs) EXPECT_EQ(scheduler_->Cancel(job, false, now_), 1u);
  EXPECT_LT(scheduler_->TurnsForTesting(), 100u);
  const auto last = std::make_shared<Sink>();
  Submit(Request(last, 1));
  End(1);
  EXPECT_THAT(Commands(), ElementsAre("send 1: 0", "send 1: 0"));
  End(1);
  EXPECT_EQ(last->ToString(), "ok");
}

TEST(DefaultChunkSize, IsAQuarterOfAShare) {
  EXPECT_EQ(DefaultChunkSize(1, 2), 1u);
  EXPECT_EQ(DefaultChunkSize(8, 2), 1u);
  EXPECT_EQ(DefaultChunkSize(9, 2), 2u);
  EXPECT_EQ(DefaultChunkSize(100, 2), 13u);
  EXPECT_EQ(DefaultChunkSize(0, 2), 1u);
}

TEST_F(SchedulerTest, CountsTimeAndTasks) {
  Make({.processes = 1});
  scheduler_->Tick(now_);
  Pass(absl::Seconds(1));
  scheduler_->Started(1, 77, now_);
  Pass(absl::Seconds(1));
  scheduler_->Ready(1, now_);
  Pass(absl::Seconds(4));
  Submit(Request(sink_, 1));
  Begin(1);
  Pass(absl::Seconds(8));
  End(1);
  Pass(absl::Seconds(16));
  const std::vector<WorkerStatistics> all = scheduler_->Statistics(now_);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].number, 1);
  EXPECT_EQ(all[0].pid, 77);
  EXPECT_EQ(all[0].tasks, 1u);
  EXPECT_EQ(all[0].starting, absl::Seconds(2));
  EXPECT_EQ(all[0].working, absl::Seconds(8));
  EXPECT_EQ(all[0].idle, absl::Seconds(20));
  Die(1);
  EXPECT_FALSE(scheduler_->Statistics(now_).front().alive);
}

TEST_F(SchedulerTest, StatisticsAreInTheOrderOfTheStart) {
  MakeReady(3);
  Die(3);
  Die(1);
  std::vector<int64_t> numbers;
  for (const WorkerStatistics& one : scheduler_->Statistics(now_)) numbers.push_back(one.number);
  ASSERT_GE(numbers.size(), 3u);
  for (size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(numbers[i], static_cast<int64_t>(i) + 1);
}

}  // namespace
}  // namespace isoproc::internal
