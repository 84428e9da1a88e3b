/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"
#include "traps.h"

GUEST_TESTS({ "calls", bench_calls }, { "registers in memory", bench_mmio }, { "system registers", bench_sysregs },
	    { "an SGI to oneself", bench_sgi_self }, { "an SGI there and back", bench_ping_pong },
	    { "a timer while computing", bench_timer }, { "a timer while waiting", bench_wfi });
