# Cases that start as many processes as there is memory for, with a sanitizer: one at a time. Read
# by ctest when it has found the cases.
set_tests_properties(Lifetime.PROC55ManyAtOnce Pool.POOL05Complaint12ManyWorkers
  PROPERTIES RESOURCE_LOCK crowd)
