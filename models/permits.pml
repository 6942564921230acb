/* The permits of a bounded semaphore: K words, each FREE or the stamp of its holder. An acquire is
   one CAS FREE -> stamp, a release one CAS back; the sweep returns those of the dead, and any
   number of sweepers may do so at the same time. A map of those who wait. */

#ifndef P
#define P 3
#endif
#ifndef K
#define K 2
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef REAPERS
#define REAPERS 1
#endif
#define FORGET i = 0; picked = 0; round = 0; patient = 0; expired = 0; chosen = 0; got = 0
#include "common.pml"

hidden byte permit_kept, nobody_hangs, no_permit_lost, nothing_left;

#define FREE 0
byte permit[K];
byte waiters;
bit keeps[P];  /* ghost: has ended, as a live process, with a permit in hand */

/* Looks at one word after the other: they are not one snapshot. */
inline try_all() {
  i = 0;
  do
  :: (i == K) -> break
  :: (i < K) ->
     if
     :: STEP((permit[i] == FREE) -> permit[i] = STAMP; got = 1); break
     :: STEP((permit[i] != FREE) -> i++)
     fi
  od
}

inline acquire() {
  do
  :: try_all();
     if
     :: (got) -> break
     :: else
     fi;
     STEP(waiters = waiters | BIT(me));
#ifndef NO_SECOND_LOOK
     try_all();
#endif
     if
     :: (got)
     :: else -> park()
     fi;
     disarm(waiters);
     if
     :: (got) -> break
     :: (!got && expired) -> break
     :: (!got && !expired) -> chosen = 0
     fi
  od;
  /* Chosen, but leaving, or already served by the second look: the wake is for somebody else. */
  if
#ifdef KEEP_WHEN_SERVED
  :: (chosen && !got) -> wake_one(waiters)
#else
  :: (chosen) -> wake_one(waiters)
#endif
  :: else
  fi;
  expired = 0; chosen = 0
}

inline release() {
  STEP(CLAIM(permit_kept, permit[i] == STAMP); permit[i] = FREE; got = 0; i = 0);
  wake_one(waiters)
}

proctype Party(byte me) {
  byte i, picked, round;
  bit patient, expired, chosen, got;
  do
  :: (round < ROUNDS) ->
     CHOOSE_PATIENCE;
     acquire();
     if
     :: (got) -> release()
     :: (got && round + 1 == ROUNDS) -> got = 0; keeps[me] = 1
     :: (!got)
     fi;
     round++
  :: else -> break
  od;
  finished[me] = 1;
dead:
  FORGET
}

/* Each of several reapers sweeps for each death. */
bit done[REAPERS * MAX_P];
#define TO_SWEEP(x) (!alive[x] && !done[r * MAX_P + x])

proctype Reaper(byte r) {
  byte d, k;
  bit mine;
begin:
end:
  atomic {
    if
    :: TO_SWEEP(0) -> d = 0
    :: TO_SWEEP(1) -> d = 1
    :: TO_SWEEP(2) -> d = 2
    :: TO_SWEEP(3) -> d = 3
    fi
  };
#ifndef NO_SWEEP
  SWEEP_STEP(waiters = waiters & ~BIT(d));
#endif
#ifndef NO_RETURN
  do
  :: (k == K) -> break
  :: (k < K) ->
     SWEEP_STEP(mine = (permit[k] == d + 1));
     if
#ifdef FREE_UNSEEN
     :: (mine) -> SWEEP_STEP(permit[k] = FREE)
#else
     :: (mine) -> SWEEP_STEP(if :: (permit[k] == d + 1) -> permit[k] = FREE :: else fi)
#endif
     :: else
     fi;
     k++
  od;
  mine = 0;
#endif
  broadcast();
  done[r * MAX_P + d] = 1;
  goto begin
}

init {
  byte k, ticks;
  bit free;
  atomic {
    begin_with_deaths();
    for (k : 0 .. P - 1) {
      run Party(k)
    }
    for (k : 0 .. REAPERS - 1) {
      run Reaper(k)
    }
  }
  come_to_rest();
  atomic {
    for (k : 0 .. K - 1) {
      CLAIM(no_permit_lost, permit[k] == FREE || keeps[permit[k] - 1]);
      free = free || permit[k] == FREE
    }
    for (k : 0 .. P - 1) {
      CLAIM(nobody_hangs, finished[k] || !alive[k] || !free)
    }
    CLAIM(nothing_left, waiters == 0 || !free)
  }
}
