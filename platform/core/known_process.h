// What a ProcessInfo refers to.
#ifndef ISOPROC_PLATFORM_CORE_KNOWN_PROCESS_H_
#define ISOPROC_PLATFORM_CORE_KNOWN_PROCESS_H_

#include <memory>
#include <string>

#include "isoproc/process_options.h"
#include "platform/port/liveness.h"

namespace isoproc::internal {

class Child;

struct KnownProcess {
  enum class Relation { kSelf, kParent, kChild };

  Relation relation;
  port::ProcessIdentity identity;  // birth is 0 where it is not known
  std::string name;
  StartMethod start_method;
  std::shared_ptr<Child> child;  // for kChild
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_KNOWN_PROCESS_H_
