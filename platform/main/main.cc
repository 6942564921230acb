// The main of programs that link isoproc::main.

#include "isoproc/main.h"

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  return IsoprocMain(argc, argv);
}
