/* The table of participants. A slot is claimed by one CAS FREE -> process id; then the start time
   is written, and the claim completed. A stamp is {slot, incarnation}. Nobody leaves the table: the
   end of a process is its death, whether it exits or is killed. The sweep for a dead participant
   runs under a robust recovery lock, may die at any step and is begun anew by the next: it returns
   what the dead had claimed, broadcasts, raises the incarnation, and only then frees the slot.
   Party 0 is the survivor: it does not die, holds slot 0 and only sweeps. */

#ifndef P
#define P 3
#endif
#ifndef SLOTS
#define SLOTS 3
#endif
#ifndef ACTS
#define ACTS 1
#endif
#define INCARNATIONS 10
#define CAN_DIE (deaths > 0 && me != 0)
#define FORGET \
  owed[me] = owed[me] || registered; registered = 0; mine = 0; slot_of_mine = 0; acts = 0; \
  stamp = 0; s = 0; id = 0; n = 0; same = 0; lives = 0; begun_dead = 0; locked = 0; x = 0
bit owed[4];  /* ghost: died as a participant, so a broadcast is owed */
#include "common.pml"

hidden byte stamp_given_once, living_called_dead, dead_called_living, slot_kept, claim_kept,
    one_sweeper, living_swept, claim_returned, every_death_told, nothing_left;

#define FREE 0
#define IDENTITY (me + 1)
#define HALF 16  /* claimed, but not complete */
#define PROCESS(claim) ((claim & 15) - 1)
#define STAMP_OF(slot, incarnation) ((incarnation) * SLOTS + (slot) + 1)
#define SLOT_OF(stamp) ((stamp - 1) % SLOTS)
#define INCARNATION_OF(stamp) ((stamp - 1) / SLOTS)

byte slots[4];
byte incarnation[4];
byte recovery;  /* the lock: 0 or a stamp */
byte claim;     /* one exclusive claim, such as a permit: 0 or a stamp */

byte holder[SLOTS * INCARNATIONS + 1];  /* ghosts: whose stamp it is, as identity */
bit told[MAX_P];
byte sweeper;
#define LIVES(stamp) alive[holder[stamp] - 1]
#define UNTOUCHED \
  (slots[slot_of_mine] == IDENTITY && STAMP_OF(slot_of_mine, incarnation[slot_of_mine]) == mine)

/* NO_ORACLE: a silence that was too long is taken for a death. */
#ifdef NO_ORACLE
#define ORACLE(process) 0
#else
#define ORACLE(process) alive[process]
#endif

/* Is the owner of `stamp` alive? First the identity, then the incarnation: if that is still the
   stamp's, the slot had not been freed when the identity was read. Who has no more than a half claim
   has not had its stamp yet. */
inline judge() {
#ifdef INCARNATION_FIRST
  STEP(begun_dead = !LIVES(stamp); same = (incarnation[SLOT_OF(stamp)] == INCARNATION_OF(stamp)));
  STEP(id = slots[SLOT_OF(stamp)]);
#else
  STEP(begun_dead = !LIVES(stamp); id = slots[SLOT_OF(stamp)]);
  STEP(same = (incarnation[SLOT_OF(stamp)] == INCARNATION_OF(stamp)));
#endif
#ifdef PROCESS_ONLY
  same = 1;
#endif
  STEP(
    lives = (id != FREE && same && !(id & HALF) && ORACLE(PROCESS(id)));
    CLAIM(living_called_dead, lives || !LIVES(stamp));
    CLAIM(dead_called_living, !lives || !begun_dead);
    id = 0; same = 0; begun_dead = 0
  )
}

#define CLAIM_SLOT(slot) \
  (slot < SLOTS && slots[slot] == FREE) -> \
  slots[slot] = IDENTITY | HALF; slot_of_mine = slot

inline enter_table() {
  if
  :: STEP(CLAIM_SLOT(1))
  :: STEP(CLAIM_SLOT(2))
  :: STEP(CLAIM_SLOT(3))
  fi;
  STEP(slots[slot_of_mine] = IDENTITY; registered = 1);
  STEP(
    mine = STAMP_OF(slot_of_mine, incarnation[slot_of_mine]);
    CLAIM(stamp_given_once, holder[mine] == 0);
    holder[mine] = IDENTITY
  )
}

/* Takes the claim, from a dead owner if need be, and gives it back. */
inline use_claim() {
  if
  :: STEP((claim == 0) -> claim = mine; locked = 1)
  :: STEP((claim != 0) -> stamp = claim);
     judge();
     if
     :: (!lives) -> STEP(if :: (claim == stamp) -> claim = mine; locked = 1 :: else fi)
     :: else
     fi
  fi;
  stamp = 0; lives = 0;
  if
  :: (locked) ->
     STEP(CLAIM(slot_kept, UNTOUCHED); CLAIM(claim_kept, claim == mine); claim = 0; locked = 0)
  :: else
  fi
}

#define LOCK_RECOVERY \
  CLAIM(one_sweeper, sweeper == 0 || !alive[sweeper - 1]); \
  sweeper = IDENTITY; recovery = mine; locked = 1

/* Gives up when a living one has the lock: it does the work, or its death will be swept too. */
inline lock_recovery() {
#ifdef NO_RECOVERY_LOCK
  locked = 1;
#else
  if
  :: STEP((recovery == 0) -> LOCK_RECOVERY)
  :: STEP((recovery != 0) -> stamp = recovery);
     judge();
     if
     :: (!lives) ->
#ifdef STEAL_UNSEEN
        STEP(LOCK_RECOVERY)
#else
        STEP(if :: (recovery == stamp) -> LOCK_RECOVERY :: else fi)
#endif
     :: else
     fi
  fi;
#endif
  stamp = 0; lives = 0
}

#define RAISE STEP(n = incarnation[s]); STEP(incarnation[s] = n + 1); n = 0
#define BROADCAST STEP(told[x - 1] = 1)

/* Sweeps slot s, where the dead x was seen. */
inline sweep() {
  lock_recovery();
  if
  :: (locked) ->
     if
#ifdef NO_SECOND_LOOK
     :: STEP((1) -> skip);
#else
     :: STEP((slots[s] != x) -> skip)
     /* No stamp was given yet. */
     :: STEP((slots[s] == x && (x & HALF)) -> slots[s] = FREE)
     :: STEP((slots[s] == x && !(x & HALF)) -> skip);
#endif
#ifdef RAISE_FIRST
        RAISE;
#endif
        STEP(stamp = STAMP_OF(s, incarnation[s]));
#ifdef RETURN_UNSEEN
        STEP(same = (claim == stamp));
        STEP(if :: (same) -> claim = 0 :: else fi);
        same = 0;
#else
        STEP(if :: (claim == stamp) -> claim = 0 :: else fi);
#endif
        stamp = 0;
#ifndef BROADCAST_LATE
        BROADCAST;
#endif
#if !defined(RAISE_FIRST) && !defined(RAISE_LATE) && !defined(NO_RAISE)
        RAISE;
#endif
#ifdef FREE_EXACT
        STEP(if :: (slots[s] == x) -> slots[s] = FREE :: else fi);
#else
        STEP(
          CLAIM(living_swept, slots[s] == FREE || !alive[PROCESS(slots[s])]);
          CLAIM(claim_returned, claim == 0 || SLOT_OF(claim) != s);
          slots[s] = FREE
        );
#endif
#ifdef RAISE_LATE
        RAISE;
#endif
#ifdef BROADCAST_LATE
        BROADCAST;
#endif
     fi;
#ifdef NO_RECOVERY_LOCK
     locked = 0
#else
     STEP(recovery = 0; sweeper = 0; locked = 0)
#endif
  :: else
  fi;
  s = 0; x = 0
}

#ifdef KEEP_HALF
#define TO_BE_SWEPT(claim) (claim != FREE && !(claim & HALF))
#else
#define TO_BE_SWEPT(claim) (claim != FREE)
#endif
#define SEE_DEAD(slot) \
  (slot < SLOTS && TO_BE_SWEPT(slots[slot]) && !alive[PROCESS(slots[slot])]) -> \
  s = slot; x = slots[slot]

proctype Party(byte me) {
  byte mine, slot_of_mine, acts, stamp, s, id, n, x;
  bit registered, same, lives, begun_dead, locked;
  enter_table();
  do
  :: (acts < ACTS) -> use_claim(); acts++
  :: (acts < ACTS) ->
     if
     :: STEP(SEE_DEAD(1)); sweep()
     :: STEP(SEE_DEAD(2)); sweep()
     :: STEP(SEE_DEAD(3)); sweep()
     :: STEP((1) -> skip)
     fi;
     acts++
  :: (acts == ACTS) -> break
  od;
  STEP(CLAIM(slot_kept, UNTOUCHED); alive[me] = 0; owed[me] = 1; finished[me] = 1);
  registered = 0;
dead:
  FORGET
}

inline wait_for_sweeper() {
  STEP((recovery == 0 || !LIVES(recovery)) -> skip)
}

proctype Survivor(byte me) {
  byte mine, slot_of_mine, acts, stamp, s, id, n, x;
  bit registered, same, lives, begun_dead, locked;
  mine = STAMP_OF(0, 0);
end:
  do
  :: STEP(SEE_DEAD(1)); wait_for_sweeper(); sweep()
  :: STEP(SEE_DEAD(2)); wait_for_sweeper(); sweep()
  :: STEP(SEE_DEAD(3)); wait_for_sweeper(); sweep()
  od;
dead:
  FORGET
}

init {
  byte k, ticks;
  atomic {
    begin_with_deaths();
    slots[0] = 1;
    holder[STAMP_OF(0, 0)] = 1;
    for (k : 1 .. P - 1) {
      run Party(k)
    }
    run Survivor(0)
  }
  come_to_rest();
  atomic {
    for (k : 1 .. P - 1) {
      CLAIM(every_death_told, !owed[k] || told[k]);
      CLAIM(nothing_left, finished[k] || !alive[k])
    }
    for (k : 1 .. SLOTS - 1) {
      CLAIM(nothing_left, slots[k] == FREE)
    }
    CLAIM(nothing_left, recovery == 0 && claim == 0)
  }
}
