#include <optional>
#include <vector>

#include "isoproc/isoproc.h"

struct Item {
  std::vector<std::optional<isoproc::Lock>> inner;
};

bool Make() { return isoproc::Queue<Item>::Create().ok(); }
