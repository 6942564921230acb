// Messages between processes, by isoproc, by the system itself, and by other libraries. One round:
//
//   queues [--iterations=20] [--only=stream/]
//
//   pair/X         one thread puts a message of 64 bytes and gets it
//   stream/X       one process puts messages of 64 bytes as fast as another gets them
//   stream4K/X     of 4 KiB
//   stream1M/X     of 1 MiB
//   trip/X         to another process and back, 64 bytes
//   two/X          two processes put messages of 64 bytes, two get them
//   two4K/X        of 4 KiB
//   two1M/X        of 1 MiB
//   crowd/X        four processes put 64 bytes, four get
//   copy*/memory   copies of 64 bytes, 4 KiB, 1 MiB in memory: once in, once out
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/channel.h"
#include "bench/floor.h"
#include "bench/round.h"
#include "isoproc/isoproc.h"

namespace isoproc::bench {
namespace {

enum class Part { kSink, kSource, kEcho };

// The other process, run by run: so many messages each.
void Partner(const ChannelPlace& there, const ChannelPlace& back, const Semaphore& go,
             const Semaphore& done, int times, Part part) {
  const std::unique_ptr<Channel> from = OpenChannel(there);
  const std::unique_ptr<Channel> to = part == Part::kEcho ? OpenChannel(back) : nullptr;
  while (go.Acquire().ok()) {
    for (int i = 0; i < times; ++i) {
      if (part == Part::kSource ? !from->Put() : !from->Get()) return;
      if (part == Part::kEcho && !to->Put()) return;
    }
    done.Release().IgnoreError();
  }
}

// A channel, and another one back, with partners that begin when told to.
class Line {
 public:
  Line(const std::string& name, size_t size) {
    good_ = MakeChannel(name, size, &there_) && MakeChannel(name, size, &back_);
    done_ = Semaphore::Create(0).value();
    if (good_) {
      to_ = OpenChannel(there_);
      from_ = OpenChannel(back_);
    }
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line() {
    for (Process& partner : partners_) partner.Kill().IgnoreError();
    partners_.clear();
    RemoveChannel(there_);
    RemoveChannel(back_);
  }

  void Add(Part part, int times) {
    if (!good_) return;
    // One for each, or a fast one would run twice in place of a slow one.
    go_.push_back(Semaphore::Create(0).value());
    absl::StatusOr<Process> partner =
        Process::Start<Partner>(there_, back_, go_.back(), done_, times, part);
    good_ = partner.ok();
    if (good_) partners_.push_back(*std::move(partner));
  }
  // Lets the partners begin.
  bool Go() {
    for (const Semaphore& go : go_) good_ = good_ && go.Release().ok();
    return good_;
  }
  bool AwaitPartners() {
    for (size_t i = 0; i < partners_.size(); ++i) {
      if (!done_.Acquire().ok()) return false;
    }
    return true;
  }
  Channel& to() { return *to_; }
  Channel& from() { return *from_; }
  bool good() const { return good_; }

 private:
  bool good_ = false;
  ChannelPlace there_;
  ChannelPlace back_;
  std::vector<Semaphore> go_;
  Semaphore done_;
  std::unique_ptr<Channel> to_;
  std::unique_ptr<Channel> from_;
  std::vector<Process> partners_;
};

// The partners are started by the first run.
template <class Begin, class Run>
Way WithLine(std::string what, const std::string& name, size_t size, int times, Begin begin,
             Run run) {
  auto line = std::make_shared<std::unique_ptr<Line>>();
  return {std::move(what) + "/" + name,
          [=] {
            if (*line == nullptr) {
              *line = std::make_unique<Line>(name, size);
              begin(**line);
            }
            return (*line)->good() && run(**line);
          },
          times};
}

// So many processes on each side, as fast as they can.
Way Crowd(const std::string& what, const std::string& name, size_t size, int each_side, int times) {
  return WithLine(
      what, name, size, each_side * times,
      [=](Line& line) {
        for (int i = 0; i < each_side; ++i) {
          line.Add(Part::kSink, times);
          line.Add(Part::kSource, times);
        }
      },
      [](Line& line) { return line.Go() && line.AwaitPartners(); });
}

struct Size {
  const char* suffix;  // of a name: "stream4K"
  size_t size;
  int stream_times;
  int two_times;  // each of two
};
const std::array<Size, 3> kSizes = {
    {{"", kSmall, 50'000, 20'000}, {"4K", kPage, 10'000, 5'000}, {"1M", kLarge, 200, 50}}};

void AddStreams(std::vector<Way>& ways) {
  for (const Size& size : kSizes) {
    for (const std::string& name : TestedChannels(size.size)) {
      const int times = size.stream_times;
      ways.push_back(WithLine(
          std::string("stream") + size.suffix, name, size.size, times,
          [times](Line& line) { line.Add(Part::kSink, times); },
          [times](Line& line) {
            if (!line.Go()) return false;
            for (int i = 0; i < times; ++i) {
              if (!line.to().Put()) return false;
            }
            return line.AwaitPartners();
          }));
      if (!IsForMany(name)) continue;
      ways.push_back(Crowd(std::string("two") + size.suffix, name, size.size, 2, size.two_times));
    }
  }
}

void AddSmall(std::vector<Way>& ways) {
  constexpr int kTimes = 20'000;
  constexpr int kTrips = 2'000;
  for (const std::string& name : TestedChannels(kSmall)) {
    if (IsForMany(name)) {
      ways.push_back(WithLine(
          "pair", name, kSmall, kTimes, [](Line&) {},
          [](Line& line) {
            for (int i = 0; i < kTimes; ++i) {
              if (!line.to().Put() || !line.to().Get()) return false;
            }
            return true;
          }));
      ways.push_back(Crowd("crowd", name, kSmall, 4, kTimes));
    }
    ways.push_back(WithLine(
        "trip", name, kSmall, kTrips, [](Line& line) { line.Add(Part::kEcho, kTrips); },
        [](Line& line) {
          if (!line.Go()) return false;
          for (int i = 0; i < kTrips; ++i) {
            if (!line.to().Put() || !line.from().Get()) return false;
          }
          return line.AwaitPartners();
        }));
  }
}

void AddCopies(std::vector<Way>& ways) {
  for (const Size& one : kSizes) {
    const size_t size = one.size;
    const int times = one.two_times;
    const auto memory = std::make_shared<std::vector<char>>(3 * size, 'x');
    ways.push_back({std::string("copy") + one.suffix + "/memory",
                    [memory, size, times] {
                      volatile char seen = 0;
                      for (int i = 0; i < times; ++i) {
                        std::memcpy(memory->data() + size, memory->data(), size);
                        seen = (*memory)[2 * size - 1];
                        std::memcpy(memory->data() + 2 * size, memory->data() + size, size);
                        seen = (*memory)[3 * size - 1];
                      }
                      return seen == 'x';
                    },
                    times});
  }
}

int Run(int argc, char** argv) {
  const RoundOptions options = ParseRoundOptions(argc, argv);
  std::vector<Way> ways = ChannelFloors();
  AddSmall(ways);
  AddStreams(ways);
  AddCopies(ways);
  return RunRound(options, std::move(ways));
}

}  // namespace
}  // namespace isoproc::bench

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  return isoproc::bench::Run(argc, argv);
}
