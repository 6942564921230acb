#include <map>
#include <string>
#include <vector>

#include "isoproc/isoproc.h"

namespace {
struct Part {
  std::string name;
  std::map<int, std::vector<isoproc::Lock>> locks;
};
}  // namespace

bool Pack() { return isoproc::Encode(Part()).ok(); }
