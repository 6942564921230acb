// Two-way byte streams between processes.
//
// Glossary.  stream: one end of a pair; bytes written to one end are read from the other, in order.
//            end of stream: every handle of the other end, in any process, is closed.
//            dead: only destruction is valid.
#ifndef ISOPROC_PLATFORM_PORT_STREAM_H_
#define ISOPROC_PLATFORM_PORT_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/deadline.h"
#include "platform/port/handle.h"
#include "platform/port/liveness.h"
#include "platform/port/waitable.h"

namespace isoproc::port {

// One end of a two-way byte stream. The destructor closes it; bytes already written stay readable
// by the peer.                                                                          [STRM-01]
// Thread safety: one reader and one writer at the same time, and anybody who interrupts or waits;
// all else needs external locking.
// As a Waitable: ready when Read would not block, which includes end of stream.         [STRM-02]
class Stream : public Waitable {
 public:
  // Reads at least one byte, or learns that there will be none.
  // Requires:  `into` not empty.
  // Blocks:    until data, end of stream or `deadline`.
  // On OK(n):  into[0,n) is written. OK(0) is end of stream; it then stays OK(0).       [STRM-03]
  //            All bytes that were written before the peer closed or died come first.   [STRM-04]
  // Errors:    DeadlineExceeded: nothing was consumed, may be called again.             [STRM-05]
  //            others: the stream is dead.
  virtual absl::StatusOr<size_t> Read(absl::Span<std::byte> into, Deadline deadline) = 0;

  // Writes at least one byte of `bytes`, and as many as fit.
  // Requires:  `bytes` not empty.
  // Blocks:    until there is room, the peer is gone or `deadline`.
  // On OK(n):  bytes[0,n) will be read by the peer, or are lost with it.                [STRM-06]
  // Errors:    DeadlineExceeded: nothing was written, may be called again.              [STRM-07]
  //            Unavailable: every handle of the peer is closed. No signal is raised and no
  //            process-wide setting is changed.                                         [STRM-08]
  //            others: the stream is dead.
  virtual absl::StatusOr<size_t> Write(absl::Span<const std::byte> bytes, Deadline deadline) = 0;

  // Sends a duplicate of `handle`, to be taken by ReceiveHandle() on the other end. One that is
  // empty arrives as such; it needs no receiver.                                        [STRM-15]
  // Requires:  `receiver` is the process that will call ReceiveHandle(). (Windows copies into that
  //            process, and into no other that has its id now. `birth` 0 stands for any: it is for
  //            one whose id nobody else can have got, as a child's. POSIX sends along the stream
  //            and ignores it.)
  //            Both sides agree where in the byte sequence a handle travels; a Read that is asked
  //            for more bytes than come before it may take it for data, and then it is lost.
  // Blocks:    as Write().
  // On OK:     the receiver owns a new handle to the same object; the caller keeps its own. A
  //            handle that is never received is closed with the stream (Windows: with the
  //            receiver).
  //                                                                                     [STRM-09]
  // Errors:    as Write(). Windows: NotFound: the receiver is dead; PermissionDenied: it has rights
  //            that this process lacks. Nothing was sent.
  virtual absl::Status SendHandle(const Handle& handle, const ProcessIdentity& receiver,
                                  Deadline deadline) = 0;

  // Takes a handle sent by SendHandle().
  // Blocks:    as Read().
  // On OK:     the caller owns the handle; it is not inherited by children. [STRM-10] Or it is
  //            empty, and was sent so.
  // Errors:    as Read(); OutOfRange: end of stream; DataLoss: no handle at this place of the
  //            stream, which is dead; ResourceExhausted: there was one, and this process has no
  //            room for it; it is lost, and what is behind it comes next [STRM-11]; Aborted: the
  //            system is short of something else; nothing was consumed, may be called again.
  //                                                                                     [STRM-16]
  virtual absl::StatusOr<Handle> ReceiveHandle(Deadline deadline) = 0;

  // Gives up the native handle so that it can be sent; the object may only be destroyed after.
  virtual Handle Detach() = 0;

  // The native handle, which stays the stream's.                                       [STRM-13]
  virtual int64_t native() const = 0;

  // From now on nobody waits for the stream, for good: what other threads do with it returns at
  // once, also if they have just begun. Read gives what has come, and then 0 as at the end of the
  // stream; Write is Unavailable; the stream is ready for who waits for it. What was written stays
  // readable by the peer, who sees the end at the latest when the stream is closed. Again is fine.
  //                                                                                     [STRM-14]
  // Requires:  the other handles of this end, if there are any, are not used any more either.
  // Blocks:    never.
  virtual void Interrupt() = 0;
};

// Two connected ends.
struct StreamPair {
  std::unique_ptr<Stream> first;
  std::unique_ptr<Stream> second;
};

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_PORT_STREAM_H_
