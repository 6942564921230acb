#include <vector>

#include "isoproc/isoproc.h"

bool Receive(const isoproc::Connection& connection) {
  return connection.Receive<std::vector<isoproc::Connection>>().ok();
}
