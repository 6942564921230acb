#include "gmock/gmock.h"
#include "posix/tests/support.h"

int main(int argc, char** argv) {
  isoproc::port::posix::RunIfChild(argc, argv);
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
