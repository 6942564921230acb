// The scheduler of pools in worlds where users, workers and death do as they like: whatever
// happens, each item is resolved once, begun no more often than allowed, and all comes to an end.
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "isoproc/exit_status.h"
#include "isoproc/internal/batch.h"
#include "isoproc/internal/task.h"
#include "isoproc/internal/task_results.h"
#include "platform/core/pool/scheduler.h"

namespace isoproc::internal {
namespace {

struct ItemLife {
  int begun = 0;
  int most = 1;
  bool done = false;  // by a worker, as far as it could say so
  std::optional<absl::StatusCode> outcome;
};

// What all items of all jobs went through, by "job/index".
using Lives = std::map<std::string, ItemLife>;

class JobSink : public TaskSink {
 public:
  JobSink(int number, Lives& lives) : number_(number), lives_(lives) {}
  void Resolve(uint64_t first, absl::Span<TaskOutcome> outcomes) override {
    for (const TaskOutcome& outcome : outcomes) {
      const std::string name = absl::StrCat(number_, "/", first++);
      ItemLife& life = lives_[name];
      EXPECT_FALSE(life.outcome.has_value()) << name << " is resolved twice";
      life.outcome = outcome.status.code();
      EXPECT_TRUE(!outcome.status.ok() || life.done) << "a result of nobody";
      ++resolved;
    }
  }
  uint64_t resolved = 0;

 private:
  const int number_;
  Lives& lives_;
};

class World {
 public:
  explicit World(uint32_t seed) : random_(seed) {
    rules_.processes = Any(1, 4);
    rules_.on_demand = Chance(3);
    if (Chance(3)) rules_.idle_timeout = absl::Milliseconds(Any(1, 50));
    if (Chance(3)) rules_.max_tasks_per_child = static_cast<uint64_t>(Any(1, 6));
    if (Chance(3)) rules_.initializer_timeout = absl::Milliseconds(Any(1, 50));
    if (Chance(3)) rules_.exit_timeout = absl::Milliseconds(Any(0, 50));
    scheduler_.emplace(rules_);
    deadly_ = Any(2, 30);
  }

  void Run() {
    const int steps = Any(20, 300);
    for (int step = 0; step < steps; ++step) Step(true);
    if (Chance(4)) {
      scheduler_->Terminate(now_);
      was_terminated_ = true;
    } else {
      scheduler_->Close(Chance(4), now_);
    }
    // From now on users do nothing, and death comes seldom enough for the rest to be done.
    deadly_ = 40;
    for (int step = 0; !scheduler_->finished() || !commands_done_; ++step) {
      ASSERT_LT(step, 200000) << "it hangs";
      Step(false);
    }
    for (const auto& [name, life] : lives_) {
      EXPECT_TRUE(life.outcome.has_value()) << name << " is never resolved";
      EXPECT_LE(life.begun, life.most) << name << " is begun too often";
    }
    EXPECT_TRUE(workers_.empty());
  }

 private:
  struct Worker {
    enum class State { kStarting, kInitializing, kIdle, kBusy, kLeaving };
    State state = State::kStarting;
    bool is_doomed = false;  // killed, and not dead yet
    std::vector<std::string> items;
    size_t position = 0;
    bool begun = false;
  };
  struct Job {
    JobId id;
    std::shared_ptr<JobSink> sink;
    int number;
    uint64_t items;
    bool more_to_come;
    int most;
  };

  int Any(int least, int most) { return std::uniform_int_distribution<int>(least, most)(random_); }
  bool Chance(int one_in) { return Any(1, one_in) == 1; }

  // In batches of any size.
  Batches NewItems(Job& job, uint64_t count) {
    Batches items;
    Batch batch;
    const auto close = [&] {
      if (batch.size() > 0)
        items.push_back(std::make_shared<const Batch>(std::exchange(batch, {})));
    };
    for (uint64_t i = 0; i < count; ++i) {
      const std::string name = absl::StrCat(job.number, "/", job.items++);
      lives_[name].most = job.most;
      batch.bytes += name;
      batch.ends.push_back(batch.bytes.size());
      if (Chance(3)) close();
    }
    close();
    return items;
  }

  void Submit() {
    Job job = {0, nullptr, ++jobs_made_, 0, Chance(4), Any(1, 3)};
    job.sink = std::make_shared<JobSink>(job.number, lives_);
    JobRequest request;
    request.sink = job.sink;
    request.code = std::make_shared<const TaskCode>();
    request.chunk_size = static_cast<uint64_t>(Any(1, 4));
    request.retries = job.most - 1;
    request.more_to_come = job.more_to_come;
    request.cancel_rest_on_error = Chance(5);
    if (Chance(4)) request.task_timeout = absl::Milliseconds(Any(1, 20));
    if (Chance(6)) request.total_timeout = absl::Milliseconds(Any(0, 60));
    request.items = NewItems(job, static_cast<uint64_t>(Any(0, 12)));
    const absl::StatusOr<JobId> id = scheduler_->Submit(std::move(request), now_);
    if (!id.ok()) {
      for (uint64_t i = 0; i < job.items; ++i) lives_.erase(absl::StrCat(job.number, "/", i));
      return;
    }
    job.id = *id;
    open_.push_back(std::move(job));
  }

  void UseJob() {
    if (open_.empty()) return;
    const size_t which = static_cast<size_t>(Any(0, static_cast<int>(open_.size()) - 1));
    Job& job = open_[which];
    if (Chance(3)) {
      scheduler_->Cancel(job.id, Chance(2), now_);
    } else if (job.more_to_come && Chance(2)) {
      const uint64_t before = job.items;
      auto items = NewItems(job, static_cast<uint64_t>(Any(1, 4)));
      if (!scheduler_->Append(job.id, std::move(items), now_).ok()) {
        for (; job.items > before; --job.items) {
          lives_.erase(absl::StrCat(job.number, "/", job.items - 1));
        }
      }
    } else if (job.more_to_come) {
      scheduler_->Finish(job.id);
      job.more_to_come = false;
    }
  }

  void Execute() {
    const std::vector<Command> commands = scheduler_->TakeCommands();
    commands_done_ = commands.empty();
    for (const Command& command : commands) {
      if (const auto* start = std::get_if<StartWorker>(&command)) {
        EXPECT_TRUE(workers_.emplace(start->worker, Worker()).second);
        EXPECT_LE(workers_.size(), static_cast<size_t>(rules_.processes));
      } else if (const auto* send = std::get_if<SendItems>(&command)) {
        const auto worker = workers_.find(send->worker);
        if (worker == workers_.end()) continue;  // it died before
        EXPECT_EQ(worker->second.state, Worker::State::kIdle);
        EXPECT_FALSE(send->items.empty());
        worker->second.state = Worker::State::kBusy;
        worker->second.items.clear();
        worker->second.position = 0;
        worker->second.begun = false;
        for (const Slice& slice : send->items) {
          for (size_t i = slice.first; i < slice.first + slice.count; ++i) {
            const size_t begin = slice.batch->begin_of(i);
            const size_t size = slice.batch->begin_of(i + 1) - begin;
            worker->second.items.push_back(slice.batch->bytes.substr(begin, size));
          }
        }
        EXPECT_EQ(worker->second.items.size(), send->count);
      } else if (const auto* dismiss = std::get_if<DismissWorker>(&command)) {
        const auto worker = workers_.find(dismiss->worker);
        if (worker == workers_.end()) continue;
        EXPECT_EQ(worker->second.state, Worker::State::kIdle);
        worker->second.state = Worker::State::kLeaving;
      } else if (const auto* kill = std::get_if<KillWorker>(&command)) {
        const auto worker = workers_.find(kill->worker);
        if (worker == workers_.end()) continue;
        EXPECT_NE(worker->second.state, Worker::State::kStarting);
        worker->second.is_doomed = true;
      }
    }
  }

  void Begin(const std::string& item) {
    ItemLife& life = lives_[item];
    EXPECT_TRUE(!life.outcome.has_value() || was_terminated_) << item << " is begun too late";
    ++life.begun;
  }

  void Work(WorkerId id, Worker& worker) {
    switch (worker.state) {
      case Worker::State::kStarting:
        if (Chance(8)) {
          workers_.erase(id);
          scheduler_->StartFailed(id, absl::ResourceExhaustedError("no"), now_);
          return;
        }
        worker.state = Worker::State::kInitializing;
        scheduler_->Started(id, 1, now_);
        return;
      case Worker::State::kInitializing:
        if (Chance(200)) {
          worker.state = Worker::State::kLeaving;
          scheduler_->InitializerFailed(id, absl::UnknownError("threw"), now_);
          return;
        }
        worker.state = Worker::State::kIdle;
        scheduler_->Ready(id, now_);
        return;
      case Worker::State::kIdle:
        return;
      case Worker::State::kBusy: {
        const std::string item = worker.items[worker.position];
        if (worker.position == 0 && !worker.begun && Chance(10)) {
          worker.state = Worker::State::kIdle;
          scheduler_->Refused(id, absl::ResourceExhaustedError("no"), now_);
          return;
        }
        if (!worker.begun) {
          worker.begun = true;
          Begin(item);
          scheduler_->Begun(id, now_);
          return;
        }
        if (Chance(3)) return;  // it takes its time
        // Of several the pool may hear at once.
        std::vector<TaskOutcome> outcomes;
        do {
          const std::string& ended = worker.items[worker.position++];
          if (!outcomes.empty()) Begin(ended);
          lives_[ended].done = true;
          outcomes.emplace_back();
          if (Chance(6)) outcomes.back().status = absl::UnknownError("threw");
        } while (worker.position < worker.items.size() && Chance(3));
        const bool leaves = Chance(10);
        worker.begun = !leaves && worker.position < worker.items.size();
        if (worker.begun) {
          Begin(worker.items[worker.position]);
        } else {
          worker.state = Worker::State::kIdle;
        }
        scheduler_->Ended(id, absl::MakeSpan(outcomes), leaves, now_);
        if (worker.begun) scheduler_->Begun(id, now_);
        return;
      }
      case Worker::State::kLeaving:
        workers_.erase(id);
        scheduler_->Died(id, ExitStatus::Exited(0), now_);
        return;
    }
  }

  void Step(bool users_act) {
    if (users_act && Chance(6)) Submit();
    if (users_act && Chance(6)) UseJob();
    if (!workers_.empty()) {
      auto chosen = workers_.begin();
      std::advance(chosen, Any(0, static_cast<int>(workers_.size()) - 1));
      const WorkerId id = chosen->first;
      const bool exists = chosen->second.state != Worker::State::kStarting;
      if (exists && (Chance(deadly_) || (chosen->second.is_doomed && Chance(2)))) {
        workers_.erase(chosen);
        scheduler_->Died(id, ExitStatus::Signalled(9), now_);
      } else {
        Work(id, chosen->second);
      }
    }
    // Commands are sometimes late, time sometimes stands still.
    if (Chance(2)) Execute();
    if (Chance(2)) now_ += absl::Milliseconds(Any(0, 8));
    if (scheduler_->NextDeadline() <= now_) scheduler_->Tick(now_);
    if (workers_.empty() && scheduler_->NextDeadline() != absl::InfiniteDuration() &&
        scheduler_->NextDeadline() > now_) {
      now_ = scheduler_->NextDeadline();
      scheduler_->Tick(now_);
    }
  }

  std::mt19937 random_;
  Scheduler::Rules rules_;
  std::optional<Scheduler> scheduler_;
  absl::Duration now_ = absl::Seconds(1);
  int deadly_ = 10;  // one in so many steps of a worker is its last
  std::map<WorkerId, Worker> workers_;
  Lives lives_;
  std::vector<Job> open_;
  int jobs_made_ = 0;
  bool commands_done_ = false;
  bool was_terminated_ = false;
};

TEST(SchedulerWorld, WhateverHappensEachItemIsResolvedOnce) {
  for (uint32_t seed = 1; seed <= 3000 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    World world(seed);
    world.Run();
  }
}

}  // namespace
}  // namespace isoproc::internal
