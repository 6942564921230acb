// What is seen of the family's arena from outside of it.
#ifndef ISOPROC_TESTS_KILL_ARENA_VIEW_H_
#define ISOPROC_TESTS_KILL_ARENA_VIEW_H_

#include <cstddef>
#include <string>

#include "absl/types/span.h"

namespace isoproc::kill {

// Makes the calling process one of the family.
void Enter();

// The memory of the family.
absl::Span<const std::byte> SharedBytes();

// Threads that have said that they are about to sleep.
int CountSleepers();
// Locks of objects that belong to other processes than this one.
int CountLocksOfOthers();

// What is in use beyond what this process has: empty if all that others had is given back.
std::string WhatOthersLeft();

// A process has died: as Process::Join does.
void NoticeDeath();

}  // namespace isoproc::kill

#endif  // ISOPROC_TESTS_KILL_ARENA_VIEW_H_
