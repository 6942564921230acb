// Messages by the system's own means: a pipe, a pair of stream sockets, a message queue of POSIX.
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "bench/floor.h"
#include "bench/round.h"

#ifdef __linux__
#include <mqueue.h>
#endif

namespace isoproc::bench {
namespace {

class SystemChannel {
 public:
  virtual ~SystemChannel() = default;
  virtual bool Put(const char* bytes, size_t size) = 0;
  virtual bool Get(char* bytes, size_t size) = 0;
};
using MakeSystemChannel = std::unique_ptr<SystemChannel> (*)(size_t size);

class FdChannel final : public SystemChannel {
 public:
  FdChannel(int read_end, int write_end) : read_end_(read_end), write_end_(write_end) {}
  ~FdChannel() override {
    ::close(read_end_);
    ::close(write_end_);
  }
  int read_end() const { return read_end_; }
  bool Put(const char* bytes, size_t size) override {
    for (size_t done = 0; done < size;) {
      const ssize_t written = ::write(write_end_, bytes + done, size - done);
      if (written <= 0) return false;
      done += static_cast<size_t>(written);
    }
    return true;
  }
  bool Get(char* bytes, size_t size) override {
    for (size_t done = 0; done < size;) {
      const ssize_t got = ::read(read_end_, bytes + done, size - done);
      if (got <= 0) return false;
      done += static_cast<size_t>(got);
    }
    return true;
  }

 private:
  const int read_end_;
  const int write_end_;
};

std::unique_ptr<SystemChannel> MakePipe(size_t) {
  int ends[2];
  if (::pipe(ends) != 0) return nullptr;
  return std::make_unique<FdChannel>(ends[0], ends[1]);
}

std::unique_ptr<SystemChannel> MakeSocketPair(size_t) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return nullptr;
  return std::make_unique<FdChannel>(ends[0], ends[1]);
}

// With what a connection puts around a message: a block with the first bytes, and a last byte.
class FramedChannel final : public SystemChannel {
 public:
  FramedChannel(int read_end, int write_end) : fd_(read_end, write_end), write_end_(write_end) {}
  bool Put(const char* bytes, size_t size) override {
    char block[kBlock] = {};
    const size_t first = std::min(size, kFirst);
    std::memcpy(block, bytes, first);
    if (first == size) return fd_.Put(block, sizeof(block));
    char last = 'w';
    struct iovec parts[] = {
        {block, sizeof(block)}, {const_cast<char*>(bytes) + first, size - first}, {&last, 1}};
    const ssize_t written = ::writev(write_end_, parts, 3);
    if (written < static_cast<ssize_t>(kBlock)) return false;
    const size_t done = static_cast<size_t>(written) - kBlock + first;
    if (done > size) return true;
    return fd_.Put(bytes + done, size - done) && fd_.Put(&last, 1);
  }
  bool Get(char* bytes, size_t size) override {
    char block[kBlock];
    if (!fd_.Get(block, sizeof(block))) return false;
    const size_t first = std::min(size, kFirst);
    std::memcpy(bytes, block, first);
    if (first == size) return true;
    struct iovec parts[] = {{bytes + first, size - first}, {block, 1}};
    const ssize_t got = ::readv(fd_.read_end(), parts, 2);
    if (got <= 0) return false;
    const size_t done = static_cast<size_t>(got) + first;
    if (done > size) return true;
    return fd_.Get(bytes + done, size - done) && fd_.Get(block, 1);
  }

 private:
  static constexpr size_t kBlock = 128;
  static constexpr size_t kFirst = 111;

  FdChannel fd_;
  const int write_end_;
};

std::unique_ptr<SystemChannel> MakeFramedSocketPair(size_t) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return nullptr;
  return std::make_unique<FramedChannel>(ends[0], ends[1]);
}

#ifdef __linux__
class MqChannel final : public SystemChannel {
 public:
  explicit MqChannel(mqd_t queue) : queue_(queue) {}
  ~MqChannel() override { ::mq_close(queue_); }
  bool Put(const char* bytes, size_t size) override {
    return ::mq_send(queue_, bytes, size, 0) == 0;
  }
  bool Get(char* bytes, size_t size) override {
    return ::mq_receive(queue_, bytes, size, nullptr) == static_cast<ssize_t>(size);
  }

 private:
  const mqd_t queue_;
};

std::unique_ptr<SystemChannel> MakeMq(size_t size) {
  const std::string name = "/isoproc-bench-" + std::to_string(::getpid());
  struct mq_attr attributes = {};
  attributes.mq_maxmsg = 10;  // more is for root alone
  attributes.mq_msgsize = static_cast<long>(size);
  const mqd_t queue = ::mq_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
  if (queue == static_cast<mqd_t>(-1)) return nullptr;
  ::mq_unlink(name.c_str());
  return std::make_unique<MqChannel>(queue);
}
#endif

// Two channels and a forked partner, which sends back what it gets, or only the last of a run.
class SystemLine {
 public:
  SystemLine(MakeSystemChannel make, size_t size, int times, bool echo)
      : size_(size), times_(times), echo_(echo), bytes_(size), to_(make(size)), from_(make(size)) {
    if (to_ == nullptr || from_ == nullptr) return;
    partner_ = ::fork();
    if (partner_ != 0) return;
    while (true) {
      for (int i = 0; i < times_; ++i) {
        if (!to_->Get(bytes_.data(), size_)) ::_exit(1);
        if ((echo_ || i + 1 == times_) && !from_->Put(bytes_.data(), size_)) ::_exit(1);
      }
    }
  }
  SystemLine(const SystemLine&) = delete;
  SystemLine& operator=(const SystemLine&) = delete;
  ~SystemLine() {
    if (partner_ <= 0) return;
    ::kill(partner_, SIGKILL);
    ::waitpid(partner_, nullptr, 0);
  }
  bool Run() {
    if (partner_ <= 0) return false;
    for (int i = 0; i < times_; ++i) {
      if (!to_->Put(bytes_.data(), size_)) return false;
      if ((echo_ || i + 1 == times_) && !from_->Get(bytes_.data(), size_)) return false;
    }
    return true;
  }

 private:
  const size_t size_;
  const int times_;
  const bool echo_;
  std::vector<char> bytes_;
  const std::unique_ptr<SystemChannel> to_;
  const std::unique_ptr<SystemChannel> from_;
  pid_t partner_ = -1;
};

Way LineOf(const std::string& name, MakeSystemChannel make, size_t size, int times, bool echo) {
  auto line = std::make_shared<std::unique_ptr<SystemLine>>();
  return {name,
          [=] {
            if (*line == nullptr) *line = std::make_unique<SystemLine>(make, size, times, echo);
            return (*line)->Run();
          },
          times};
}

// A channel with so many forked processes at each end, which put and get as fast as they can. Of a
// channel that keeps messages of this size whole.
class SystemCrowd {
 public:
  SystemCrowd(MakeSystemChannel make, size_t size, int each_side, int times)
      : bytes_(size), channel_(make(size)), done_(MakePipe(1)) {
    for (int i = 0; channel_ != nullptr && i < 2 * each_side; ++i) {
      go_.push_back(MakePipe(1));
      const pid_t user = ::fork();
      if (user == 0) Use(*go_.back(), /*puts=*/i % 2 == 0, times);
      if (user > 0) users_.push_back(user);
    }
  }
  SystemCrowd(const SystemCrowd&) = delete;
  SystemCrowd& operator=(const SystemCrowd&) = delete;
  ~SystemCrowd() {
    for (const pid_t user : users_) {
      ::kill(user, SIGKILL);
      ::waitpid(user, nullptr, 0);
    }
  }
  bool Run() {
    bool good = !users_.empty() && users_.size() == go_.size();
    char byte = 'g';
    for (const auto& go : go_) good = good && go->Put(&byte, 1);
    for (size_t i = 0; i < users_.size(); ++i) good = good && done_->Get(&byte, 1);
    return good;
  }

 private:
  [[noreturn]] void Use(SystemChannel& go, bool puts, int times) {
    char byte = 0;
    while (go.Get(&byte, 1)) {
      for (int i = 0; i < times; ++i) {
        if (puts ? !channel_->Put(bytes_.data(), bytes_.size())
                 : !channel_->Get(bytes_.data(), bytes_.size())) {
          ::_exit(1);
        }
      }
      if (!done_->Put(&byte, 1)) break;
    }
    ::_exit(1);
  }

  std::vector<char> bytes_;
  const std::unique_ptr<SystemChannel> channel_;
  const std::unique_ptr<SystemChannel> done_;
  std::vector<std::unique_ptr<SystemChannel>> go_;
  std::vector<pid_t> users_;
};

Way CrowdOf(const std::string& name, MakeSystemChannel make, size_t size, int each_side,
            int times) {
  auto crowd = std::make_shared<std::unique_ptr<SystemCrowd>>();
  return {name,
          [=] {
            if (*crowd == nullptr) {
              *crowd = std::make_unique<SystemCrowd>(make, size, each_side, times);
            }
            return (*crowd)->Run();
          },
          each_side * times};
}

}  // namespace

std::vector<Way> ChannelFloors() {
  std::vector<Way> ways;
  const auto add = [&ways](const std::string& name, MakeSystemChannel make, bool large_ones) {
    ways.push_back(LineOf("trip/" + name, make, 64, 500, /*echo=*/true));
    ways.push_back(LineOf("stream/" + name, make, 64, 20'000, /*echo=*/false));
    ways.push_back(LineOf("stream4K/" + name, make, 4096, 5'000, /*echo=*/false));
    if (large_ones) ways.push_back(LineOf("stream1M/" + name, make, 1 << 20, 50, /*echo=*/false));
  };
  add("pipe", MakePipe, true);
  add("socket pair", MakeSocketPair, true);
  add("socket pair+framing", MakeFramedSocketPair, true);
  // Of 1 MiB, pipes and stream sockets would mix what two write, and a POSIX mq takes none.
  const auto add_two = [&ways](const std::string& name, MakeSystemChannel make) {
    ways.push_back(CrowdOf("two/" + name, make, 64, 2, 20'000));
    ways.push_back(CrowdOf("two4K/" + name, make, 4096, 2, 5'000));
  };
  add_two("pipe", MakePipe);
  add_two("socket pair", MakeSocketPair);
#ifdef __linux__
  if (MakeMq(4096) != nullptr) {
    add("POSIX mq", MakeMq, false);
    add_two("POSIX mq", MakeMq);
  }
#endif
  return ways;
}

}  // namespace isoproc::bench
