// A parker sleeps on a datagram socket, whose name is in the cell. The token is the truth, and the
// socket only the alarm clock: a datagram that is refused because others wait already is not
// missed.
#include "platform/port/sync.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "platform/base/deadline.h"
#include "platform/port/liveness.h"
#include "platform/port/waitable.h"
#include "posix/errors.h"
#include "posix/fd.h"
#include "posix/os.h"
#include "posix/strict/locks.h"
#include "posix/strict/run_directory.h"
#include "posix/syscalls.h"
#include "posix/wait.h"
#include "posix/waitable.h"

namespace isoproc::port::posix::os {
namespace {

absl::StatusOr<Fd> DatagramSocket() {
  const std::lock_guard<std::mutex> lock(DescriptorMutex());
  Fd fd(::socket(AF_UNIX, SOCK_DGRAM, 0));
  if (!fd) return PosixError(errno, "socket");
  (void)::fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
  fd.reset(AboveStandardStreams(fd.release()));
  if (!fd) return PosixError(errno, "fcntl");
  return fd;
}

// The address of the socket `name` in the run directory. False: there can be none.
bool AddressOf(const std::string& name, sockaddr_un* address) {
  const std::string path = RunDirectory() + name;
  std::memset(address, 0, sizeof(*address));
  address->sun_family = AF_UNIX;
  if (path.size() >= sizeof(address->sun_path)) return false;
  std::memcpy(address->sun_path, path.c_str(), path.size() + 1);
  return true;
}

// Byte by byte, as the cell may be read and written to at the same time.
void StoreName(ParkerCell& cell, const std::string& name) {
  for (size_t i = sizeof(cell.address); i-- > 0;) {
    const char byte = i < name.size() ? name[i] : '\0';
    __atomic_store_n(&cell.address[i], byte, __ATOMIC_RELEASE);
  }
}

// Empty: nobody's, or nonsense. A name with a slash would lead out of the directory.
std::string LoadName(const ParkerCell& cell) {
  std::string name;
  for (const char& place : cell.address) {
    const char byte = __atomic_load_n(&place, __ATOMIC_ACQUIRE);
    if (byte == '\0') return name;
    const bool fine = name.empty()
                          ? byte == 'p'
                          : absl::ascii_isdigit(static_cast<unsigned char>(byte)) || byte == '.';
    if (!fine) return "";
    name.push_back(byte);
  }
  return "";
}

class SocketParker final : public Parker, public Waitable, public Pollable {
 public:
  SocketParker(ParkerCell& cell, std::string name, Fd fd)
      : cell_(cell), creator_(::getpid()), name_(std::move(name)), fd_(std::move(fd)) {}

  ~SocketParker() override {
    if (::getpid() != creator_) return;  // a copy owns neither the cell nor the name
    __atomic_store_n(&cell_.address[0], '\0', __ATOMIC_RELEASE);
    (void)::unlink((RunDirectory() + name_).c_str());
  }

  absl::Status Park(Deadline deadline) override {
    while (true) {
      if (cell_.token.exchange(0, std::memory_order_acquire) != 0) return absl::OkStatus();
      if (absl::Status status = PollOne(fd_.get(), POLLIN, deadline); !status.ok()) return status;
      Drain();
    }
  }

  absl::StatusOr<Waitable*> Listen() override { return this; }
  absl::StatusOr<int> Descriptor() override { return fd_.get(); }
  bool Ready(bool signalled) override {
    if (signalled && cell_.token.load(std::memory_order_acquire) == 0) Drain();
    return cell_.token.load(std::memory_order_acquire) != 0;
  }

 private:
  // To be called before the token is looked at: who writes it later sends another datagram.
  void Drain() {
    char byte;
    while (RetryOnEintr([&] { return sys.recv(fd_.get(), &byte, 1, MSG_DONTWAIT); }) >= 0) {
    }
  }

  ParkerCell& cell_;
  const pid_t creator_;
  const std::string name_;
  const Fd fd_;
};

// Sends a datagram. Returns 0 or errno: the owner may be dead, or have enough of them already.
int Ring(int from, const sockaddr_un& address) {
  const ssize_t sent = RetryOnEintr([&] {
    return ::sendto(from, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL,
                    reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  });
  return sent >= 0 ? 0 : errno;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Parker>> CreateParker(ParkerCell& cell) {
  static std::atomic<uint64_t> number{0};
  static std::atomic<int64_t> swept_by{0};
  const absl::StatusOr<ProcessIdentity> self = Self();
  if (!self.ok()) return self.status();
  if (swept_by.exchange(self->pid) != self->pid) {
    const absl::StatusOr<AliveFile> file = OpenAliveFile();
    if (file.ok()) SweepParkers(file->fd, self->birth, /*at_end=*/false);
  }
  const std::string name = absl::StrCat("p", self->birth, ".", number.fetch_add(1));
  absl::StatusOr<Fd> fd = DatagramSocket();
  if (!fd.ok()) return fd.status();
  sockaddr_un address;
  if (!AddressOf(name, &address)) return absl::InternalError("the run directory's name is long");
  if (::bind(fd->get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return PosixError(errno, "bind");
  }
  cell.token.store(0, std::memory_order_relaxed);
  StoreName(cell, name);
  return std::make_unique<SocketParker>(cell, name, *std::move(fd));
}

void Unpark(ParkerCell& cell) {
  const std::string name = LoadName(cell);
  sockaddr_un address;
  if (name.empty() || !AddressOf(name, &address)) return;
  const int saved = errno;
  cell.token.store(1, std::memory_order_release);
  // One socket to send from, made at the first call; made again if the program has closed it.
  static std::atomic<int> sender{-1};
  int from = sender.load();
  if (from < 0 || Ring(from, address) == EBADF) {
    absl::StatusOr<Fd> fresh = DatagramSocket();
    if (fresh.ok()) {
      (void)Ring(fresh->get(), address);
      if (sender.compare_exchange_strong(from, fresh->get())) (void)fresh->release();
    }
  }
  errno = saved;
}

}  // namespace isoproc::port::posix::os
