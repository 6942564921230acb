/* Parcels: shared objects in messages of a queue. Who puts makes a parcel, which he holds, posts it
   (the queue holds it too) before the commit of the message, and lets it go. Who gets holds it
   before the commit that it is taken, takes it from the queue after that, holds what is in it, and
   lets it go. What changes hands is noted under the lock of that side, with the ticket, so that who
   takes the lock from a dead owner can finish it. What is under the lock of the arena is one step.
   queue.pml is about the messages. */

#ifndef PUTTERS
#define PUTTERS 2
#endif
#ifndef GETTERS
#define GETTERS 2
#endif
#define P (PUTTERS + GETTERS)
#define SLOTS PUTTERS
#define NONE 255
#define FORGET t = 0; parcel = 0
#include "common.pml"

hidden byte not_lost, not_leaked;

#define FREE 0
#define COMMITTED 1
#define DELIVERED 2

byte W, R;                                /* the locks */
byte sequence[SLOTS];
byte content[SLOTS];                      /* parcels have the number of who makes them */
byte posted = NONE, posted_ticket;        /* the notes */
byte taken = NONE, taken_ticket;

byte held[PUTTERS];                       /* bits of processes */
bit carried[PUTTERS];
bit lives[PUTTERS];

#define FREE_IF_UNHELD(what) lives[what] = lives[what] && (held[what] != 0 || carried[what])
#define LET_GO(what) held[what] = held[what] & ~BIT(me); FREE_IF_UNHELD(what)
/* If the parcel is gone, its name is that of no other. */
#define TAKE_AWAY(what) carried[what] = 0; FREE_IF_UNHELD(what)

#ifdef NO_TICKET
#define IS_NOT_PUT 1
#define IS_TAKEN 1
#else
#define IS_NOT_PUT (sequence[posted_ticket] == FREE)
#define IS_TAKEN (sequence[taken_ticket] == DELIVERED)
#endif

inline repair_put() {
#ifndef NO_POSTED_NOTE
  if
  :: STEP((posted != NONE && IS_NOT_PUT) -> TAKE_AWAY(posted))
  :: STEP((posted == NONE || !IS_NOT_PUT) -> skip)
  fi
#else
  skip
#endif
}
inline repair_get() {
#ifndef NO_TAKEN_NOTE
  if
  :: STEP((taken != NONE && IS_TAKEN) -> TAKE_AWAY(taken))
  :: STEP((taken == NONE || !IS_TAKEN) -> skip)
  fi
#else
  skip
#endif
}

proctype Putter(byte me) {
  byte t, parcel;
  STEP(held[me] = BIT(me); lives[me] = 1);
  if
  :: STEP((W == 0) -> W = STAMP)
  :: STEP((W != 0 && !alive[W - 1]) -> W = STAMP); repair_put()
  fi;
  do
  :: STEP((t < SLOTS && sequence[t] != FREE) -> t++)
  :: STEP((t == SLOTS || sequence[t] == FREE) -> break)
  od;
  STEP(posted = NONE);
  STEP(posted_ticket = t);
  STEP(posted = me);
#ifndef POST_LATE
  STEP(carried[me] = 1);
#endif
  STEP(content[t] = me);
  STEP(sequence[t] = COMMITTED);
#ifdef POST_LATE
  STEP(carried[me] = 1);
#endif
  STEP(W = 0);
  STEP(LET_GO(me));
dead:
  FORGET
}

proctype Getter(byte me) {
  byte t, parcel;
  if
  :: STEP((R == 0) -> R = STAMP)
  :: STEP((R != 0 && !alive[R - 1]) -> R = STAMP); repair_get()
  fi;
  do
  :: STEP((t < SLOTS && sequence[t] == DELIVERED) -> t++)
  :: STEP((t == SLOTS || sequence[t] != DELIVERED) -> break)
  od;
  if
  :: (t < SLOTS && sequence[t] == COMMITTED) ->
     STEP(parcel = content[t]);
#ifndef HOLD_LATE
     STEP(CLAIM(not_lost, lives[parcel]); held[parcel] = held[parcel] | BIT(me));
#endif
     STEP(taken = NONE);
     STEP(taken_ticket = t);
     STEP(taken = parcel);
#ifdef TAKE_EARLY
     STEP(carried[parcel] = 0);
#endif
     STEP(sequence[t] = DELIVERED);
#ifndef TAKE_EARLY
     STEP(carried[parcel] = 0);
#endif
#ifdef HOLD_LATE
     STEP(CLAIM(not_lost, lives[parcel]); held[parcel] = held[parcel] | BIT(me));
#endif
     STEP(R = 0);
     STEP(CLAIM(not_lost, lives[parcel]));
     STEP(LET_GO(parcel))
  :: else -> STEP(R = 0)
  fi;
dead:
  FORGET
}

proctype Sweeper(byte me) {
  byte k;
  (!alive[me]);
  atomic {
    for (k : 0 .. PUTTERS - 1) {
      LET_GO(k)
    }
    swept[me] = 1
  }
}

init {
  byte k, ticks;
  atomic {
    begin_with_deaths();
    for (k : 0 .. PUTTERS - 1) {
      run Putter(k)
    }
    for (k : PUTTERS .. P - 1) {
      run Getter(k)
    }
    for (k : 0 .. P - 1) {
      run Sweeper(k)
    }
  }
  come_to_rest();
  atomic {
    /* The next ones to come by. */
    if
    :: (W != 0 && posted != NONE && IS_NOT_PUT) -> TAKE_AWAY(posted)
    :: else
    fi;
    if
    :: (R != 0 && taken != NONE && IS_TAKEN) -> TAKE_AWAY(taken)
    :: else
    fi;
    for (k : 0 .. SLOTS - 1) {
      if
      :: (sequence[k] == COMMITTED) ->
         CLAIM(not_lost, lives[content[k]]);
         lives[content[k]] = 0
      :: else
      fi
    }
    for (k : 0 .. PUTTERS - 1) {
      CLAIM(not_leaked, !lives[k])
    }
  }
}
