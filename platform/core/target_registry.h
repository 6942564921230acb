// Which targets this program has, and how one is named to another process.
#ifndef ISOPROC_PLATFORM_CORE_TARGET_REGISTRY_H_
#define ISOPROC_PLATFORM_CORE_TARGET_REGISTRY_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "isoproc/internal/target.h"

namespace isoproc::internal {

// A target's name on the wire.
struct TargetName {
  std::string name;
  uint64_t file = 0;       // tells targets of one name apart
  uint32_t ordinal = 0;    // tells targets of one name and file apart: order of registration
  uint32_t namesakes = 0;  // how many targets of this name the sender has
};

TargetName NameOf(const Target& target);

// The target of that name in this program.
// Errors: NotFound: there is none, or it cannot be told apart from others of its name.
absl::StatusOr<const Target*> FindTarget(const TargetName& name);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_TARGET_REGISTRY_H_
