// The faults of the calls that one profile only has.
#ifndef ISOPROC_POSIX_TESTS_OS_FAULTS_H_
#define ISOPROC_POSIX_TESTS_OS_FAULTS_H_

namespace isoproc::port::posix {

// To be asked by each stand-in: whether the call fails, with errno set.
bool InjectFault(const char* call, bool interruptible);

void InstallOsFaults();
void RemoveOsFaults();

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_TESTS_OS_FAULTS_H_
