#include <optional>
#include <vector>

#include "isoproc/isoproc.h"

struct Item {
  std::vector<std::optional<isoproc::SharedMemory>> inner;
};

bool Make() { return isoproc::Queue<Item>::Create().ok(); }
