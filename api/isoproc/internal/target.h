// Targets: how parent and child name the same function, and how its arguments travel.
//
// A target registers itself before main, through a static object that Process::Start<F>
// instantiates. Its name is the mangled name of a type made of the function, which the compiler
// keeps apart for each overload, template argument, lambda and enclosing scope. Only entities that
// are private to their source file can share a name; these are told apart by the source file and,
// should that be the same, by the order of registration.
#ifndef ISOPROC_INTERNAL_TARGET_H_
#define ISOPROC_INTERNAL_TARGET_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "isoproc/codec.h"
#include "isoproc/internal/fits.h"
#include "isoproc/internal/must_travel.h"
#include "isoproc/internal/travel.h"
#include "isoproc/internal/type_tag.h"

namespace isoproc::internal {

// A call with its arguments, ready to be made once. Gives the exit code.
using Call = absl::AnyInvocable<int() &&>;

// What makes a Call of what Invocation::Encode gave.
using Binder = absl::StatusOr<Call> (*)(absl::Span<const std::byte> arguments,
                                        const Delivery& delivery);

// Encoded arguments, and what they refer to.
struct Arguments {
  std::string bytes;
  Luggage luggage;
};

// A row of the registry of targets, which lives for ever.
struct TargetRow;

// One target. Objects have static storage duration: that of the program, or of a shared library
// which may be unloaded.
class Target {
 public:
  // Registers itself.
  Target(const char* name, uint64_t file, Binder binder);
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  // Its library is unloaded, or the program ends: nobody finds it any more.
  ~Target();

  Binder bind() const { return bind_; }
  TargetRow& row() const { return *row_; }

 private:
  Binder bind_;
  TargetRow* row_;
};

// The source file that is being compiled, as a number; 0 where the compiler does not say, which
// then has such names for private entities that it is not needed.
#ifdef __BASE_FILE__
inline namespace this_file {
namespace {  // NOLINT(google-build-namespaces): one in each file is the point
constexpr uint64_t kThisFile = Fnv1a(__BASE_FILE__);  // NOLINT(misc-definitions-in-headers)
}  // namespace
}  // namespace this_file
#else
inline constexpr uint64_t kThisFile = 0;
#endif

// How a call is made: a function named by a template argument, or an object that travels.
template <auto kFunction>
struct FunctionKey {
  using Callable = decltype(kFunction);
  static constexpr bool kTravelsAlong = false;
  static constexpr Callable Get() { return kFunction; }
};
template <class T>
struct ObjectKey {
  using Callable = T;
  static constexpr bool kTravelsAlong = !std::is_empty_v<T>;
  static T Get() requires(!kTravelsAlong) { return T{}; }
};

// The parameters of a callable, if it has just one signature.
template <class T>
struct Signature;
template <class R, class... Ps>
struct Signature<R (*)(Ps...)> {
  using Parameters = Types<Ps...>;
};
template <class R, class... Ps>
struct Signature<R (*)(Ps...) noexcept> : Signature<R (*)(Ps...)> {};
template <class C, class R, class... Ps>
struct Signature<R (C::*)(Ps...)> : Signature<R (*)(Ps...)> {};
template <class C, class R, class... Ps>
struct Signature<R (C::*)(Ps...) const> : Signature<R (*)(Ps...)> {};
template <class C, class R, class... Ps>
struct Signature<R (C::*)(Ps...) noexcept> : Signature<R (*)(Ps...)> {};
template <class C, class R, class... Ps>
struct Signature<R (C::*)(Ps...) const noexcept> : Signature<R (*)(Ps...)> {};
template <class T>
  requires requires { &T::operator(); }
struct Signature<T> : Signature<decltype(&T::operator())> {};

template <class P>
inline constexpr bool kTakesCopies =
    !std::is_lvalue_reference_v<P> || std::is_const_v<std::remove_reference_t<P>>;

template <class Parameters>
struct Stored;
template <class... Ps>
struct Stored<Types<Ps...>> {
  static_assert((kTakesCopies<Ps> && ...),
                "isoproc: a target runs in another process, so it cannot take a parameter by "
                "reference to non-const; what should come back travels as exit code or message");
  using Type = Types<std::remove_cvref_t<Ps>...>;
};

// The types in which the arguments travel: those of the parameters, or, where the callable is
// generic or overloaded, those of the arguments.
template <class Callable, class... Args>
struct ArgumentTypes {
  using Type = Types<std::decay_t<Args>...>;
};
template <class Callable, class... Args>
  requires requires { typename Signature<Callable>::Parameters; }
struct ArgumentTypes<Callable, Args...> {
  using Type = typename Stored<typename Signature<Callable>::Parameters>::Type;
};

// Arguments on their way: encoded by the parent, decoded and applied by the child. `Ts` are what
// travels: the callable itself first, if it does.
template <class Key, class... Ts>
struct Invocation {
  template <class... Args>
  static absl::Status CheckFit(const Args&... args) {
    absl::Status status;
    [[maybe_unused]] int position = Key::kTravelsAlong ? 0 : 1;  // the callable is no argument
    ((status.ok() ? static_cast<void>(status = CheckFits<Ts>(args, position++))
                  : static_cast<void>(0)),
     ...);
    return status;
  }

  template <class... Args>
  static absl::StatusOr<Arguments> Encode(const Args&... args) {
    absl::Status status = CheckFit(args...);
    if (!status.ok()) return status;
    Arguments arguments;
    WriteArchive archive(&arguments.luggage);
    status = GuardEncode([&] {
      archive.Write(TypeTag<Types<Ts...>>());
      (Write<Ts>(archive, args), ...);
    });
    if (!status.ok()) return status;
    arguments.bytes = std::move(archive).bytes();
    return arguments;
  }

  // Decoded arguments.
  using Boxes = std::tuple<Box<Ts>...>;
  static absl::StatusOr<Boxes> Decode(absl::Span<const std::byte> bytes, const Delivery& delivery) {
    std::optional<Boxes> boxes;
    ReadArchive archive(bytes, &delivery);
    const absl::Status status = GuardDecode([&] {
      boxes.emplace();  // runs the users' constructors
      archive.ReadTag(TypeTag<Types<Ts...>>());
      std::apply([&archive](auto&... box) { (box.ReadFrom(archive), ...); }, *boxes);
      archive.ExpectEnd();
    });
    if (!status.ok()) return status;
    return *std::move(boxes);
  }

  static absl::StatusOr<Call> Bind(absl::Span<const std::byte> bytes, const Delivery& delivery) {
    absl::StatusOr<Boxes> decoded = Decode(bytes, delivery);
    if (!decoded.ok()) return decoded.status();
    // Made in place: a Call that is moved looks uninitialised to gcc 12.
    absl::StatusOr<Call> call;
    call.emplace([boxes = *std::move(decoded)]() mutable {
      return std::apply(
          [](auto&&... box) {
            if constexpr (Key::kTravelsAlong) {
              return Run(std::move(box).value()...);
            } else {
              return Run(Key::Get(), std::move(box).value()...);
            }
          },
          std::move(boxes));
    });
    return call;
  }

 private:
  template <class T, class Arg>
  static void Write(WriteArchive& archive, const Arg& arg) {
    if constexpr (std::is_same_v<T, Arg>) {
      archive(arg);
    } else {
      archive(static_cast<const T&>(T(arg)));
    }
  }

  template <class Callable, class... Args>
  static int Run(Callable&& callable, Args&&... args) {
    using Result = std::invoke_result_t<Callable, Args...>;
    if constexpr (std::is_void_v<Result>) {
      std::invoke(std::forward<Callable>(callable), std::forward<Args>(args)...);
      return 0;
    } else if constexpr (!std::is_same_v<Result, int> && !std::is_same_v<Result, bool>) {
      static_assert(std::is_void_v<Result>,
                    "isoproc: a target returns void, or int or bool as exit code");
      return 0;
    } else {
      return static_cast<int>(
          std::invoke(std::forward<Callable>(callable), std::forward<Args>(args)...));
    }
  }
};

// The one Target of a key and the types that travel with it.
template <class Key, class... Ts>
struct Registered {
  static inline const Target target{MangledName(typeid(Registered*)), kThisFile,
                                    &Invocation<Key, Ts...>::Bind};
};

template <class Arg, class T>
inline constexpr bool kConverts = std::is_same_v<Arg, T> || std::is_convertible_v<const Arg&, T>;

using Prepared = absl::StatusOr<std::pair<const Target*, Arguments>>;

// What follows a failed assertion, so that there is one for each mistake.
inline absl::Status NotReached() { return absl::InternalError("not reached"); }

// Whether arguments can be given to parameters; if not, one failed assertion that says why.
template <class Parameters, class... Args>
struct Fit;
template <class... Ts, class... Args>
struct Fit<Types<Ts...>, Args...> {
  static consteval bool IsGood() {
    if constexpr (sizeof...(Ts) != sizeof...(Args)) {
      return false;
    } else {
      return (kTravels<Ts> && ...) && (kConverts<Args, Ts> && ...);
    }
  }
  static absl::Status Explain() {
    if constexpr (sizeof...(Ts) != sizeof...(Args)) {
      static_assert(sizeof...(Ts) == sizeof...(Args),
                    "isoproc: the number of arguments is not that of the target's parameters "
                    "(defaults do not count; ProcessOptions come first)");
    } else if constexpr (!(kTravels<Ts> && ...)) {
      (MustTravel<Ts>(), ...);
    } else {
      static_assert((kConverts<Args, Ts> && ...),
                    "isoproc: an argument does not convert to the target's parameter");
    }
    return NotReached();
  }
};

template <class Key, class... Ts, class... Args>
Prepared Prepare(Types<Ts...>, const Args&... args) {
  if constexpr (Fit<Types<Ts...>, Args...>::IsGood()) {
    absl::StatusOr<Arguments> arguments = Invocation<Key, Ts...>::Encode(args...);
    if (!arguments.ok()) return arguments.status();
    return std::pair(&Registered<Key, Ts...>::target, *std::move(arguments));
  } else {
    return Fit<Types<Ts...>, Args...>::Explain();
  }
}

// The target F and its encoded arguments.
template <auto kFunction, class... Args>
Prepared PrepareFunction(const Args&... args) {
  static_assert(!std::is_member_pointer_v<decltype(kFunction)>,
                "isoproc: a member function needs an object: pass a lambda, or a callable struct");
  using Callable = decltype(kFunction);
  return Prepare<FunctionKey<kFunction>>(typename ArgumentTypes<Callable, Args...>::Type{},
                                         args...);
}

template <class T, class... Ts>
constexpr Types<T, Ts...> Prepend(Types<Ts...>);

// The target `callable` and its encoded arguments, the callable among them if it has state.
template <class T, class... Args>
Prepared PrepareObject(const T& callable, const Args&... args) {
  using Parameters = typename ArgumentTypes<T, Args...>::Type;
  if constexpr (!std::is_class_v<T>) {
    static_assert(std::is_class_v<T>,
                  "isoproc: a target is known at compile time: write "
                  "Process::Start<function>(...)");
    return NotReached();
  } else if constexpr (std::is_empty_v<T>) {
    static_assert(std::is_default_constructible_v<T>,
                  "isoproc: a callable without state needs a default constructor");
    return Prepare<ObjectKey<T>>(Parameters{}, args...);
  } else if constexpr (kWayOf<T> != Way::kCereal && std::is_polymorphic_v<T>) {
    static_assert(!std::is_polymorphic_v<T>,
                  "isoproc: a callable with virtual functions travels if it has a serialize hook");
    return NotReached();
  } else if constexpr (kWayOf<T> != Way::kCereal && !std::is_aggregate_v<T>) {
    static_assert(std::is_aggregate_v<T>,
                  "isoproc: a callable with state travels if it is a plain aggregate or has a "
                  "serialize hook; a lambda with captures does not: pass what it captures as "
                  "arguments");
    return NotReached();
  } else {
    return Prepare<ObjectKey<T>>(decltype(Prepend<T>(Parameters{})){}, callable, args...);
  }
}

}  // namespace isoproc::internal

#endif  // ISOPROC_INTERNAL_TARGET_H_
