// SHM: SharedMemory. SHL: ShareableList. RES: what is left on the system.
#include "absl/types/span.h"
#include "conformance/catalogue/catalogue.h"

namespace isoproc::conformance {
namespace {

constexpr Clause kClauses[] = {
    Core("SHM-01",
         "SharedMemory is zero at first; without a name it reaches other processes as an argument, "
         "and is handed on."),
    LeftOut("SHM-02", "A random name that exists already is tried again.",
            "Memory without a name has none, not even a random one."),
    Core("SHM-03", "CreateNamed of a name that is in use is kAlreadyExists."),
    Core("SHM-04", "Open of a name that nobody has is kNotFound."),
    Core("SHM-05",
         "Size 0 is kInvalidArgument, more than there can be is kResourceExhausted; neither leaves "
         "a name."),
    LeftOut("SHM-06", "Open takes a size.", "It would have to be ignored."),
    Core("SHM-07", "The size is what was asked for, exactly, for all who have the memory."),
    Core("SHM-08",
         "A name is 1 to 30 of A-Z, a-z, 0-9, '.', '_' and '-', case matters; anything else is "
         "kInvalidArgument, with the rule in the message."),
    Core("SHM-09", "A NUL in a name is kInvalidArgument for CreateNamed, Open and Unlink."),
    LeftOut("SHM-10", "Names have colons and newlines.", "SHM-08 has no room for them."),
    Core("SHM-11", "Whoever has the memory sees at once what others write."),
    LeftOut("SHM-12", "An index beyond the end is an error.", "The bytes are a span."),
    Core("SHM-13", "A handle without memory has no bytes, size 0 and no name."),
    LeftOut("SHM-14", "Letting go fails while somebody looks at the bytes.",
            "A span does not own; it is good as long as a handle is."),
    Core("SHM-15",
         "Unlink takes the name at once: Open is kNotFound, CreateNamed may use it again, who has "
         "the memory keeps it; a second time is kNotFound."),
    Core("SHM-16",
         "A name lives as long as a handle of its memory, in whatever process: it outlives its "
         "maker, and is free when the last holder has ended or was killed."),
    HeldBy("SHM-17", "Handles and the name go in either order.",
           "conformance/api/shared_memory_cases.cc: the cases of SHM-15 and SHM-16."),
    Core("SHM-18", "A handle that travels keeps its memory, also if it was unlinked."),
    LeftOut("SHM-19", "A copy forgets who cleans up.", "Nobody has to."),
    Core("SHM-20",
         "A handle that was opened with kReadOnly has no bytes to write to, here and wherever it "
         "travels."),
    LeftOut("SHM-21", "Memory grows.", "Its size is fixed."),
    HeldBy("SHM-22", "What was created can be written: a shortage is an error of Create.",
           "conformance/port/memory_cases.cc: the case MEM-03.2, as every port reserves."),
    LeftOut("SHM-23", "A helper removes memory of the dead, and says so.",
            "The system does, or who comes next: SHM-16."),
    Core("SHM-24", "A program that opens memory by name and ends disturbs nobody."),
    LeftOut("SHM-25", "The end of an unrelated program removes memory.",
            "It is a handle as others."),

    Core("SHL-01", "A list holds nothing, bools, numbers, text and bytes, as many as at first."),
    Core("SHL-02", "Load and Store take indices from 0; one beyond the end is kInvalidArgument."),
    LeftOut("SHL-03", "Indices count from the end.", "An index is a size_t, as of Array."),
    Core("SHL-04",
         "A place takes items of any type; more bytes than it has is kInvalidArgument, and nothing "
         "changes."),
    Core("SHL-05", "Capacities count bytes, 8 at least and a multiple of 8."),
    Core("SHL-06", "Text and bytes come back as they were, NULs included."),
    LeftOut("SHL-07", "An item of another type is an error.", "It does not compile."),
    Core("SHL-08", "LoadAll, Count and Find go over all items."),
    Core("SHL-09",
         "A list is found by its name as SharedMemory is; memory that is all zero is kNotFound, as "
         "there is no list yet, and any other that holds none is kDataLoss."),
    Core("SHL-10", "A list travels, and is handed on; who may only read gets kPermissionDenied."),
    Core("SHL-11", "Items are never seen in part, whoever writes at the same time."),
    Core("SHL-12", "Whoever is killed while he stores an item stops nobody and tears nothing."),

    Core("RES-01", "No process runs but those that the program starts."),
    LeftOut(
        "RES-02", "Leaks are reported.",
        "There is nothing to leak: all is freed with its last holder, and what is left of named "
        "memory of the dead by who uses named memory next."),
    LeftOut("RES-03", "The helper that cleans up is started again.", "There is none: RES-01."),
    Core("RES-04",
         "Starting processes and making shared objects leaves the caller's signal mask as it is."),
    LeftOut("RES-05", "Children share the helper that cleans up.", "There is none: RES-01."),
    LeftOut("RES-06", "Names of up to 255 bytes can be registered.", "See SHM-08."),
    LeftOut("RES-07", "The end of a program waits for the helper that cleans up.",
            "There is none: RES-01."),
    LeftOut("RES-08", "Registrations of names are counted.", "Holders are, by the system."),
    LeftOut("RES-09", "Objects of main are not reported by children.", "Nobody reports: RES-02."),
    LeftOut("RES-10", "Each process has a directory for its temporary files.",
            "None is needed. The strict profile has one for each user: posix/README.md."),
    LeftOut("RES-11", "Finalisers run at exit.", "Destructors do."),
    Core("RES-12",
         "Nothing is left when all processes have ended, or were killed, that had locks, values, "
         "memory with or without a name, or lists."),
};

}  // namespace

absl::Span<const Clause> MemoryClauses() { return kClauses; }

}  // namespace isoproc::conformance
