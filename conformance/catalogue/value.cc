// VAL: Value and Array.
#include "absl/types/span.h"
#include "conformance/catalogue/catalogue.h"

namespace isoproc::conformance {
namespace {

constexpr Clause kClauses[] = {
    Core("VAL-01", "What one process stores in a Value, all others load."),
    LeftOut("VAL-02", "The type is given as a letter.", "It is a template parameter."),
    Core("VAL-03",
         "A Value without an initial one is zero; an empty handle is kFailedPrecondition."),
    LeftOut("VAL-04", "Numbers out of range are cut off.",
            "They are converted as C++ does, and compilers warn."),
    Core("VAL-05",
         "WithLock calls its function with the lock of the value taken, which the thread may take "
         "again, and tells that the last owner died."),
    LeftOut("VAL-06", "A value may be given somebody else's lock, or none.",
            "RawValue and RawArray have none; several things are guarded by a Lock."),
    Core("VAL-07", "Update and FetchAdd of several processes at once lose nothing."),
    Core("VAL-08", "An Update whose function throws changes nothing and leaves the lock free."),
    LeftOut("VAL-09", "Wrapping twice is refused.", "There is nothing that wraps."),
    LeftOut("VAL-10", "A shared copy is made by copy().", "Create(other.Load()) makes one."),
    LeftOut("VAL-11", "Pointers are shared.",
            "They mean nothing in another process; a static_assert refuses them."),
    Core("VAL-12",
         "An Array is zero, or a copy of what it was made of; small and large ones travel, and are "
         "handed on."),
    Core("VAL-13", "An Array of no elements is fine."),
    Core("VAL-14", "An index beyond the end is kInvalidArgument."),
    HeldBy("VAL-15", "Several elements are changed through the span of WithLock.",
           "conformance/api/array_cases.cc: the cases of VAL-12."),
    LeftOut("VAL-16", "An Array grows.", "Its length is fixed."),
    Core("VAL-17", "Load and Store of one element work for types of any size."),
    LeftOut("VAL-18", "Arrays of characters read as strings.", "They are spans, as all others."),
    Core("VAL-19", "RawValue and RawArray are the memory itself, without a lock."),
    HeldBy("VAL-20", "They travel when a process starts.",
           "conformance/api/shared_object_cases.cc: the cases of SHR-02, as they are handles like "
           "others."),
    HeldBy("VAL-21", "Values are aligned as their types want, up to 64 bytes.",
           "conformance/api/array_cases.cc: the cases of VAL-17, under the sanitizers."),
    HeldBy("VAL-22", "Memory of objects that are gone is used again.",
           "conformance/api/shared_object_cases.cc: the case of SHR-05."),
    LeftOut("VAL-23", "A finaliser may free inside of malloc.", "There is no collector."),
    Core("VAL-24", "An Array larger than memory can be is kResourceExhausted."),
    LeftOut("VAL-25", "Memory is a file where there is no memory.", "It is memory or an error."),
    LeftOut("VAL-26", "Memory has a name on Windows.", "It has none on any port."),
    HeldBy("VAL-27", "The memory lives as long as a handle, in whatever process.",
           "conformance/api/shared_object_cases.cc: the cases of SHR-03."),
    Core("VAL-28", "A Value of any size is whole after its writer was killed."),
    Core("VAL-29",
         "The next WithLock after a death with the lock of a Value or Array is told, whatever took "
         "it before."),
};

}  // namespace

absl::Span<const Clause> ValueClauses() { return kClauses; }

}  // namespace isoproc::conformance
