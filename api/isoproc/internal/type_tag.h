// A number that stands for a type's name.
#ifndef ISOPROC_INTERNAL_TYPE_TAG_H_
#define ISOPROC_INTERNAL_TYPE_TAG_H_

#include <cstdint>
#include <string_view>
#include <typeinfo>

namespace isoproc::internal {

// FNV-1a, 64 bits. https://datatracker.ietf.org/doc/draft-eastlake-fnv/
constexpr uint64_t Fnv1a(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return hash;
}

// What the compiler calls a type, as finely as it does. (Visual C++ has another name for the type's
// own name(), in which entities that are private to different files look alike.)
template <class Info>
const char* MangledName(const Info& info) {
  if constexpr (requires { info.raw_name(); }) {
    return info.raw_name();
  } else {
    return info.name();
  }
}

// The same in all processes of one program; differs between types but for a chance of 2^-64.
template <class T>
uint64_t TypeTag() {
  static const uint64_t tag = Fnv1a(MangledName(typeid(T)));
  return tag;
}

}  // namespace isoproc::internal

#endif  // ISOPROC_INTERNAL_TYPE_TAG_H_
