/* A slot of a list: a head and two buffers of cells, no lock. Who writes takes the next attempt from
   the head, which makes all earlier ones vain, fills the buffer that is not valid, and turns the
   head. A cell has the number of the attempt that it is from, and takes only a later one. A load
   and the CAS that follows it are one step, as the CAS fails if anything came between. */

#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef READERS
#define READERS 1
#endif
#ifndef TRIES
#define TRIES 2
#endif
#define P (WRITERS + READERS)
#define CELLS 2
#define ATTEMPTS (WRITERS * TRIES)
#define FORGET i = 0; mine = 0; buffer = 0; tries = 0; vain = 0
#include "common.pml"

hidden byte whole, committed_only, not_stale, looks_again, last_commits, nobody_hangs;

byte head_attempt;
bit head_buffer;
bit head_writing;
byte attempt[2 * CELLS];
byte content[2 * CELLS];

bit committed[ATTEMPTS + 1];  /* ghosts */
byte published;
byte last_writer;             /* whose attempt is the last one, plus one */
bit last_done;

#define TARGET ((1 - buffer) * CELLS + i)
#ifdef STORE_UNSEEN
#define MAY_STORE 1
#else
#define MAY_STORE (attempt[TARGET] < mine)
#endif
#ifdef TURN_UNSEEN
#define MAY_TURN 1
#else
#define MAY_TURN (head_attempt == mine && head_writing)
#endif

proctype Writer(byte me) {
  byte i, mine, tries;
  bit buffer, vain;
  do
  :: (tries < TRIES) ->
     tries++;
#ifdef WAIT_FOR_WRITER
     STEP((!head_writing) -> skip);
#endif
#ifdef KEEP_ATTEMPT
     STEP(mine = head_attempt + 1; buffer = head_buffer; last_writer = STAMP; last_done = 0);
#else
     STEP(
       head_attempt++;
       head_writing = 1;
       mine = head_attempt;
       buffer = head_buffer;
       last_writer = STAMP;
       last_done = 0
     );
#endif
     do
     :: (i < CELLS && !vain) ->
        STEP(
          if
          :: MAY_STORE -> attempt[TARGET] = mine; content[TARGET] = mine * P + me
          :: else -> vain = 1
          fi
        );
        i++
     :: else -> break
     od;
     if
     :: (!vain) ->
        STEP(
          if
#ifdef KEEP_ATTEMPT
          :: (head_attempt == mine - 1) -> head_attempt = mine;
#else
          :: MAY_TURN ->
#endif
#ifndef FORGET_TURN
             head_buffer = 1 - buffer;
#endif
             head_writing = 0;
             committed[mine] = 1;
             published = mine;
             last_done = last_done || last_writer == STAMP;
             tries = TRIES
          :: else
          fi
        )
     :: else
     fi;
     i = 0; mine = 0; buffer = 0; vain = 0
  :: else -> break
  od;
  finished[me] = 1;
dead:
  FORGET
}

#ifdef READ_UNCHECKED
#define SAME 1
#else
#define SAME (second == first)
#endif
#ifdef ACCEPT_LATER
#define IN_TIME 1
#else
#define IN_TIME (first <= mine)
#endif

proctype Reader(byte me) {
  byte i, mine, tries, least, first, second, content_of_first, content_of_second;
  bit buffer, vain;
  do
  :: STEP(mine = head_attempt; buffer = head_buffer; least = published);
     STEP(first = attempt[buffer * CELLS]; content_of_first = content[buffer * CELLS]);
     STEP(second = attempt[buffer * CELLS + 1]; content_of_second = content[buffer * CELLS + 1]);
     if
     :: (IN_TIME && SAME) ->
        CLAIM(whole, content_of_first == content_of_second);
        CLAIM(committed_only, first == 0 || committed[first]);
        CLAIM(not_stale, first >= least);
        break
     :: else ->
        STEP(CLAIM(looks_again, head_attempt != mine))
     fi
  od;
  finished[me] = 1;
dead:
  FORGET;
  least = 0; first = 0; second = 0; content_of_first = 0; content_of_second = 0
}

init {
  byte k, ticks;
  atomic {
    begin_with_deaths();
    for (k : 0 .. WRITERS - 1) {
      run Writer(k)
    }
    for (k : WRITERS .. P - 1) {
      run Reader(k)
    }
  }
  come_to_rest();
  atomic {
    for (k : 0 .. P - 1) {
      CLAIM(nobody_hangs, finished[k] || !alive[k])
    }
    CLAIM(last_commits, last_writer == 0 || last_done || !alive[last_writer - 1])
  }
}
