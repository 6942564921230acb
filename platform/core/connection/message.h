// How messages travel along a stream of bytes: the same on every port.
//
//   message   a block, and then chunks until one of the two ends it
//   block     128 bytes: header, the first bytes of the payload, a verdict
//   chunk     up to 1 MiB of the payload, a verdict
//
// A message with shared objects has one more block before it, which names their parcel. With some
// of them come handles of the system. They are sent between the payload and a last verdict, each of
// them where port::Stream has handles; an empty one there gives the message up. So they are sent
// late, when little is left that could fail.
//
// A verdict says how it goes on. That of the last piece commits the message: until it is there,
// the sender may die, or run out of time and give the message up, and nobody receives it.
//
// A short message is one write and one read. The reader never reads beyond the message: what is
// unread is in the stream, so that the system's word for it, "readable", is the truth.
//
// Both sides are the same program on the same machine, so that numbers are as they are in memory.
#ifndef ISOPROC_PLATFORM_CORE_CONNECTION_MESSAGE_H_
#define ISOPROC_PLATFORM_CORE_CONNECTION_MESSAGE_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace isoproc::internal {

enum class Verdict : uint8_t {
  kGoesOn = 1,   // a chunk follows
  kWhole = 2,    // the message is complete
  kGivenUp = 3,  // there is no message; what came of it is to be forgotten
  // As kGoesOn, of a block that moves with the end that has read it: its receiver has discarded the
  // message. From a stranger it is a message that nobody gets.
  kDiscarded = 4,
  kHandles = 5,  // the payload is complete; handles follow, and a verdict
};

struct MessageHeader {
  static constexpr uint64_t kMagic = 0x67736d636f727069;
  static constexpr uint64_t kParcelMagic = 0x6c63726170727069;
  uint64_t magic = kMagic;
  uint64_t size = 0;  // of the payload; with kParcelMagic: the parcel's name
};

// What is in a message beside its payload; follows the magic number of the block that says so.
struct Enclosed {
  uint64_t parcel = 0;  // 0: nothing
  // Handles, in this order.
  uint32_t blocks = 0;
  uint32_t ends = 0;

  uint64_t handles() const { return uint64_t{blocks} + ends; }
};

// More do not go with a message, so that a stranger cannot fill this process with them.
inline constexpr uint64_t kMostHandles = 4096;

inline constexpr size_t kBlockSize = 128;
inline constexpr size_t kInlineSize = kBlockSize - sizeof(MessageHeader) - 1;
inline constexpr size_t kChunkSize = size_t{1} << 20;

// Who receives is told so at the end of the stream, who sends when it is of no use any more.
inline constexpr char kOtherEndIsClosed[] = "the other end of the connection is closed";

using MessageBlock = std::array<std::byte, kBlockSize>;

// The block before a message with objects.
MessageBlock BlockOfParcel(const Enclosed& enclosed);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_CONNECTION_MESSAGE_H_
