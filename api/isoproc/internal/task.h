// Tasks: calls that workers of a pool make again and again. Their functions are registered and
// found as the targets of processes are (target.h).
#ifndef ISOPROC_INTERNAL_TASK_H_
#define ISOPROC_INTERNAL_TASK_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
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
#include "isoproc/internal/must_travel.h"
#include "isoproc/internal/target.h"
#include "isoproc/internal/type_tag.h"

namespace isoproc::internal {

// What a worker calls for each item: arguments to result, both encoded. Exceptions that come out of
// it are the user's.
// Errors: DataLoss: the arguments cannot be decoded; InvalidArgument: the result cannot be encoded.
using TaskFunction = absl::AnyInvocable<absl::StatusOr<std::string>(
    absl::Span<const std::byte> arguments, const Delivery& delivery)>;

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

template <class Key, class Parameters>
struct Task;
template <class Key, class... Ts>
struct Task<Key, Types<Ts...>> {
  using Callable = typename Key::Callable;
  using Result = std::remove_cvref_t<std::invoke_result_t<const Callable&, Ts...>>;
  using Item = Invocation<ItemKey, Ts...>;

  static absl::StatusOr<TaskFunction> Bind(absl::Span<const std::byte> object,
                                           const Delivery& delivery) {
    absl::StatusOr<TaskFunction> function;
    if constexpr (Key::kTravelsAlong) {
      using Object = Invocation<ItemKey, Callable>;
      absl::StatusOr<typename Object::Boxes> boxes = Object::Decode(object, delivery);
      if (!boxes.ok()) return boxes.status();
      // One for all items of this worker, and therefore const.
      function.emplace([callable = std::get<0>(*std::move(boxes)).value()](
                           absl::Span<const std::byte> arguments, const Delivery& more) {
        return Call(callable, arguments, more);
      });
    } else {
      function.emplace([](absl::Span<const std::byte> arguments, const Delivery& more) {
        return Call(Key::Get(), arguments, more);
      });
    }
    return function;
  }

  static inline const TaskTarget target{MangledName(typeid(Task*)), kThisFile, &Bind};

 private:
  static absl::StatusOr<std::string> Call(const Callable& callable,
                                          absl::Span<const std::byte> arguments,
                                          const Delivery& delivery) {
    absl::StatusOr<typename Item::Boxes> boxes = Item::Decode(arguments, delivery);
    if (!boxes.ok()) return boxes.status();
    const auto call = [&callable](auto&&... box) -> decltype(auto) {
      return std::invoke(callable, std::move(box).value()...);
    };
    if constexpr (std::is_void_v<Result>) {
      std::apply(call, *std::move(boxes));
      return std::string();
    } else {
      return Encode<Result>(std::apply(call, *std::move(boxes)));
    }
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

// A task as it is called with arguments of these types. Check is false, after one failed assertion
// that says why, where that cannot be.
template <class Key, class... Args>
struct TaskTraits {
  using Callable = typename Key::Callable;
  using Parameters = typename ArgumentTypes<Callable, Args...>::Type;
  using Task = internal::Task<Key, Parameters>;

  static constexpr bool Check() {
    if constexpr (!IsTaskCallable<Callable>()) {
      static_assert(IsTaskCallable<Callable>(),
                    "isoproc: a task is a function known at compile time, as in Apply<function>, a "
                    "lambda without captures, or a callable object that travels: a plain "
                    "aggregate, or one with a serialize hook");
      return false;
    } else if constexpr (!Fit<Parameters, Args...>::IsGood()) {
      static_cast<void>(&Fit<Parameters, Args...>::Explain);
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

  static absl::StatusOr<Arguments> Encode(const Args&... args) {
    return Task::Item::Encode(args...);
  }
};

// The same for an element of a range: one argument, or with kStar a tuple of all of them.
template <class Key, bool kStar, class Element>
struct ItemTraits {
  using Type = TaskTraits<Key, Element>;
};
template <class Key, class Element>
struct ItemTraits<Key, true, Element> {
  template <size_t... kPlaces>
  static TaskTraits<Key, std::remove_cv_t<std::tuple_element_t<kPlaces, Element>>...> Of(
      std::index_sequence<kPlaces...>);
  using Type = decltype(Of(std::make_index_sequence<std::tuple_size_v<Element>>{}));
};
// Elements that are stand-ins for their values, as those of vector<bool>, are converted first.
template <class Traits, bool kStar, class Element>
absl::StatusOr<Arguments> EncodeItem(const Element& element) {
  if constexpr (kStar) {
    return std::apply([](const auto&... args) { return Traits::Encode(args...); }, element);
  } else {
    return Traits::Encode(element);
  }
}

// Gives the elements of a range one by one, encoded. Others than lvalues it keeps.
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
  return [input = std::make_unique<Input>(
              std::forward<Range>(range))]() -> std::optional<absl::StatusOr<Arguments>> {
    // Not right after the last: to step on may take something from what stands behind the range.
    if (!input->is_first) ++input->next;
    input->is_first = false;
    if (input->next == input->end) return std::nullopt;
    return EncodeItem<Traits, false, Element>(*input->next);
  };
}

}  // namespace isoproc::internal

#endif  // ISOPROC_INTERNAL_TASK_H_
