// Types as C++ spells them.
#ifndef ISOPROC_PLATFORM_BASE_TYPE_NAME_H_
#define ISOPROC_PLATFORM_BASE_TYPE_NAME_H_

#include <string>
#include <typeinfo>

namespace isoproc::port {

// "std::runtime_error" for typeid(std::runtime_error), with every compiler.
std::string TypeName(const std::type_info& type);

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_BASE_TYPE_NAME_H_
