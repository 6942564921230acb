/* Buffers of messages that are too large for a slot: one stamp each. Their owner goes producer ->
   queue -> consumer, and a taker stamps before he commits. One sweeper for each death frees what
   the dead had stamped, unless a committed slot refers to it, while everybody goes on; it begins
   anew when it dies. Locks are shortened to a blocking step: queue.pml is about those. */

#ifndef PRODUCERS
#define PRODUCERS 1
#endif
#ifndef CONSUMERS
#define CONSUMERS 2
#endif
#ifndef MESSAGES
#define MESSAGES 2
#endif
#ifndef N
#define N 2
#endif
#ifndef BUFFERS
#define BUFFERS 2
#endif
#define P (PRODUCERS + CONSUMERS)
#define SWEEPERS_DIE 1
#define FORGET t = 0; i = 0; b = 0; message = 0
#include "common.pml"

hidden byte not_doubled, not_lost, intact, owned, not_leaked;

#define FREE 0
#define HALF_WRITTEN 0
#define NO_BUFFER 255

byte sequence[N];
byte descriptor[N];
byte tail, head;
byte W, R;
byte stamp[BUFFERS];
byte content[BUFFERS];

byte expected[N];                         /* ghosts */
bit committed[PRODUCERS * MESSAGES + 1];
bit delivered[PRODUCERS * MESSAGES + 1];

#define MESSAGE(number) (me * MESSAGES + number + 1)
#define IS_COMMITTED(slot, word) (word % N == (slot + 1) % N)
#define ACQUIRE(lock) STEP((lock == 0 || !alive[lock - 1]) -> lock = STAMP)

inline allocate() {
  if
  :: STEP((stamp[0] == FREE) -> stamp[0] = STAMP; b = 0)
  :: STEP((stamp[BUFFERS - 1] == FREE) -> stamp[BUFFERS - 1] = STAMP; b = BUFFERS - 1)
  fi
}

proctype Producer(byte me) {
  byte t, i, b, message;
  do
  :: (i < MESSAGES) ->
     allocate();
     STEP(content[b] = HALF_WRITTEN);
     STEP(content[b] = MESSAGE(i));
     do
     :: ACQUIRE(W);
        STEP(t = tail; do :: (sequence[t % N] > t) -> t++ :: else -> break od);
        if
        :: STEP((sequence[t % N] == t) -> descriptor[t % N] = b; expected[t % N] = MESSAGE(i));
           STEP(sequence[t % N] = t + 1; committed[MESSAGE(i)] = 1);
           STEP(tail = t + 1);
           STEP(W = 0);
           break
        :: STEP((sequence[t % N] != t) -> tail = t; t = 0);
           STEP(W = 0);
           STEP((sequence[tail % N] >= tail) -> skip)
        fi
     od;
     i++; t = 0; b = 0
  :: else -> break
  od;
  finished[me] = 1;
dead:
  FORGET
}

#ifdef TWO_COMMITS
#define COMMIT_TAKE skip
#else
#define COMMIT_TAKE sequence[t % N] = t + N
#endif
#define TAKE_OVER STEP(CLAIM(owned, stamp[b] != FREE); stamp[b] = STAMP)

proctype Consumer(byte me) {
  byte t, i, b, message;
  do
  :: ACQUIRE(R);
     STEP(t = head; do :: (sequence[t % N] > t + 1) -> t++ :: else -> break od);
     if
     :: STEP((sequence[t % N] == t + 1) -> b = descriptor[t % N]; message = expected[t % N]);
#ifndef STAMP_LATE
        TAKE_OVER;
#endif
#ifdef HEAD_FIRST
        STEP(head = t + 1);
#endif
        STEP(
          CLAIM(not_doubled, !delivered[message]);
          delivered[message] = 1;
          COMMIT_TAKE
        );
#ifdef TWO_COMMITS
        STEP(sequence[t % N] = t + N);
#endif
#ifdef STAMP_LATE
        TAKE_OVER;
#endif
#ifndef HEAD_FIRST
        STEP(head = t + 1);
#endif
        STEP(R = 0); t = 0;
#ifdef READ_LATE
        STEP(stamp[b] = FREE);
        STEP(CLAIM(intact, content[b] == message));
#else
        STEP(CLAIM(intact, content[b] == message));
        STEP(CLAIM(owned, stamp[b] == STAMP); stamp[b] = FREE);
#endif
        b = 0; message = 0
     :: STEP((sequence[t % N] != t + 1) -> head = t; t = 0);
        STEP(R = 0);
        STEP((sequence[head % N] >= head + 1) -> skip)
     fi
  od;
dead:
  FORGET
}

/* Sequence, descriptor, sequence again: only a committed slot refers to anything, and what has
   moved meanwhile was taken over by somebody else, so that the CAS fails. */
inline find_reference() {
  referred = 0; i = 0;
  do
  :: (i < N) ->
     SWEEP_STEP(word = sequence[i]);
     SWEEP_STEP(same = (descriptor[i] == k));
#ifdef TRUST_DESCRIPTOR
     referred = referred || same;
#else
     SWEEP_STEP(referred = referred || (same && IS_COMMITTED(i, word) && sequence[i] == word));
#endif
     i++
  :: else -> break
  od;
  i = 0; word = 0; same = 0
}

proctype Sweeper(byte d) {
  byte k, i, word;
  bit referred, same, dead_owned;
  (!alive[d]);
begin:
  k = 0;
  do
  :: (k < BUFFERS) ->
     SWEEP_STEP(dead_owned = (stamp[k] == d + 1));
     if
     :: (dead_owned) ->
#ifndef IGNORE_REFERENCES
        find_reference();
#endif
        if
        :: (!referred) ->
#ifdef FREE_UNSEEN
           SWEEP_STEP(stamp[k] = FREE)
#else
           SWEEP_STEP(if :: (stamp[k] == d + 1) -> stamp[k] = FREE :: else fi)
#endif
        :: else
        fi
     :: else
     fi;
     referred = 0;
     k++
  :: else -> break
  od;
  swept[d] = 1
}

init {
  byte k, i, ticks, from, to, rest;
  bit referred;
  atomic {
    begin_with_deaths();
    for (k : 0 .. N - 1) {
      sequence[k] = k;
      descriptor[k] = NO_BUFFER
    }
    for (k : 0 .. PRODUCERS - 1) {
      run Producer(k)
    }
    for (k : PRODUCERS .. P - 1) {
      run Consumer(k)
    }
    for (k : 0 .. P - 1) {
      run Sweeper(k)
    }
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
    for (k : 1 .. PRODUCERS * MESSAGES) {
      rest = rest + committed[k] - delivered[k]
    }
    CLAIM(not_lost, rest == to - from);
    for (k : 0 .. BUFFERS - 1) {
      referred = 0;
      for (i : 0 .. N - 1) {
        if
        :: (IS_COMMITTED(i, sequence[i]) && descriptor[i] == k) ->
           referred = 1;
           CLAIM(intact, content[k] == expected[i])
        :: else
        fi
      }
      CLAIM(not_leaked, stamp[k] == FREE || referred || alive[stamp[k] - 1])
    }
  }
}
