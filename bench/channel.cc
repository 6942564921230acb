#include "bench/channel.h"

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "bench/bare_ring.h"
#include "isoproc/isoproc.h"

#ifdef ISOPROC_BENCH_BOOST_INTERPROCESS
#include <boost/interprocess/ipc/message_queue.hpp>
#endif

namespace isoproc::bench {
namespace {

constexpr char kQueue[] = "isoproc";
constexpr char kInPlace[] = "isoproc+loan";
constexpr char kConnection[] = "isoproc+connection";
constexpr char kRing[] = "bare ring";
[[maybe_unused]] constexpr char kBoost[] = "Boost.Interprocess";

constexpr uint64_t kMessages = 256;
constexpr uint64_t kLargeMessages = 8;

constexpr uint64_t MessagesOf(size_t size) { return size == kLarge ? kLargeMessages : kMessages; }

template <class Item>
class OurChannel final : public Channel {
 public:
  explicit OurChannel(Queue<Item> queue, Item item = {})
      : queue_(std::move(queue)), item_(std::move(item)) {}
  bool Put() override { return queue_.Put(item_).ok(); }
  bool Get() override { return queue_.Get().ok(); }

 private:
  const Queue<Item> queue_;
  const Item item_;
};

// Written and read where it is: of each message, one word.
template <class Item>
class InPlaceChannel final : public Channel {
 public:
  explicit InPlaceChannel(Queue<Item> queue) : queue_(std::move(queue)) {}
  bool Put() override {
    absl::StatusOr<Loan<Item>> loan = queue_.Borrow();
    if (!loan.ok()) return false;
    (*loan)->bytes[0] = std::byte{1};
    return queue_.Put(*std::move(loan)).ok();
  }
  bool Get() override {
    absl::StatusOr<Lease<Item>> lease = queue_.GetLease();
    return lease.ok() && (*lease)->bytes[0] == std::byte{1} && lease->Done().ok();
  }

 private:
  const Queue<Item> queue_;
};

class ConnectionChannel final : public Channel {
 public:
  ConnectionChannel(Connection end, size_t size) : end_(std::move(end)), bytes_(size) {}
  bool Put() override { return end_.SendBytes(bytes_).ok(); }
  bool Get() override {
    return end_.ReceiveBytesInto(absl::MakeSpan(bytes_)).value_or(0) == bytes_.size();
  }

 private:
  const Connection end_;
  std::vector<std::byte> bytes_;
};

#ifdef ISOPROC_BENCH_BOOST_INTERPROCESS
namespace ipc = boost::interprocess;
class BoostChannel final : public Channel {
 public:
  explicit BoostChannel(const ChannelPlace& place)
      : queue_(ipc::open_only, place.peers_name.c_str()), item_(place.size) {}
  bool Put() override {
    queue_.send(item_.data(), item_.size(), 0);
    return true;
  }
  bool Get() override {
    ipc::message_queue::size_type size = 0;
    unsigned int priority = 0;
    queue_.receive(item_.data(), item_.size(), size, priority);
    return size == item_.size();
  }

 private:
  ipc::message_queue queue_;
  std::vector<std::byte> item_;
};
#endif

template <class T>
bool Store(absl::StatusOr<T> made, T* into) {
  if (made.ok()) {
    *into = *std::move(made);
    return true;
  }
  std::fprintf(stderr, "%s\n", made.status().ToString().c_str());
  return false;
}

}  // namespace

std::vector<std::string> TestedChannels(size_t size) {
  std::vector<std::string> names = {kQueue, kConnection, kRing};
  if (size == kLarge) names.push_back(kInPlace);
#ifdef ISOPROC_BENCH_BOOST_INTERPROCESS
  names.push_back(kBoost);
#endif
  return names;
}

bool IsForMany(const std::string& name) { return name != kConnection && name != kRing; }

bool MakeChannel(const std::string& name, size_t size, ChannelPlace* place) {
  *place = {.name = name, .size = size};
  const QueueOptions few = {.capacity = kLargeMessages, .bytes = kLargeMessages * kLarge};
  const QueueOptions many = {.capacity = kMessages, .bytes = kMessages * kPage};
  if (name == kConnection) {
    std::pair<Connection, Connection> ends;
    if (!Store(Pipe(), &ends)) return false;
    place->near.end = std::move(ends.first);
    place->far = std::move(ends.second);
    return true;
  }
  if (name == kRing) return Store(BareRing::MakeMemory(MessagesOf(size), size), &place->ring);
  if (name == kInPlace) {
    return Store(Queue<ChannelPlace::Block<kLarge>>::Create(few), &place->in_place);
  }
  if (name == kQueue) {
    if (size == kSmall) {
      return Store(Queue<ChannelPlace::Block<kSmall>>::Create(many), &place->small);
    }
    if (size == kPage) return Store(Queue<ChannelPlace::Block<kPage>>::Create(many), &place->page);
    return Store(Queue<std::vector<std::byte>>::Create(few), &place->large);
  }
#ifdef ISOPROC_BENCH_BOOST_INTERPROCESS
  try {
    place->peers_name = "isoproc-bench-" + std::to_string(std::random_device()());
    const ipc::message_queue made(ipc::create_only, place->peers_name.c_str(), MessagesOf(size),
                                  size);
    return true;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
  }
#endif
  return false;
}

void RemoveChannel([[maybe_unused]] const ChannelPlace& place) {
#ifdef ISOPROC_BENCH_BOOST_INTERPROCESS
  if (!place.peers_name.empty()) ipc::message_queue::remove(place.peers_name.c_str());
#endif
}

std::unique_ptr<Channel> OpenChannel(const ChannelPlace& place) {
  if (place.name == kConnection) {
    const bool is_here = !place.near.end.closed();
    return std::make_unique<ConnectionChannel>(is_here ? place.near.end : place.far, place.size);
  }
  if (place.name == kRing) {
    return std::make_unique<BareRing>(place.ring, MessagesOf(place.size), place.size);
  }
  if (place.name == kInPlace) {
    return std::make_unique<InPlaceChannel<ChannelPlace::Block<kLarge>>>(place.in_place);
  }
#ifdef ISOPROC_BENCH_BOOST_INTERPROCESS
  if (place.name == kBoost) return std::make_unique<BoostChannel>(place);
#endif
  if (place.size == kSmall) {
    return std::make_unique<OurChannel<ChannelPlace::Block<kSmall>>>(place.small);
  }
  if (place.size == kPage) {
    return std::make_unique<OurChannel<ChannelPlace::Block<kPage>>>(place.page);
  }
  return std::make_unique<OurChannel<std::vector<std::byte>>>(place.large,
                                                              std::vector<std::byte>(kLarge));
}

}  // namespace isoproc::bench
