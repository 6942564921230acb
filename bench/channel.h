// What carries messages from one process to another, of one size: isoproc's queue and connection,
// and peers that were installed when this was built.
#ifndef ISOPROC_BENCH_CHANNEL_H_
#define ISOPROC_BENCH_CHANNEL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "isoproc/isoproc.h"

namespace isoproc::bench {

inline constexpr size_t kSmall = 64;
inline constexpr size_t kPage = 4096;
inline constexpr size_t kLarge = size_t{1} << 20;

class Channel {
 public:
  virtual ~Channel() = default;
  virtual bool Put() = 0;
  virtual bool Get() = 0;
};

// Where a channel is, in the process that makes it and in those that it tells.
struct ChannelPlace {
  template <size_t kSize>
  struct Block {
    std::array<std::byte, kSize> bytes;
  };
  // Stays where it was made.
  struct Near {
    Connection end;
    template <class Archive>
    void save(Archive&) const {}
    template <class Archive>
    void load(Archive&) {}
  };
  std::string name;
  uint64_t size = 0;
  Queue<Block<kSmall>> small;
  Queue<Block<kPage>> page;
  Queue<std::vector<std::byte>> large;
  Queue<Block<kLarge>> in_place;
  SharedMemory ring;
  Near near;
  Connection far;
  std::string peers_name;
};

std::vector<std::string> TestedChannels(size_t size);
// Whether more than one process can put into it, and get.
bool IsForMany(const std::string& name);

// False: it failed, and the standard error says why.
bool MakeChannel(const std::string& name, size_t size, ChannelPlace* place);
// Gives back what has a name.
void RemoveChannel(const ChannelPlace& place);
std::unique_ptr<Channel> OpenChannel(const ChannelPlace& place);

}  // namespace isoproc::bench

#endif  // ISOPROC_BENCH_CHANNEL_H_
