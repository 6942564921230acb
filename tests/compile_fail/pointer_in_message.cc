#include "isoproc/isoproc.h"

bool Send(const isoproc::Connection& connection, const char* text) {
  return connection.Send(text).ok();
}
