// What a ProcessInfo refers to.
#ifndef ISOPROC_PLATFORM_CORE_KNOWN_PROCESS_H_
#define ISOPROC_PLATFORM_CORE_KNOWN_PROCESS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "isoproc/process_options.h"

namespace isoproc::internal {

class Child;

struct KnownProcess {
  enum class Relation { kSelf, kParent, kChild };

  Relation relation;
  int64_t pid;
  std::string name;
  StartMethod start_method;
  std::shared_ptr<Child> child;  // for kChild
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_KNOWN_PROCESS_H_
