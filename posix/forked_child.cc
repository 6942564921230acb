#include "posix/forked_child.h"

#include <cstdlib>
#include <memory>
#include <utility>

#include "platform/port/process.h"
#include "platform/port/stream.h"

extern "C" char** environ;

namespace isoproc::port::posix {

void RunForkedEntry(std::unique_ptr<Stream> bootstrap, char** environment,
                    const ForkedEntry& entry) {
  if (environment != nullptr) ::environ = environment;
  entry(std::move(bootstrap));
  // It has promised not to come back, and nothing above it in the stack is this process's own.
  std::abort();
}

}  // namespace isoproc::port::posix
