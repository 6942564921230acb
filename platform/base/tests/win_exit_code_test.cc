#include "platform/base/win_exit_code.h"

#include <cstdint>

#include "gtest/gtest.h"
#include "platform/base/termination.h"

namespace isoproc::port {
namespace {

TEST(TerminationOfWindowsExitCodeTest, CrashesAreSignals) {
  struct Case {
    uint32_t code;
    int signal;
  };
  const Case cases[] = {
      {0xC0000005, 11}, {0x80000001, 11}, {0xC00000FD, 11}, {0xC000008C, 11}, {0xC0000096, 11},
      {0xC0000006, 7},  {0x80000002, 7},  {0xC000001D, 4},  {0x80000003, 5},  {0x80000004, 5},
      {0xC000008D, 8},  {0xC000008E, 8},  {0xC000008F, 8},  {0xC0000090, 8},  {0xC0000091, 8},
      {0xC0000092, 8},  {0xC0000093, 8},  {0xC0000094, 8},  {0xC0000095, 8},  {0xC00002B4, 8},
      {0xC00002B5, 8},  {0xC0000409, 6},  {0xC0000374, 6},  {0xC0000420, 6},  {0xC0000602, 6},
      {0x40000015, 6},  {0xE06D7363, 6},  {0x20474343, 6},  {0xC000013A, 2},
  };
  for (const Case& c : cases) {
    const Termination termination = TerminationOfWindowsExitCode(c.code);
    EXPECT_EQ(termination.kind, Termination::Kind::kSignalled) << std::hex << c.code;
    EXPECT_EQ(termination.value, c.signal) << std::hex << c.code;
  }
}

TEST(TerminationOfWindowsExitCodeTest, AllElseIsAnExitOfEightBits) {
  struct Case {
    uint32_t code;
    int value;
  };
  const Case cases[] = {
      {0, 0},
      {1, 1},
      {3, 3},
      {255, 255},
      {256, 0},
      {259, 3},
      {300, 44},
      {65536, 0},
      {0xFFFFFFFF, 255},
      {0xE1500009, 9},
      {0xC0000135, 0x35},  // STATUS_DLL_NOT_FOUND: never ran
  };
  for (const Case& c : cases) {
    const Termination termination = TerminationOfWindowsExitCode(c.code);
    EXPECT_EQ(termination.kind, Termination::Kind::kExited) << std::hex << c.code;
    EXPECT_EQ(termination.value, c.value) << std::hex << c.code;
  }
}

}  // namespace
}  // namespace isoproc::port
