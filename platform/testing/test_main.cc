// main() of tests that start processes: a child must run its target before GoogleTest looks at the
// arguments, which are the parent's.
#include "gmock/gmock.h"
#include "isoproc/main.h"

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
