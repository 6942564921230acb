// All of isoproc.
#ifndef ISOPROC_ISOPROC_H_
#define ISOPROC_ISOPROC_H_

#include "isoproc/array.h"            // IWYU pragma: export
#include "isoproc/async_result.h"     // IWYU pragma: export
#include "isoproc/codec.h"            // IWYU pragma: export
#include "isoproc/exit_status.h"      // IWYU pragma: export
#include "isoproc/main.h"             // IWYU pragma: export
#include "isoproc/pipe.h"             // IWYU pragma: export
#include "isoproc/pool.h"             // IWYU pragma: export
#include "isoproc/pool_options.h"     // IWYU pragma: export
#include "isoproc/process.h"          // IWYU pragma: export
#include "isoproc/process_info.h"     // IWYU pragma: export
#include "isoproc/process_options.h"  // IWYU pragma: export
#include "isoproc/queue.h"            // IWYU pragma: export
#include "isoproc/result_stream.h"    // IWYU pragma: export
#include "isoproc/shareable_list.h"   // IWYU pragma: export
#include "isoproc/shared_memory.h"    // IWYU pragma: export
#include "isoproc/status.h"           // IWYU pragma: export
#include "isoproc/sync.h"             // IWYU pragma: export
#include "isoproc/value.h"            // IWYU pragma: export
#include "isoproc/wait.h"             // IWYU pragma: export

#endif  // ISOPROC_ISOPROC_H_
