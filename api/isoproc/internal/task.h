// Tasks: calls that workers of a pool make again and again. Their functions are registered and
// found as the targets of processes are (target.h).
#ifndef ISOPROC_INTERNAL_TASK_H_
#define ISOPROC_INTERNAL_TASK_H_

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "isoproc/codec.h"
#include "isoproc/internal/archive.h"
#include "isoproc/internal/batch.h"
#include "isoproc/internal/item.h"
#include "isoproc/internal/must_travel.h"
#include "isoproc/internal/target.h"
#include "isoproc/internal/type_tag.h"

namespace isoproc::internal {

// What a worker calls for each item: arguments to result, both encoded. `result` is any string,
// whose memory is used again. Exceptions that come out of it are the user's.
// Errors: DataLoss: the arguments cannot be decoded; InvalidArgument: the result cannot be encoded.
using TaskFunction = absl::AnyInvocable<absl::Status(
    absl::Span<const std::byte> arguments, const Delivery& delivery, std::string& result)>;

// What makes it of a callable object that has travelled; of nothing, for others.
using TaskBinder = absl::StatusOr<TaskFunction> (*)(absl::Span<const std::byte> object,
                                                    const Delivery& delivery);

class TaskTarget : public Target {
 public:
  TaskTarget(const char* name, uint64_t file, TaskBinder binder);
  TaskBinder bind_task() const { return bind_task_; }

 private:
  TaskBinder bind_task_;
};

// What the items of a call have in common. Each worker gets it once, with the first item.
struct TaskCode {
  const TaskTarget* target = nullptr;
  Arguments object;  // the callable, if it has state
};

// The types of one item's arguments are told apart by this key from those of a process.
struct ItemKey {
  static constexpr bool kTravelsAlong = false;
};

// Errors: InvalidArgument: an end of a pipe is in it, which goes to no task.
absl::Status CheckLuggage(const Luggage& luggage);

// The arguments of an item. Plain ones are their bytes, as they are in memory, one after the other:
// a task is found by a name that has their types in it, so that no item needs to name them. Others
// are as those of Process::Start.
template <class... Ts>
struct ItemOfTask {
  static constexpr bool kIsPlain = (IsPlain<Ts>() && ...);
  using Call = Invocation<ItemKey, Ts...>;

  // Errors: as Invocation::Encode and CheckLuggage. Nothing is added.
  template <class... Args>
  static absl::Status AddTo(BatchWriter& batches, const Args&... args) {
    if constexpr (kIsPlain) {
      const absl::Status fits = Call::CheckFit(args...);
      if (!fits.ok()) return fits;
      (AppendPlain<Ts>(batches.bytes(), args), ...);
      batches.EndItem();
    } else {
      absl::StatusOr<Arguments> item = Call::Encode(args...);
      if (!item.ok()) return item.status();
      const absl::Status travels = CheckLuggage(item->luggage);
      if (!travels.ok()) return travels;
      batches.Add(*std::move(item));
    }
    return absl::OkStatus();
  }

  // Calls `function` with the arguments.
  // Errors: DataLoss, without a call.
  template <class Function>
  static absl::Status Apply(absl::Span<const std::byte> bytes, const Delivery& delivery,
                            Function function) {
    if constexpr (kIsPlain) {
      if (bytes.size() != (sizeof(Ts) + ... + 0)) {
        return absl::DataLossError("arguments of another size");
      }
      [[maybe_unused]] const std::byte* from = bytes.data();
      // In braces: one after the other.
      std::tuple<Ts...> values{TakePlain<Ts>(from)...};
      return std::apply(function, std::move(values));
    } else {
      absl::StatusOr<typename Call::Boxes> boxes = Call::Decode(bytes, delivery);
      if (!boxes.ok()) return boxes.status();
      return std::apply([&function](auto&&... box) { return function(std::move(box).value()...); },
                        *std::move(boxes));
    }
  }

 private:
  template <class T, class Arg>
  static void AppendPlain(std::string& bytes, const Arg& arg) {
    const T value = static_cast<T>(arg);
    bytes.append(reinterpret_cast<const char*>(std::addressof(value)), sizeof(T));
  }
  template <class T>
  static T TakePlain(const std::byte*& from) {
    std::array<std::byte, sizeof(T)> copy;
    std::memcpy(copy.data(), from, sizeof(T));
    from += sizeof(T);
    return std::bit_cast<T>(copy);
  }
};

// The same for results.
template <class T>
absl::Status EncodeResult(const T& value, std::string& into) {
  if constexpr (IsPlain<T>()) {
    into.assign(reinterpret_cast<const char*>(std::addressof(value)), sizeof(T));
  } else {
    absl::StatusOr<std::string> bytes = Encode<T>(value);
    if (!bytes.ok()) return bytes.status();
    into = *std::move(bytes);
  }
  return absl::OkStatus();
}
template <class T>
absl::StatusOr<T> DecodeResult(absl::Span<const std::byte> bytes) {
  if constexpr (IsPlain<T>()) {
    return ItemOf<T>(bytes);
  } else {
    return Decode<T>(bytes);
  }
}

template <class Key, class Parameters>
struct Task;
template <class Key, class... Ts>
struct Task<Key, Types<Ts...>> {
  using Callable = typename Key::Callable;
  using Result = std::remove_cvref_t<std::invoke_result_t<const Callable&, Ts...>>;
  using Item = ItemOfTask<Ts...>;

  static absl::StatusOr<TaskFunction> Bind(absl::Span<const std::byte> object,
                                           const Delivery& delivery) {
    absl::StatusOr<TaskFunction> function;
    if constexpr (Key::kTravelsAlong) {
      using Object = Invocation<ItemKey, Callable>;
      absl::StatusOr<typename Object::Boxes> boxes = Object::Decode(object, delivery);
      if (!boxes.ok()) return boxes.status();
      // One for all items of this worker, and therefore const.
      function.emplace(
          [callable = std::get<0>(*std::move(boxes)).value()](
              absl::Span<const std::byte> arguments, const Delivery& more, std::string& result) {
            return Call(callable, arguments, more, result);
          });
    } else {
      function.emplace(
          [](absl::Span<const std::byte> arguments, const Delivery& more, std::string& result) {
            return Call(Key::Get(), arguments, more, result);
          });
    }
    return function;
  }

  static inline const TaskTarget target{MangledName(typeid(Task*)), kThisFile, &Bind};

 private:
  static absl::Status Call(const Callable& callable, absl::Span<const std::byte> arguments,
                           const Delivery& delivery, std::string& result) {
    return Item::Apply(arguments, delivery, [&callable, &result](auto&&... values) {
      if constexpr (std::is_void_v<Result>) {
        std::invoke(callable, std::forward<decltype(values)>(values)...);
        result.clear();
        return absl::OkStatus();
      } else {
        return EncodeResult<Result>(
            std::invoke(callable, std::forward<decltype(values)>(values)...), result);
      }
    });
  }
};

template <class Callable>
consteval bool IsTaskCallable() {
  if constexpr (!std::is_class_v<Callable>) {
    return std::is_pointer_v<Callable>;
  } else if constexpr (std::is_empty_v<Callable>) {
    return std::is_default_constructible_v<Callable>;
  } else {
    return kTravels<Callable> &&
           (kWayOf<Callable> == Way::kCereal ||
            (std::is_aggregate_v<Callable> && !std::is_polymorphic_v<Callable>));
  }
}

// Whether a callable that is not const can be called with the parameters, and one that is cannot.
template <class Callable, class Parameters>
inline constexpr bool kNeedsToChange = false;
template <class Callable, class... Ts>
inline constexpr bool kNeedsToChange<Callable, Types<Ts...>> =
    std::is_invocable_v<Callable&, Ts...> && !std::is_invocable_v<const Callable&, Ts...>;

// Of a callable that was given as an argument of the call; a function is given by its address.
template <class Callable>
using KeyOf = ObjectKey<std::decay_t<Callable>>;

// Whether it is such a function.
template <class Key>
inline constexpr bool kIsFunctionAtRunTime = false;
template <class T>
inline constexpr bool kIsFunctionAtRunTime<ObjectKey<T>> = !std::is_class_v<T>;

// A task as it is called with arguments of these types. Check is false, after one failed assertion
// that says why, where that cannot be.
template <class Key, class... Args>
struct TaskTraits {
  using Callable = typename Key::Callable;
  using Parameters = typename ArgumentTypes<Callable, Args...>::Type;
  using Task = internal::Task<Key, Parameters>;

  static constexpr bool Check() {
    if constexpr (kIsFunctionAtRunTime<Key>) {
      static_assert(
          !kIsFunctionAtRunTime<Key>,
          "isoproc: the function of a task is known at compile time: write "
          "Map<function>(range) and Apply<function>(arguments), not Map(function, range)");
      return false;
    } else if constexpr (!IsTaskCallable<Callable>()) {
      static_assert(IsTaskCallable<Callable>(),
                    "isoproc: a task is a function known at compile time, as in Apply<function>, a "
                    "lambda without captures, or a callable object that travels: a plain "
                    "aggregate, or one with a serialize hook");
      return false;
    } else if constexpr (!Fit<Parameters, Args...>::IsGood()) {
      static_cast<void>(&Fit<Parameters, Args...>::Explain);
      return false;
    } else if constexpr (kNeedsToChange<Callable, Parameters>) {
      static_assert(!kNeedsToChange<Callable, Parameters>,
                    "isoproc: all tasks of a worker share its callable: make its operator() const");
      return false;
    } else {
      return CheckResult<typename Task::Result>();
    }
  }
  template <class Result>
  static constexpr bool CheckResult() {
    if constexpr (std::is_void_v<Result>) {
      return true;
    } else if constexpr (!kTravels<Result>) {
      static_cast<void>(&MustTravel<Result>);
      return false;
    } else {
      static_assert(kTravelsAsBytes<Result>,
                    "isoproc: handles of shared objects travel as arguments of a task, not as its "
                    "result");
      return kTravelsAsBytes<Result>;
    }
  }

  static absl::Status AddTo(BatchWriter& batches, const Args&... args) {
    return Task::Item::AddTo(batches, args...);
  }
};

template <class T>
inline constexpr bool kIsTuple = requires {
  std::tuple_size<T>::value;
};
template <class Element>
struct NoTuple {
  static constexpr bool Check() {
    static_assert(kIsTuple<Element>,
                  "isoproc: StarMap takes tuples, pairs or arrays, each with the arguments of a "
                  "call; for items that are one argument each there is Map");
    return false;
  }
};

// The same for an element of a range: one argument, or with kStar a tuple of all of them.
template <class Key, bool kStar, class Element>
struct ItemTraits {
  using Type = TaskTraits<Key, Element>;
};
template <class Key, class Element>
struct ItemTraits<Key, true, Element> {
  using Type = NoTuple<Element>;
};
template <class Key, class Element>
  requires kIsTuple<Element>
struct ItemTraits<Key, true, Element> {
  template <size_t... kPlaces>
  static TaskTraits<Key, std::remove_cv_t<std::tuple_element_t<kPlaces, Element>>...> Of(
      std::index_sequence<kPlaces...>);
  using Type = decltype(Of(std::make_index_sequence<std::tuple_size_v<Element>>{}));
};
// Elements that are stand-ins for their values, as those of vector<bool>, are converted first.
template <class Traits, bool kStar, class Element>
absl::Status AddItem(BatchWriter& batches, const Element& element) {
  if constexpr (kStar) {
    return std::apply([&batches](const auto&... args) { return Traits::AddTo(batches, args...); },
                      element);
  } else {
    return Traits::AddTo(batches, element);
  }
}

// Adds the elements of a range one by one; nullopt at the end. Others than lvalues it keeps.
template <class Traits, class Element, class Range>
auto PullFrom(Range&& range) {
  using Kept = std::conditional_t<std::is_lvalue_reference_v<Range>, Range, std::decay_t<Range>>;
  struct Input {
    explicit Input(Range&& given)
        : range(std::forward<Range>(given)),
          next(std::ranges::begin(range)),
          end(std::ranges::end(range)) {}
    Kept range;
    std::ranges::iterator_t<std::remove_reference_t<Range>> next;
    std::ranges::sentinel_t<std::remove_reference_t<Range>> end;
    bool is_first = true;
  };
  return [input = std::make_unique<Input>(std::forward<Range>(range))](
             BatchWriter& batches) -> std::optional<absl::Status> {
    // Not right after the last: to step on may take something from what stands behind the range.
    if (!input->is_first) ++input->next;
    input->is_first = false;
    if (input->next == input->end) return std::nullopt;
    return AddItem<Traits, false, Element>(batches, *input->next);
  };
}

}  // namespace isoproc::internal

#endif  // ISOPROC_INTERNAL_TASK_H_
