/* The map of waiters is many words with a summary, one bit for each word that may be other than 0,
   so that a waker need not look at all. A waker who finds a word empty clears its bit in the
   summary and looks again; here there is one word. The resource is a count of units: who wakes one
   has added one. No deaths: this must hold by itself. */

#ifndef SLEEPERS
#define SLEEPERS 2
#endif
#ifndef WAKERS
#define WAKERS 2
#endif
#ifndef POSTS
#define POSTS 1
#endif
#define P (SLEEPERS + WAKERS)
#define DEATHS 0
#define FORGET picked = 0; taken = 0
#include "common.pml"

hidden byte nobody_hangs;

byte units;
bit summary;
byte waiters;

inline wake_one_of() {
  do
  :: STEP((!summary) -> break)
  :: STEP((summary) -> seen = waiters);
     if
     :: (seen == 0) ->
        STEP(summary = 0);
        STEP(seen = waiters);
        if
        :: (seen == 0) -> break
        :: else ->
           STEP(summary = 1);
#ifndef ONE_FOR_TWO
           /* While the bit was off, others may have passed by: their wakes are ours now. */
           wake_all(waiters); break
#endif
        fi
     :: else ->
        if
        :: STEP((waiters & seen & BIT(0)) -> waiters = waiters & ~BIT(0); picked = 0); woken = 1
        :: STEP((waiters & seen & BIT(1)) -> waiters = waiters & ~BIT(1); picked = 1); woken = 1
        :: STEP((waiters & seen & BIT(2)) -> waiters = waiters & ~BIT(2); picked = 2); woken = 1
        :: STEP((!(waiters & seen)) -> skip)
        fi;
        if
        :: (woken) -> STEP(token[picked] = 1); picked = 0; woken = 0; break
        :: else
        fi
     fi
  od;
  seen = 0
}

/* Takes one unit, tried while armed. */
proctype Sleeper(byte me) {
  byte picked, taken, seen;
  bit patient, expired, chosen, got, woken;
  CHOOSE_PATIENCE;
  do
  :: STEP(waiters = waiters | BIT(me));
     STEP(summary = 1);
     STEP(if :: (units > 0) -> units--; got = 1 :: else fi);
     if
     :: (got)
     :: else -> park()
     fi;
     disarm(waiters);
     if
     :: (got || expired) -> break
     :: else
     fi;
     chosen = 0
  od;
#ifdef KEEP_WHEN_SERVED
  if
  :: (chosen && !got) -> wake_one_of()
#else
  if
  :: (chosen) -> wake_one_of()
#endif
  :: else
  fi;
  finished[me] = 1;
dead:
  FORGET
}

proctype Waker(byte me) {
  byte picked, taken, seen, i;
  bit woken;
  do
  :: (i < POSTS) ->
     STEP(units++);
     wake_one_of();
     i++
  :: else -> break
  od;
  finished[me] = 1;
dead:
  FORGET
}

init {
  byte k, ticks;
  atomic {
    begin_with_deaths();
    for (k : 0 .. SLEEPERS - 1) {
      run Sleeper(k)
    }
    for (k : SLEEPERS .. P - 1) {
      run Waker(k)
    }
  }
  come_to_rest();
  atomic {
    for (k : 0 .. P - 1) {
      CLAIM(nobody_hangs, finished[k] || (k < SLEEPERS && units == 0))
    }
  }
}
