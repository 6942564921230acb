// What differs between ports, and is said beforehand.
#ifndef ISOPROC_PLATFORM_PORT_CAPABILITIES_H_
#define ISOPROC_PLATFORM_PORT_CAPABILITIES_H_

#include <string>

namespace isoproc::port {

// Declared as data by each port. Operations that a port may lack are checked both ways by the
// conformance suite: declared means that its cases pass, not declared means that the operation
// returns kUnimplemented and does nothing. Facts about the system say which cases apply. Few and
// coarse on purpose; the core of the contract has none.
struct Capabilities {
  // The name of the port profile in reports: "linux", "strict-posix", "win32", "stub".
  std::string profile;

  // ---- operations ----

  // Processes can be started at all. False only on a port in its first days.
  bool processes = false;

  // Port::ServeForks / SpawnFromServer: start from a clean server without running the program
  // image again. Needs fork(); Windows has none.
  bool fork_server = false;

  // Port::Fork: duplicate the calling process. Needs fork() and a way to count the threads of the
  // process, since a fork of a multithreaded process is refused.
  bool fork = false;

  // ---- facts ----

  // A child runs the image that its parent runs even if the file was replaced meanwhile. Without
  // it, Start refuses when the file is no longer the one that was started.
  bool pinned_image = false;

  // A replaced program file can exist at all while the program runs (Windows locks the file).
  bool replaceable_image = false;

  // Port::Self and WatchDeath cost next to nothing and leave nothing behind, since the system
  // itself tells two processes with one id apart. Without it a child learns of its parent's death
  // from its bootstrap stream alone.
  bool kernel_identity = false;

  // The program may fork() by itself and reap children that isoproc started.
  bool foreign_fork = false;
};

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_PORT_CAPABILITIES_H_
