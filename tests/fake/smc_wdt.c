/* SPDX-License-Identifier: Apache-2.0 */
#include "dev/watchdog/smc_wdt.h"
#include "fake_cpu.h"
#include "fake_smc_wdt.h"

struct fake_smc_wdt fake_smc_wdt;

void smc_wdt_arm(uint32_t seconds)
{
	fake_smc_wdt.running = true;
	fake_smc_wdt.seconds = seconds;
	fake_smc_wdt.armed++;
	fake_smc_wdt.armed_at = fake_counter;
}

void smc_wdt_stop(void)
{
	fake_smc_wdt.running = false;
}

bool smc_wdt_stops_asleep(void)
{
	return fake_smc_wdt.stops_asleep;
}
