// What is seen of the family's arena from outside of it.
#ifndef ISOPROC_TESTS_KILL_ARENA_VIEW_H_
#define ISOPROC_TESTS_KILL_ARENA_VIEW_H_

#include <string>

namespace isoproc::kill {

// Makes the calling process one of the family.
void Enter();

// Threads that have said that they are about to sleep.
int CountSleepers();
// Locks of objects that belong to other processes than this one, or did when somebody died, and
// nobody was told since.
int CountLocksOfOthers();

// What is in use: objects of anybody, and all else of other processes than this one.
struct InUse {
  int processes = 0;
  int objects = 0;
  int parkers = 0;
  int sleepers = 0;

  friend bool operator==(const InUse&, const InUse&) = default;
  std::string ToString() const;
};
InUse CountInUse();
// The same, for a process that has no objects any more: empty if there is nothing.
std::string WhatOthersLeft();

// A process has died: as Process::Join does.
void NoticeDeath();

}  // namespace isoproc::kill

#endif  // ISOPROC_TESTS_KILL_ARENA_VIEW_H_
