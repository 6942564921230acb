/* Leases: a message that is taken on trial moves from its slot to a lease, whose owner is who has
   it; one that is done with is counted. All of it under the lock of who gets, R. The lease is
   written before the slot is delivered, so that a lease whose message is still in the ring does not
   count, and who takes R from a dead owner frees it. The sweep only says that there may be orphans.
   Messages are in the ring at the start: queue.pml is about putting them there. */

#ifndef CONSUMERS
#define CONSUMERS 2
#endif
#ifndef MESSAGES
#define MESSAGES 2
#endif
#define LEASES MESSAGES
#define P CONSUMERS
#define SWEEPERS_DIE 1
#define FORGET t = 0; e = 0; message = 0; found = 0; returned = 0; number = 0
#include "common.pml"

hidden byte not_doubled, not_lost, counted;

#define COMMITTED 0
#define DELIVERED 1
#define FREE 0
#define RETURNED 100
#define DONE 101

byte sequence[MESSAGES];
byte head, R, done;
bit orphans;
byte owner[LEASES];
byte ticket[LEASES];
byte target[LEASES];                      /* what `done` is to be */

byte holder[MESSAGES];                    /* ghosts */
bit acknowledged[MESSAGES];

#define HAS_OWNER(lease) (owner[lease] != FREE && owner[lease] != DONE)
#define IS_ORPHAN(lease) \
  (owner[lease] == RETURNED || (HAS_OWNER(lease) && !alive[owner[lease] - 1]))
#define TAKE(what) \
  CLAIM(not_doubled, !acknowledged[what] && (holder[what] == 0 || !alive[holder[what] - 1])); \
  holder[what] = STAMP

#ifdef COUNT_TWICE
#define COUNT(lease) done + 1
#else
#define COUNT(lease) (done > target[lease] -> done : target[lease])
#endif

inline repair() {
#ifndef NO_REPAIR
  e = 0;
  do
  :: (e < LEASES) ->
     if
     :: STEP((owner[e] == DONE) -> done = COUNT(e)); STEP(owner[e] = FREE)
     :: STEP((HAS_OWNER(e) && owner[e] != RETURNED && sequence[ticket[e]] == COMMITTED) ->
             owner[e] = FREE)
     :: STEP((owner[e] == FREE || owner[e] == RETURNED ||
              (HAS_OWNER(e) && sequence[ticket[e]] == DELIVERED)) -> skip)
     fi;
     e++
  :: else -> break
  od;
  e = 0
#else
  skip
#endif
}

inline acquire() {
  if
  :: STEP((R == 0) -> R = STAMP)
  :: STEP((R != 0 && !alive[R - 1]) -> R = STAMP); repair()
  fi
}

/* The hint is cleared before the look, and set again if there was one: there may be more. */
inline find_orphan() {
  if
  :: STEP((!orphans) -> skip)
  :: STEP((orphans) -> orphans = 0);
     do
     :: (e < LEASES && !found) ->
        if
        :: STEP(IS_ORPHAN(e) -> found = 1; message = ticket[e]); STEP(orphans = 1)
        :: STEP(!IS_ORPHAN(e) -> skip); e++
        fi
     :: else -> break
     od;
     if
     :: (!found) -> e = 0
     :: else
     fi
  fi
}

inline find_lease() {
  do
  :: STEP((owner[e] != FREE) -> e++)
  :: STEP((owner[e] == FREE) -> break)
  od
}

proctype Consumer(byte me) {
  byte t, e, message, number;
  bit found, returned;
  do
  :: acquire();
     find_orphan();
     if
     :: (found) ->
        STEP(TAKE(message); owner[e] = STAMP)
     :: else ->
        STEP(t = head);
        do
        :: STEP((t < MESSAGES && sequence[t] == DELIVERED) -> t++)
        :: STEP((t == MESSAGES || sequence[t] == COMMITTED) -> break)
        od;
        if
        :: (t < MESSAGES) ->
           find_lease();
           STEP(ticket[e] = t);
#ifndef STAMP_LATE
           STEP(owner[e] = STAMP);
#endif
           STEP(TAKE(t); sequence[t] = DELIVERED);
#ifdef STAMP_LATE
           STEP(owner[e] = STAMP);
#endif
           STEP(head = t + 1);
           message = t; found = 1
        :: else -> STEP(head = t)
        fi;
        t = 0
     fi;
     STEP(R = 0);
     if
     :: (found && !returned) ->
        STEP(holder[message] = 0; owner[e] = RETURNED; returned = 1);
        STEP(orphans = 1)
     :: (found) ->
        if
        :: STEP((R == 0) -> R = STAMP)
        :: STEP((R != 0 && !alive[R - 1]) -> R = STAMP); number = e; repair(); e = number
        fi;
        STEP(target[e] = done + 1);
        STEP(owner[e] = DONE; CLAIM(not_doubled, !acknowledged[message]);
             acknowledged[message] = 1);
        STEP(done = target[e]);
        STEP(owner[e] = FREE);
        STEP(R = 0)
     :: (!found) -> STEP((orphans || (head < MESSAGES && sequence[head] == COMMITTED)) -> skip)
     fi;
     found = 0; e = 0; message = 0; number = 0
  od;
dead:
  FORGET
}

proctype Sweeper(byte d) {
  byte k;
  (!alive[d]);
begin:
#ifndef NO_HINT
  SWEEP_STEP(orphans = 1);
#else
  skip;
#endif
  swept[d] = 1
}

init {
  byte k, ticks, all;
  bit living;
  atomic {
    begin_with_deaths();
    for (k : 0 .. CONSUMERS - 1) {
      run Consumer(k)
    }
    for (k : 0 .. CONSUMERS - 1) {
      run Sweeper(k)
    }
  }
  come_to_rest();
  atomic {
    for (k : 0 .. CONSUMERS - 1) {
      living = living || alive[k]
    }
    for (k : 0 .. MESSAGES - 1) {
      CLAIM(not_lost, acknowledged[k] || !living);
      all = all + acknowledged[k]
    }
    /* Of a dead owner of the lock, whose count nobody has needed yet. */
    for (k : 0 .. LEASES - 1) {
      if
      :: (owner[k] == DONE && target[k] > done) -> done = target[k]
      :: else
      fi
    }
    CLAIM(counted, done == all)
  }
}
