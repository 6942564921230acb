// A program that is linked twice, as different images. twin_left.cc and twin_right.cc have targets
// of the same names in their anonymous namespaces.
#ifndef ISOPROC_CONFORMANCE_CHILDREN_TWIN_H_
#define ISOPROC_CONFORMANCE_CHILDREN_TWIN_H_

#include <string>
#include <vector>

namespace isoproc::conformance {

// The outcomes of starting each target of a file.
std::vector<std::string> StartLeft();
std::vector<std::string> StartRight();

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_CHILDREN_TWIN_H_
