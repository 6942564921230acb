#include "isoproc/exit_status.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "platform/base/signal_name.h"

namespace isoproc {

std::string ExitStatus::ToString() const {
  switch (kind_) {
    case Kind::kExited:
      return absl::StrCat("exited ", code_);
    case Kind::kSignalled:
      return absl::StrCat("signalled ", signal(), " (", port::SignalName(signal()), ")");
    case Kind::kThrew:
      return absl::StrCat("threw ", type_, ": ", what_);
  }
  return "";
}

}  // namespace isoproc
