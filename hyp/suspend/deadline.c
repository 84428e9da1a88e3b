/* SPDX-License-Identifier: Apache-2.0 */
#include "suspend/deadline.h"

#include "dev/watchdog/smc_wdt.h"
#include "suspend/engine.h"

static uint32_t grace;

void deadline_set_grace(uint32_t seconds)
{
	grace = seconds;
}

void deadline_begin(const struct suspend_step *s, uint32_t more_ms)
{
	if (!grace)
		return;
	/* In the row that sleeps it goes on as far as the power-off, if the firmware then stops it by itself. */
	if (s->flags & STEP_COMMIT && !smc_wdt_stops_asleep())
		smc_wdt_stop();
	else
		smc_wdt_arm(grace + (uint32_t)DIV_ROUND_UP((uint64_t)s->limit_ms + more_ms, 1000));
}

void deadline_end(void)
{
	smc_wdt_stop();
}
