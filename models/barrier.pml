/* The barrier of P parties: one word {generation, broken, arrival bits}, a map of those attached, a
   map of those who wait. The one whose arrival fills the bits runs the action and then commits the
   next generation. A deadline breaks the barrier (TIMEOUTS), and so does the death of whoever is
   attached. */

#ifndef P
#define P 3
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#define NONE 0
#define PASSED 1
#define BROKEN 2
#define SWEEPERS_DIE 1
#define FORGET \
  picked = 0; taken = 0; round = 0; mine = 0; patient = 0; expired = 0; last = 0; result = NONE
#include "common.pml"

hidden byte all_arrived, action_once, all_agree, nobody_hangs, nothing_left;

/* One word: every STEP that changes it stands for a CAS loop. */
byte generation;
bit broken;
byte arrived;

byte attached;
byte waiters;
byte came[ROUNDS + 1];     /* ghosts, for each generation */
bit acted[ROUNDS + 1];
byte outcome[ROUNDS + 1];
bit joined[P];             /* ghost: has ever been attached */

#define EVERYBODY ((1 << P) - 1)
#ifdef COUNT_ATTACHED_ONLY
#define COMPLETE ((arrived | ~attached) & EVERYBODY) == EVERYBODY
#else
#define COMPLETE (arrived == EVERYBODY)
#endif
#define TELL(how) \
  CLAIM(all_agree, outcome[mine] == NONE || outcome[mine] == how); \
  outcome[mine] = how; result = how

inline attach() {
#ifdef NO_ATTACH
  joined[me] = 1
#else
  STEP(attached = attached | BIT(me); joined[me] = 1)
#endif
}

inline arrive() {
  STEP(
    mine = generation;
    if
    :: (broken) -> TELL(BROKEN)
    :: else ->
       arrived = arrived | BIT(me); came[mine] = came[mine] + 1; last = COMPLETE
    fi
  );
#ifdef LAST_BY_LOOK
  STEP(last = (result == NONE && COMPLETE));
#endif
  skip
}

inline run_action_and_release() {
  STEP(CLAIM(action_once, !acted[mine]); acted[mine] = 1);
  STEP(
    if
    :: (generation == mine && !broken) -> generation++; arrived = 0
    :: else
    fi
  );
  last = 0;
  wake_all(waiters)
}

/* The generation comes first: once it has moved on, a break belongs to a later one. */
#ifdef BROKEN_FIRST
#define HAS_PASSED (!broken && generation != mine)
#define HAS_BROKEN (broken)
#else
#define HAS_PASSED (generation != mine)
#define HAS_BROKEN (generation == mine && broken)
#endif
#define UNDECIDED (generation == mine && !broken)

inline wait_for_outcome() {
  do
  :: STEP(HAS_PASSED -> CLAIM(all_arrived, came[mine] == P); TELL(PASSED)); break
  :: STEP(HAS_BROKEN -> TELL(BROKEN)); break
  :: STEP(UNDECIDED -> skip);
     STEP(waiters = waiters | BIT(me));
#ifdef NO_SECOND_LOOK
     park();
#else
     if
     :: STEP((!UNDECIDED) -> skip)
     :: STEP(UNDECIDED -> skip); park()
     fi;
#endif
     STEP(waiters = waiters & ~BIT(me));
     if
     :: (expired) ->
        expired = 0; patient = 1;
        STEP(if :: UNDECIDED -> broken = 1 :: else fi);
#ifndef NO_WAKE_ON_BREAK
        wake_all(waiters)
#endif
     :: else
     fi
  od
}

proctype Party(byte me) {
  byte picked, taken, round, mine, result;
  bit patient, expired, last;
  attach();
  do
  :: (round < ROUNDS && result != BROKEN) ->
     result = NONE;
     CHOOSE_PATIENCE;
     arrive();
     if
     :: (last) -> run_action_and_release()
     :: else
     fi;
     if
     :: (result == NONE) -> wait_for_outcome()
     :: else
     fi;
     round++
  :: else -> break
  od;
  STEP(attached = attached & ~BIT(me));
  finished[me] = 1;
dead:
  FORGET
}

proctype Reaper() {
  byte d, k;
  bit was;
begin:
end:
  choose_dead(d);
#ifndef NO_SWEEP
  SWEEP_STEP(waiters = waiters & ~BIT(d));
#endif
#ifdef DETACH_FIRST
  SWEEP_STEP(was = (attached & BIT(d)) != 0; attached = attached & ~BIT(d));
  SWEEP_STEP(if :: (was) -> broken = 1 :: else fi);
#else
  SWEEP_STEP(if :: (attached & BIT(d)) -> broken = 1 :: else fi);
  SWEEP_STEP(attached = attached & ~BIT(d));
#endif
  broadcast();
  swept[d] = 1;
  goto begin
}

init {
  byte k, ticks;
  bit absent;
  atomic {
    begin_with_deaths();
    for (k : 0 .. P - 1) {
      run Party(k)
    }
    run Reaper()
  }
  come_to_rest();
  atomic {
    /* Who died before it was attached cannot break anything: the others rightly wait. */
    for (k : 0 .. P - 1) {
      absent = absent || (!alive[k] && !joined[k])
    }
    for (k : 0 .. P - 1) {
      CLAIM(nobody_hangs, finished[k] || !alive[k] || absent)
    }
    CLAIM(nothing_left, (waiters == 0 && attached == 0) || absent)
  }
}
