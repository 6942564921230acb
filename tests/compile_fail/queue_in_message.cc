#include <map>
#include <optional>
#include <string>

#include "isoproc/isoproc.h"

namespace {
struct Part {
  std::string name;
  std::map<int, std::optional<isoproc::Queue<int>>> queues;
};
}  // namespace

bool Send(const isoproc::Connection& connection, const Part& part) {
  return connection.Send(part).ok();
}
