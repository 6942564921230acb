/* What the models share. A model defines P (how many parties) and FORGET, then includes this.

   A party stands for one thread of one process. Each access to shared memory is one STEP, and
   before each STEP, also while it sleeps, the party may be killed. Memory is sequentially
   consistent. The number of deaths is chosen at the start and not spent at leisure: with deaths
   left over, the death of a sleeper would wake all others and hide that they had slept for ever. */

#ifndef DEATHS
#define DEATHS 1
#endif
#define MAX_P 4
#ifndef CAN_DIE
#define CAN_DIE (deaths > 0)
#endif

byte deaths;          /* still to come */
bit alive[MAX_P];     /* what the liveness oracle says */
bit token[MAX_P];     /* the parker's; Park takes it, Unpark gives it */
bit swept[MAX_P];
bit finished[MAX_P];  /* ghost: has done all that it wanted */

#define STAMP (me + 1)
#define BIT(party) (1 << (party))

/* An assertion with a name, a hidden byte that is never set: what pan prints when it fails ends in
   this name. */
#define CLAIM(name, condition) assert((condition) || name)

#define STEP(what) \
  atomic { \
    if \
    :: what \
    :: CAN_DIE -> deaths--; alive[me] = 0; FORGET; goto dead \
    fi \
  }

/* Takes one bit out of the map and wakes whom it names. Which one is left open, so any order of
   search is covered. Needs the local `picked`. */
#define WAKE_IF(map, party) \
  STEP((map & BIT(party)) -> map = map & ~BIT(party); picked = party); STEP(token[picked] = 1)

inline wake_one(map) {
  do
  :: STEP((map == 0) -> break)
  :: WAKE_IF(map, 0); picked = 0; break
  :: WAKE_IF(map, 1); picked = 0; break
  :: WAKE_IF(map, 2); picked = 0; break
  :: WAKE_IF(map, 3); picked = 0; break
  od
}

/* Takes the whole map at once: who arms later has seen the change, or waits for another one. Taking
   bits until there are none may go on for ever. Needs the local `taken`. */
#define WAKE_TAKEN(party) \
  (taken & BIT(party)) -> STEP(token[party] = 1; taken = taken & ~BIT(party))

inline wake_all(map) {
#ifdef WAKE_UNTIL_EMPTY
  do
  :: STEP((map == 0) -> break)
  :: WAKE_IF(map, 0); picked = 0
  :: WAKE_IF(map, 1); picked = 0
  :: WAKE_IF(map, 2); picked = 0
  :: WAKE_IF(map, 3); picked = 0
  od
#else
  STEP(taken = map; map = 0);
  do
  :: WAKE_TAKEN(0)
  :: WAKE_TAKEN(1)
  :: WAKE_TAKEN(2)
  :: WAKE_TAKEN(3)
  :: (taken == 0) -> break
  od
#endif
}

/* Sleeps until there is a token or, if it has a deadline, until any moment. Needs the locals
   `patient` and `expired`. */
inline park() {
  if
  :: STEP((token[me]) -> token[me] = 0)
  :: STEP((!patient) -> expired = 1)
  fi
}

/* Takes the own bit out of the map; `chosen` is whether a waker had done that before. */
inline disarm(map) {
#ifdef NO_PASS_ON
  STEP(map = map & ~BIT(me))
#else
  STEP(chosen = !(map & BIT(me)); map = map & ~BIT(me))
#endif
}

#ifdef TIMEOUTS
#define CHOOSE_PATIENCE if :: patient = 1 :: patient = 0 fi
#else
#define CHOOSE_PATIENCE patient = 1
#endif

/* The sweep may die at any point: the next one begins anew, before anything else happens for this
   death. That the dying sweeper is itself a death which is broadcast is left out: it would help. */
#define SWEEP_STEP(what) \
  atomic { \
    if \
    :: what \
    :: (deaths > 0 && SWEEPERS_DIE) -> deaths--; k = 0; goto begin \
    fi \
  }
#ifndef SWEEPERS_DIE
#define SWEEPERS_DIE 0
#endif

inline choose_dead(d) {
  atomic {
    if
    :: (!alive[0] && !swept[0]) -> d = 0
    :: (!alive[1] && !swept[1]) -> d = 1
    :: (!alive[2] && !swept[2]) -> d = 2
    :: (!alive[3] && !swept[3]) -> d = 3
    fi
  }
}

/* Unparks everybody who has a parker, in a map or not: a bit may have been taken by one who died
   before he could wake. */
#ifndef HAS_PARKER
#define HAS_PARKER(party) 1
#endif
inline broadcast() {
  k = 0;
#ifndef NO_BROADCAST
  do
  :: (k < P) ->
#ifdef BROADCAST_TO_MAP_ONLY
     SWEEP_STEP(token[k] = token[k] || (waiters & BIT(k)) != 0);
#else
     SWEEP_STEP(token[k] = token[k] || HAS_PARKER(k));
#endif
     k++
  :: else -> break
  od;
#endif
  k = 0
}

/* With RE_CHECK all parked threads look again by themselves now and then: here, when all has come
   to rest. Twice for each death: one look may be used up by a wake, a bit of the dead may use up a
   wake. */
#ifdef RE_CHECK
#define TICKS (2 * DEATHS + 2)
#else
#define TICKS 0
#endif

inline come_to_rest() {
  do
  :: atomic {
       timeout ->
       if
       :: (ticks < TICKS) ->
          ticks++;
          for (k : 0 .. P - 1) {
            token[k] = 1
          }
       :: else -> break
       fi
     }
  od
}

inline begin_with_deaths() {
  if
  :: deaths = 0
  :: (DEATHS > 0) -> deaths = 1
  :: (DEATHS > 1) -> deaths = 2
  :: (DEATHS > 2) -> deaths = 3
  fi;
  for (k : 0 .. MAX_P - 1) {
    alive[k] = 1
  }
}
