/* The queue: a ring of N slots, each with a sequence word; one owner-stamped lock for producers
   (W, tail) and one for consumers (R, head). For ticket t, slot t % N says t: free, t + 1:
   committed, t + N: delivered. The stores of t + 1 and t + N are the commits; who dies after one
   leaves a stale tail or head, and the next rolls it forward. The locks are those of lock.pml in
   short: a steal is one step. */

#ifndef PRODUCERS
#define PRODUCERS 2
#endif
#ifndef CONSUMERS
#define CONSUMERS 1
#endif
#ifndef MESSAGES
#define MESSAGES 1
#endif
#ifndef N
#define N 2
#endif
#define P (PRODUCERS + CONSUMERS)
#define FORGET t = 0; i = 0; room = 0; picked = 0; message = 0; patient = 0; expired = 0; chosen = 0
#include "common.pml"

hidden byte not_invented, not_doubled, in_order, not_lost, consumers_served, producers_served,
    nothing_left;

byte sequence[N];
byte content[N];
byte tail, head;
byte W, R;
byte waiting_W, waiting_R, waiting_items, waiting_space;

bit committed[PRODUCERS * MESSAGES + 1];  /* ghosts */
bit delivered[PRODUCERS * MESSAGES + 1];

#define MESSAGE(number) (me * MESSAGES + number + 1)
#define FIRST(message) ((message - 1) % MESSAGES == 0)
#define HELD_BY_LIVING(lock) (lock != 0 && alive[lock - 1])

/* Nobody leaves a lock for a deadline: it is held for a few instructions. Two who contend for it on
   a full ring can rouse each other by tokens left over, as long as the schedule lets them meet
   each time: so to contend counts as progress when runs that never end are looked for. */
inline acquire(lock, waiters) {
  do
  :: STEP((!HELD_BY_LIVING(lock)) -> lock = STAMP; break)
  :: STEP(HELD_BY_LIVING(lock) -> waiters = waiters | BIT(me));
progress_contended:
     if
     :: STEP((!HELD_BY_LIVING(lock)) -> skip)
     :: STEP(HELD_BY_LIVING(lock) -> skip); STEP((token[me]) -> token[me] = 0)
     fi;
     STEP(waiters = waiters & ~BIT(me))
  od
}

/* Waits on a map until `hint` holds or somebody wakes us. */
inline wait_until(hint, waiters) {
  STEP(waiters = waiters | BIT(me));
  if
#ifndef NO_SECOND_LOOK
  :: STEP((hint) -> skip)
  :: STEP((!(hint)) -> skip); park()
#else
  :: park()
#endif
  fi;
  disarm(waiters);
  if
  :: (expired && chosen) -> wake_one(waiters)
  :: else
  fi;
  chosen = 0
}

/* s > t and not only s == t + 1: a consumer may already have moved the slot on. What was rolled
   over is stored, or the hint of the waiters would be wrong for as long as the ring is full. */
#ifdef ROLL_ONE
#define TAIL_IS_STALE (sequence[t % N] == t + 1)
#else
#define TAIL_IS_STALE (sequence[t % N] > t)
#endif

inline find_room() {
  STEP(t = tail);
  do
  :: STEP(TAIL_IS_STALE -> t++)
  :: STEP((!TAIL_IS_STALE) -> room = (sequence[t % N] == t); break)
  od
}

#ifdef TAKE_NEWEST
#define FIRST_TICKET (sequence[(head + 1) % N] == head + 2 -> head + 1 : head)
#else
#define FIRST_TICKET head
#endif

inline find_message() {
  STEP(t = FIRST_TICKET);
  do
  :: STEP((sequence[t % N] > t + 1) -> t++)
  :: STEP((sequence[t % N] <= t + 1) -> room = (sequence[t % N] == t + 1); break)
  od
}

proctype Producer(byte me) {
  byte t, i, picked, message;
  bit room, patient, expired, chosen;
  do
  :: (i < MESSAGES && !expired) ->
     CHOOSE_PATIENCE;
     acquire(W, waiting_W);
     find_room();
     if
     :: (room) ->
#ifdef COMMIT_FIRST
        STEP(sequence[t % N] = t + 1; committed[MESSAGE(i)] = 1);
        STEP(content[t % N] = MESSAGE(i));
#else
        STEP(content[t % N] = MESSAGE(i));
        STEP(sequence[t % N] = t + 1; committed[MESSAGE(i)] = 1);
#endif
        STEP(tail = t + 1); t = 0; room = 0;
        STEP(W = 0); wake_one(waiting_W);
        wake_one(waiting_items);
        i++
     :: else ->
#ifndef KEEP_STALE
        STEP(tail = t);
#endif
        t = 0;
        STEP(W = 0); wake_one(waiting_W);
        wait_until(sequence[tail % N] >= tail, waiting_space)
     fi
  :: else -> break
  od;
  finished[me] = 1;
dead:
  FORGET
}

proctype Consumer(byte me) {
  byte t, i, picked, message;
  bit room, patient, expired, chosen;
  do
  :: (!expired) ->
     CHOOSE_PATIENCE;
     acquire(R, waiting_R);
     find_message();
     if
     :: (room) ->
        STEP(message = content[t % N]);
#ifdef HEAD_FIRST
        STEP(head = t + 1);
#endif
        STEP(
          CLAIM(not_invented, committed[message]);
          CLAIM(not_doubled, !delivered[message]);
          CLAIM(in_order, FIRST(message) || delivered[message - 1]);
          delivered[message] = 1; message = 0;
          sequence[t % N] = t + N
        );
#ifndef HEAD_FIRST
        STEP(head = t + 1);
#endif
        t = 0; room = 0;
        STEP(R = 0); wake_one(waiting_R);
#ifndef LEAVE_PRODUCERS
        wake_one(waiting_space)
#endif
     :: else ->
#ifndef KEEP_STALE
        STEP(head = t);
#endif
        t = 0;
        STEP(R = 0); wake_one(waiting_R);
        wait_until(sequence[head % N] >= head + 1, waiting_items)
     fi
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
#ifndef NO_SWEEP
  SWEEP_STEP(waiting_W = waiting_W & ~BIT(d); waiting_R = waiting_R & ~BIT(d));
  SWEEP_STEP(waiting_items = waiting_items & ~BIT(d));
  SWEEP_STEP(waiting_space = waiting_space & ~BIT(d));
#endif
  broadcast();
  swept[d] = 1;
  goto begin
}
#endif

init {
  byte k, ticks, from, to, rest;
  bit producer, consumer;
  atomic {
    begin_with_deaths();
    for (k : 0 .. N - 1) {
      sequence[k] = k
    }
    for (k : 0 .. PRODUCERS - 1) {
      run Producer(k)
    }
    for (k : PRODUCERS .. P - 1) {
      run Consumer(k)
    }
#ifndef NO_REAPER
    run Reaper()
#endif
  }
  come_to_rest();
  atomic {
    from = head;
    do
    :: (sequence[from % N] > from + 1) -> from++
    :: else -> break
    od;
    to = tail;
    do
    :: (sequence[to % N] > to) -> to++
    :: else -> break
    od;
    for (k : 0 .. PRODUCERS - 1) {
      producer = producer || (alive[k] && !finished[k]);
      CLAIM(nothing_left, swept[k] == 0 || ((waiting_W | waiting_space) & BIT(k)) == 0)
    }
    for (k : PRODUCERS .. P - 1) {
      consumer = consumer || (alive[k] && !finished[k]);
      CLAIM(nothing_left, swept[k] == 0 || ((waiting_R | waiting_items) & BIT(k)) == 0)
    }
    CLAIM(consumers_served, from == to || !consumer);
    CLAIM(producers_served, sequence[to % N] != to || !producer);
    for (k : 1 .. PRODUCERS * MESSAGES) {
      rest = rest + committed[k] - delivered[k]
    }
    CLAIM(not_lost, rest == to - from)
  }
}
