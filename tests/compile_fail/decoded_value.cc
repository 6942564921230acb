#include <optional>
#include <string>

#include "isoproc/isoproc.h"

bool Unpack() { return isoproc::Decode<std::optional<isoproc::Value<int>>>(std::string()).ok(); }
