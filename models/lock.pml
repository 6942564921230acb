/* The lock: one word, 0 or the stamp of its owner; a map of those who wait. A word with the stamp
   of a dead owner is stolen by a CAS of that stamp. Who waits arms, attempts, parks, disarms. */

#ifndef P
#define P 3
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#define FORGET seen = 0; picked = 0; round = 0; patient = 0; expired = 0; chosen = 0; got = 0; \
  ask = 0
bit has_parker[4];
#define HAS_PARKER(party) has_parker[party]
#include "common.pml"

hidden byte mutual_exclusion, told_of_death, nobody_hangs, nothing_left;

byte lock;
byte waiters;
byte inside;  /* ghost: whose critical section it is */
bit torn;     /* ghost: what the lock protects may be half written */

#define ENTER(stolen) \
  CLAIM(mutual_exclusion, inside == 0 || !alive[inside - 1]); \
  CLAIM(told_of_death, stolen == torn); \
  inside = STAMP; torn = 1; got = 1

inline steal() {
#ifdef STEAL_UNSEEN
  STEP(lock = STAMP; ENTER(1))
#else
  STEP(if :: (lock == seen) -> lock = STAMP; ENTER(1) :: else fi)
#endif
}

#ifdef STEAL_UNASKED
#define SEEMS_DEAD(stamp) (stamp != 0)
#else
#define SEEMS_DEAD(stamp) (stamp != 0 && !alive[stamp - 1])
#endif

inline attempt() {
  if
  :: STEP((lock == 0) -> lock = STAMP; ENTER(0))
  :: STEP((lock != 0) -> skip);
     if
     :: (ask) ->
        STEP(seen = lock);
        if
        :: STEP(SEEMS_DEAD(seen) -> skip); steal()
        :: STEP((!SEEMS_DEAD(seen)) -> skip)
        fi;
        seen = 0
     :: else
     fi
  fi
}

/* Asking the system for the living costs time. ASK_LATE: only who was woken by no waker asks, so a
   death that was over before the wait began is found by a re-check. Otherwise at each attempt. */
#ifdef ASK_LATE
#define AT_FIRST 0
#define ONCE_MORE !chosen
#else
#define AT_FIRST 1
#define ONCE_MORE 1
#endif

inline acquire() {
  ask = AT_FIRST;
  STEP(has_parker[me] = 1);
  do
  :: skip;
#ifdef NO_SECOND_LOOK
     attempt();
     STEP(waiters = waiters | BIT(me));
#else
     STEP(waiters = waiters | BIT(me));
     attempt();
#endif
#ifdef CLEAR_TOKEN
     STEP(token[me] = 0);
#endif
     if
     :: (got)
     :: else -> park()
     fi;
     disarm(waiters);
     if
     :: (got) -> break
     :: (!got && expired) ->
#ifdef LAST_LOOK
        /* Once more, now that nobody can choose us any longer. */
        ask = 1;
        attempt();
#endif
        /* Chosen, but leaving: the wake is for somebody who stays. */
        if
        :: (!got && chosen) -> wake_one(waiters)
        :: else
        fi;
        break
     :: (!got && !expired) -> ask = ONCE_MORE; chosen = 0
     fi
  od;
  expired = 0; chosen = 0; ask = 0
}

inline release() {
  STEP(CLAIM(mutual_exclusion, inside == STAMP); inside = 0; torn = 0; got = 0; lock = 0);
  wake_one(waiters)
}

proctype Party(byte me) {
  byte seen, picked, round;
  bit patient, expired, chosen, got, ask;
  do
  :: (round < ROUNDS) ->
     CHOOSE_PATIENCE;
     acquire();
     if
     :: (got) -> release()
     :: else
     fi;
     round++
  :: else -> break
  od;
  finished[me] = 1;
dead:
  FORGET
}

#ifndef NO_REAPER
proctype Reaper() {
  byte d, k;
begin:
end:
  choose_dead(d);
#ifdef BROADCAST_FIRST
  broadcast();
#endif
#ifdef SWEEP_FREES
  SWEEP_STEP(if :: (lock == d + 1) -> lock = 0; inside = 0 :: else fi);
#endif
#ifndef NO_SWEEP
  SWEEP_STEP(waiters = waiters & ~BIT(d));
#endif
#ifndef BROADCAST_FIRST
  broadcast();
#endif
  swept[d] = 1;
  goto begin
}
#endif

init {
  byte k, ticks;
  atomic {
    begin_with_deaths();
    for (k : 0 .. P - 1) {
      run Party(k)
    }
#ifndef NO_REAPER
    run Reaper()
#endif
  }
  come_to_rest();
  atomic {
    for (k : 0 .. P - 1) {
      CLAIM(nobody_hangs, finished[k] || !alive[k]);
      CLAIM(nothing_left, !(waiters & BIT(k)) || (!alive[k] && !swept[k]))
    }
  }
}
