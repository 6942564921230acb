// What parent and child say to each other over the bootstrap stream.
//
//   parent → child   preamble, kStart, kArguments, handles (StartMessage); later kStop
//   child → parent   kReady or kRefused; later kThrew
// End of stream tells the child that its parent is gone.
//
// The preamble is in the stream before the child exists, so that the child can tell by looking at
// it whether the arguments of main are the library's. A frame is a header and a payload; both sides
// are the same program on the same machine, so that numbers are as they are in memory.
#ifndef ISOPROC_PLATFORM_CORE_WIRE_H_
#define ISOPROC_PLATFORM_CORE_WIRE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "isoproc/process_options.h"
#include "platform/core/target_registry.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// ---- telling a child from a program that the user started ---------------------------------------

using Preamble = std::array<std::byte, 32>;  // a fixed text and a random number

Preamble MakePreamble(port::Port& port);

// The fixed text, with which the stream of every child begins.
absl::Span<const std::byte> PreambleText();

// The beginning of the argument that marks a child; the port appends its token.
std::string BootstrapPrefix(const Preamble& preamble);

// The two halves of such an argument; nullopt if it is no such argument.
struct BootstrapArgument {
  Preamble preamble;
  std::string_view token;
};
std::optional<BootstrapArgument> ParseBootstrapArgument(std::string_view argument);

// ---- frames -------------------------------------------------------------------------------------

enum class FrameKind : uint32_t {
  kStart = 1,
  kArguments,  // the payload is what the target's Binder takes
  kReady,      // no payload
  kRefused,    // the child cannot run the target
  kThrew,      // the target threw
  kStop,       // no payload
};

struct Frame {
  FrameKind kind;
  std::string payload;
};

// A header, for a payload of `size` bytes.
std::string FrameHeader(FrameKind kind, uint64_t size);

absl::Status WriteFrame(port::Stream& stream, FrameKind kind, std::string_view payload,
                        port::Deadline deadline);

// Errors: OutOfRange: end of stream before a frame. DataLoss: end of stream inside a frame, or not
// a frame. DeadlineExceeded: the frame was not complete in time; the stream is out of step then,
// unless nothing was read.
absl::StatusOr<Frame> ReadFrame(port::Stream& stream, port::Deadline deadline);

// Writes all. Errors: as port::Stream::Write; `bytes` then begins with what was not written.
absl::Status WriteAll(port::Stream& stream, std::string_view& bytes, port::Deadline deadline);

// Errors: as ReadFrame, for `into` in place of a frame.
absl::Status ReadAll(port::Stream& stream, absl::Span<std::byte> into, port::Deadline deadline);

// ---- payloads -----------------------------------------------------------------------------------

struct StartMessage {
  enum class Role { kTarget, kForkServer };
  Role role = Role::kTarget;
  TargetName target;
  std::string name;         // of the child
  std::string family_name;  // "2:1" in the first child of the second child of main
  StartMethod start_method = StartMethod::kSpawn;
  bool detached = false;
  std::string parent_name;
  StartMethod parent_start_method = StartMethod::kSpawn;
  port::ProcessIdentity parent;
  bool parent_is_watchable = false;  // `parent` can be given to Port::WatchDeath
  std::vector<std::string> program_arguments;
  std::string executable;    // as set by SetExecutable
  std::string program_path;  // as the first process found it: a child may be in another directory
  std::string program_identity;
  // Handles that follow the arguments: that of the family's arena, of the blocks among them, and of
  // the ends of pipes and what serves as one.
  bool has_arena = false;
  uint32_t blocks = 0;
  uint32_t ends = 0;
};

struct RefusedMessage {
  int code = 0;
  std::string message;
};

struct ThrewMessage {
  std::string type;
  std::string what;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_WIRE_H_
