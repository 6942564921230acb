// GEN: time, the same for every call that can block.
#include "absl/types/span.h"
#include "conformance/catalogue/catalogue.h"

namespace isoproc::conformance {
namespace {

constexpr Clause kClauses[] = {
    Core("GEN-01", "A negative timeout means zero, in every call that takes one."),
    Core("GEN-02", "Without a timeout a call waits for ever; with a zero timeout it tries once."),
    Core("GEN-03", "An expired deadline still succeeds if the thing is there."),
    Core("GEN-04",
         "Deadlines are on the monotonic clock; a call never returns kDeadlineExceeded early."),
    Core("GEN-05", "A timeout beyond what the system can express means for ever, on every port."),
    HeldBy("GEN-06",
           "Interruptions are never seen: a wait that a signal interrupts goes on for the time "
           "that is left.",
           "posix/tests/stream_test.cc StreamTest.InterruptionsAreNeverSeen, "
           "posix/tests/stream_test.cc "
           "StreamTest.InterruptionsDoNotProlongAWait, posix/tests/sync_test.cc "
           "SyncTest.SignalsDoNotEndASleep: other systems have no interruptions."),
    LeftOut(
        "GEN-07", "A thread that waits with a deadline sleeps; it does not poll.",
        "No portable call measures it. Linux and Windows sleep in the kernel; the strict profile "
        "looks again every 20 ms where its systems have no notice (posix/README.md)."),
    LeftOut("GEN-08", "The process-wide socket timeout does not affect pipes.",
            "C++ has no process-wide socket timeout."),
};

}  // namespace

absl::Span<const Clause> TimeClauses() { return kClauses; }

}  // namespace isoproc::conformance
