// What Port::WaitAny can wait for.
#ifndef ISOPROC_PLATFORM_PORT_WAITABLE_H_
#define ISOPROC_PLATFORM_PORT_WAITABLE_H_

namespace isoproc::port {

// Something of the port that becomes ready: a stream, a death notice. Ports cast it to their own
// base class; an object may only be given to the port that made it.
class Waitable {
 public:
  Waitable() = default;
  Waitable(const Waitable&) = delete;
  Waitable& operator=(const Waitable&) = delete;
  virtual ~Waitable() = default;
};

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_PORT_WAITABLE_H_
