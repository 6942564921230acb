#include "platform/base/type_name.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <typeinfo>

// Compilers of the Itanium C++ ABI mangle; others spell out, with the kind of type in front.
#if __has_include(<cxxabi.h>)
#include <cxxabi.h>
#endif

namespace isoproc::port {

std::string TypeName(const std::type_info& type) {
#if __has_include(<cxxabi.h>)
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), std::free);
  return name != nullptr ? name.get() : type.name();
#else
  std::string_view name = type.name();
  for (const std::string_view kind : {"class ", "struct ", "enum ", "union "}) {
    if (name.substr(0, kind.size()) == kind) return std::string(name.substr(kind.size()));
  }
  return std::string(name);
#endif
}

}  // namespace isoproc::port
