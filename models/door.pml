/* The table of participants is full, and those in it are dead: who comes finds no slot, and nobody
   is registered who could sweep. There is one more place, the door. A visitor takes it from nobody
   or from a dead visitor by one CAS, raises its incarnation, and then has a stamp, with which it
   takes the lock, sweeps, and leaves; then it registers. A visitor has nothing but the lock, so what
   it leaves when it dies needs no sweep. Here the table has one slot, which a process had that is
   dead. Who registers uses the lock once and ends, so that the next one finds the slot of a dead one
   again. What the lock and the sweep need else is shown in registration.pml. */

#ifndef P
#define P 3
#endif
#define INCARNATIONS 6
#define FORGET \
  mine = 0; stamp = 0; id = 0; x = 0; same = 0; lives = 0; begun_dead = 0; visits = 0; was_dead = 0; seen = 0
#include "common.pml"

hidden byte stamp_given_once, living_called_dead, dead_called_living, one_sweeper, found_room,
    nobody_hangs, nothing_left;

#define FREE 0
#define IDENTITY (me + 1)
#define HALF 16
#define FIRST 8  /* who had the slot at the start */
#define LIVING(claim) (((claim) & 15) != FIRST && alive[((claim) & 15) - 1])
#define STAMP_AT(place, incarnation) ((incarnation) * 2 + (place) + 1)
#define PLACE_OF(stamp) ((stamp - 1) % 2)
#define INCARNATION_OF(stamp) ((stamp - 1) / 2)
#define SLOT 0
#define DOOR 1

byte place[2];
byte incarnation[2];
byte lock;     /* 0 or a stamp */
byte claim;    /* one exclusive claim, such as a permit: 0 or a stamp */
byte holder[2 * INCARNATIONS + 1];  /* ghosts: whose stamp it is, as identity */
bit left[2 * INCARNATIONS + 1];     /* whose visitor has left by itself */
byte sweeper;
byte takings;  /* how often the slot was taken */
#define OWNER_LIVES(stamp) (!left[stamp] && holder[stamp] != FIRST && alive[holder[stamp] - 1])

#ifdef HALF_LIVES
#define LIVES_BY(id) ((id & HALF) || LIVING(id))
#else
#define LIVES_BY(id) (!(id & HALF) && LIVING(id))
#endif

inline judge() {
  STEP(begun_dead = !OWNER_LIVES(stamp); id = place[PLACE_OF(stamp)]);
  STEP(same = (incarnation[PLACE_OF(stamp)] == INCARNATION_OF(stamp)));
  STEP(
    lives = (id != FREE && same && LIVES_BY(id));
    CLAIM(living_called_dead, lives || !OWNER_LIVES(stamp));
    CLAIM(dead_called_living, !lives || !begun_dead);
    id = 0; same = 0; begun_dead = 0
  )
}

inline name_me(where) {
  STEP(
    mine = STAMP_AT(where, incarnation[where]);
    CLAIM(stamp_given_once, holder[mine] == 0);
    holder[mine] = IDENTITY
  )
}

#define LOCK_IT \
  CLAIM(one_sweeper, sweeper == 0 || !alive[sweeper - 1]); lock = mine; sweeper = IDENTITY

inline take_lock() {
  do
  :: STEP((lock == 0) -> LOCK_IT); break
  :: STEP((lock != 0) -> stamp = lock);
     judge();
     if
     :: (!lives) ->
#ifdef STEAL_UNSEEN
        STEP(LOCK_IT; stamp = 0);
#else
        STEP(if :: (lock == stamp) -> LOCK_IT; stamp = 0 :: else fi);
#endif
        if
        :: (stamp == 0) -> break
        :: else
        fi
     :: else -> STEP((lock != stamp || !OWNER_LIVES(stamp)) -> skip)  /* sleeps */
     fi
  od;
  stamp = 0; lives = 0
}

inline give_lock_back() {
  STEP(lock = 0; sweeper = 0)
}

#ifdef NO_TAKE_OVER
#define MAY_ENTER (place[DOOR] == FREE)
#else
#define MAY_ENTER (place[DOOR] == FREE || !LIVING(place[DOOR]))
#endif

inline visit() {
  do
  :: STEP((MAY_ENTER) -> x = place[DOOR]);
#ifdef ENTER_UNSEEN
     STEP(place[DOOR] = IDENTITY | HALF); break
#else
     STEP(if :: (place[DOOR] == x) -> place[DOOR] = IDENTITY | HALF; same = 1 :: else fi);
     if
     :: (same) -> break
     :: else
     fi
#endif
  od;
  x = 0; same = 0;
#if !defined(NO_RAISE) && !defined(RAISE_LATE)
  STEP(incarnation[DOOR] = incarnation[DOOR] + 1);
#endif
  STEP(place[DOOR] = IDENTITY);
  name_me(DOOR);
#ifdef RAISE_LATE
  STEP(incarnation[DOOR] = incarnation[DOOR] + 1);
#endif
  take_lock();
  STEP(x = place[SLOT]);
#ifdef NO_SWEEP
  x = FREE;
#endif
  if
  :: (x == FREE || LIVING(x))
  :: (x != FREE && !LIVING(x) && (x & HALF)) ->
#ifdef FREE_UNSEEN
     STEP(place[SLOT] = FREE)
#else
     STEP(if :: (place[SLOT] == x) -> place[SLOT] = FREE :: else fi)
#endif
  :: (x != FREE && !LIVING(x) && !(x & HALF)) ->
#ifndef KEEP_CLAIM
     STEP(if :: (claim == STAMP_AT(SLOT, incarnation[SLOT])) -> claim = 0 :: else fi);
#endif
     STEP(incarnation[SLOT] = incarnation[SLOT] + 1);
     STEP(place[SLOT] = FREE)
  fi;
  x = 0;
  give_lock_back();
  STEP(place[DOOR] = FREE; left[mine] = 1; mine = 0)
}

proctype Party(byte me) {
  byte mine, stamp, id, x, visits, seen;
  bit same, lives, begun_dead, was_dead;
  do
  :: STEP((place[SLOT] == FREE) -> place[SLOT] = IDENTITY | HALF; takings++);
     STEP(place[SLOT] = IDENTITY);
     name_me(SLOT);
     take_lock();
     give_lock_back();
     break
  :: STEP((place[SLOT] != FREE && visits == 0) ->
          was_dead = !LIVING(place[SLOT]); seen = takings);
     visit();
     visits = 1
  :: STEP((place[SLOT] != FREE && visits == 1) ->
          /* No room. */
          CLAIM(found_room, !was_dead || takings != seen));
     break
  od;
  STEP(alive[me] = 0; finished[me] = 1);
dead:
  FORGET
}

init {
  byte k, ticks;
  atomic {
    begin_with_deaths();
    place[SLOT] = FIRST;
    holder[STAMP_AT(SLOT, 0)] = FIRST;
    claim = STAMP_AT(SLOT, 0);
    for (k : 0 .. P - 1) {
      run Party(k)
    }
  }
  come_to_rest();
  atomic {
    for (k : 0 .. P - 1) {
      CLAIM(nobody_hangs, finished[k] || !alive[k])
    }
    CLAIM(nothing_left, claim == 0 || place[SLOT] == FIRST)
  }
}
