#include "isoproc/isoproc.h"

bool Increment(const isoproc::Value<int>& value) {
  return value.Update([](int number) { ++number; }).ok();
}
