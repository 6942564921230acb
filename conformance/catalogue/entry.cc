// ENTRY: Init, and how a child finds what to run.
#include "absl/types/span.h"
#include "conformance/catalogue/catalogue.h"

namespace isoproc::conformance {
namespace {

constexpr Clause kClauses[] = {
    Core("ENTRY-01",
         "Without Init, Start is kFailedPrecondition before any process exists, with every start "
         "method; the message shows `isoproc::Init(argc, argv)` and where to write it."),
    Core("ENTRY-02",
         "A start before a late Init is refused, and works after it; a child runs what main does "
         "before Init and nothing after it."),
    Core("ENTRY-03", "A second call of Init has no effect."),
    Core("ENTRY-04", "A start from a static initialiser is refused as one without Init."),
    Core("ENTRY-05", "Code before Init runs again in each spawned child, once."),
    Optional("ENTRY-06", "replaceable_image",
             "If the program file is replaced while the program runs, a start either runs the old "
             "image (pinned_image) or is kFailedPrecondition with no child; never the new image."),
    Core("ENTRY-07",
         "Nothing of isoproc is in the environment of a child, nor of programs that it starts."),
    Core("ENTRY-08",
         "Arguments of the user are never taken for isoproc's: a program started with arguments "
         "that look like them runs its own main and sees them all."),
    Core("ENTRY-09",
         "A child that exits before Init is kFailedPrecondition, one that dies otherwise, as by an "
         "exception of a static initialiser, is kAborted; ExitStatusOf tells how it ended."),
    Core("ENTRY-10",
         "In a program whose main does not call Init, SetExecutable with an executable that does "
         "makes starts work; the executable must know the target."),
    Core("ENTRY-11",
         "A program that links isoproc::main has a main that calls Init, then IsoprocMain with the "
         "same arguments, whose result is the exit code."),
    Core("ENTRY-12",
         "Functions of the same name in the anonymous namespaces of two files are each found as "
         "themselves."),
    Core("ENTRY-13", "Two lambdas of one signature in one function are each found as themselves."),
    Core("ENTRY-14", "Each instance of a function template is found as itself."),
    Core("ENTRY-15",
         "Targets are found when parent and child are loaded at different addresses, or are two "
         "images of one program with different bases."),
    Core("ENTRY-16", "A target that the child's image does not have is kNotFound, with no child."),
    Core("ENTRY-17",
         "A child that gives Init other arguments than those of main is kFailedPrecondition, and "
         "the message says so; the child does not go on in main."),
};

}  // namespace

absl::Span<const Clause> EntryClauses() { return kClauses; }

}  // namespace isoproc::conformance
