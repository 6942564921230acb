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

// The same in all processes of one program; differs between types but for a chance of 2^-64.
template <class T>
uint64_t TypeTag() {
  static const uint64_t tag = Fnv1a(typeid(T).name());
  return tag;
}

}  // namespace isoproc::internal

#endif  // ISOPROC_INTERNAL_TYPE_TAG_H_
