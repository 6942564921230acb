/* Places: ends of pipes that move in messages of other pipes, and handles that are put into the
   process of the receiver. Who sends posts his parcel before he looks where the end is; who moves an
   end marks it before he looks for parcels. Parties 0 and 1 each have the end of that number, and
   send it to the other end; party 2, if there is one, sends memory to end 0. Who cannot send his
   end receives. parcels.pml is about what parcels hold.

   Of two that cross, one steps back for the other, by the order of the pipes: here, party 1. If both
   did, they could do so again and again. */

#ifndef P
#define P 3
#endif
#define FORGET where = 0; from = 0
#include "common.pml"

hidden byte not_astray, nobody_hangs;

#define NONE 255
#define LEAVING 254
#define IN_MESSAGE 253
#define OTHER (1 - me)

byte place[2];            /* the process that has the end, or LEAVING */
byte posted[2];           /* parcels for the end that handles go with */
byte at[2];               /* the truth: the process, or IN_MESSAGE: that of party 0 holds end 0 */
byte sent_to[MAX_P];      /* for which end the message of this party waits, or NONE */
byte put_into[MAX_P];     /* the process that has its handles */

/* Its process is dead; or it is in a message for an end that is lost so. Then the stream says so. */
#define DEAD_WITH(end) (at[end] != IN_MESSAGE && !alive[at[end]])
#define LOST(end) (DEAD_WITH(end) || (at[end] == IN_MESSAGE && DEAD_WITH(1 - (end))))

#define HAS_NEWS(end, sender) (at[end] == me && sent_to[sender] == (end))

/* Takes one message, and what is in it. */
#define RECEIVE(end, sender) \
  STEP(HAS_NEWS(end, sender) -> CLAIM(not_astray, put_into[sender] == me); \
       sent_to[sender] = NONE; from = sender; at[sender % 2] = (sender < 2 -> me : at[sender % 2])); \
  STEP(posted[end]--); \
  if \
  :: (from < 2) -> STEP(place[from] = me) \
  :: else \
  fi; \
  from = 0

inline receive() {
  finished[me] = 1;
  do
  :: RECEIVE(0, 1)
  :: RECEIVE(0, 2)
  :: RECEIVE(1, 0)
  od
}

#ifdef LOOK_FIRST
#define POST_AND_LOOK(end) STEP(where = place[end]); STEP(posted[end]++)
#else
#define POST_AND_LOOK(end) STEP(posted[end]++); STEP(where = place[end])
#endif

/* An end is on its way with the message that is committed. */
#define SEND(end) \
  STEP(sent_to[me] = (LOST(end) -> NONE : end); put_into[me] = where; \
       at[me % 2] = (me < 2 && !LOST(end) -> IN_MESSAGE : at[me % 2]))

proctype Mover(byte me) {
  byte where, from;
again:
#ifdef MARK_LATE
  if
  :: STEP((posted[me] != 0) -> goto stays)
  :: STEP((posted[me] == 0) -> skip)
  fi;
  STEP(place[me] = LEAVING);
#else
  STEP(place[me] = LEAVING);
  if
  :: STEP((posted[me] != 0) -> goto stays)
  :: STEP((posted[me] == 0) -> skip)
  fi;
#endif
  POST_AND_LOOK(OTHER);
  if
  :: (where == LEAVING) ->
     STEP(posted[OTHER]--);
#ifndef LEAVE_WAITING
     STEP(place[me] = (me == 1 -> me : LEAVING));
#endif
     if
     :: STEP((place[OTHER] != LEAVING) -> goto again)
     :: STEP(LOST(OTHER) -> goto stays)
#ifndef WAIT_REGARDLESS
     :: STEP((posted[me] != 0) -> goto stays)
#endif
     fi
  :: else ->
     SEND(OTHER);
     if
     :: (at[me] != me) -> finished[me] = 1; goto dead
     :: else -> STEP(posted[OTHER]--)
     fi
  fi;
stays:
  STEP(place[me] = me);
  receive();
dead:
  FORGET
}

proctype Sender(byte me) {
  byte where, from;
again:
  POST_AND_LOOK(0);
  if
  :: (where == LEAVING) ->
     STEP(posted[0]--);
     if
     :: STEP((place[0] != LEAVING) -> goto again)
     :: STEP(LOST(0) -> skip)
     fi
  :: else -> SEND(0)
  fi;
  finished[me] = 1;
dead:
  FORGET
}

init {
  byte k, ticks;
  atomic {
    begin_with_deaths();
    for (k : 0 .. MAX_P - 1) {
      sent_to[k] = NONE
    }
    for (k : 0 .. 1) {
      at[k] = k;
      place[k] = k;
      run Mover(k)
    }
    for (k : 2 .. P - 1) {
      run Sender(k)
    }
  }
  come_to_rest();
  atomic {
    for (k : 0 .. P - 1) {
      CLAIM(nobody_hangs, finished[k] || !alive[k])
    }
  }
}
