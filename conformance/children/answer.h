// A target that several programs have.
#ifndef ISOPROC_CONFORMANCE_CHILDREN_ANSWER_H_
#define ISOPROC_CONFORMANCE_CHILDREN_ANSWER_H_

namespace isoproc::conformance {

inline int Answer(int code) { return code; }

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_CHILDREN_ANSWER_H_
