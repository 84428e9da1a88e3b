/* SPDX-License-Identifier: Apache-2.0 */
#include "dev/watchdog/smc_wdt.h"

#include "abi/psci.h"
#include "abi/smc_wdt.h"
#include "dev/psci/smccc.h"
#include "lib/err.h"

static struct {
	struct smc_wdt_config config; /* function 0: there is no watchdog */
	uint32_t min, max;            /* seconds */
	uint32_t timeout;             /* that the firmware knows of; 0: none yet */
	bool running;
} wdt;

static int32_t call(uint32_t what, uint32_t arg, struct smccc_results *r)
{
	struct smccc_results ignored;

	if (!r)
		r = &ignored;
	smccc_smc_results(wdt.config.function, what, arg, r);
	return (int32_t)r->x[0];
}

int smc_wdt_init(const struct smc_wdt_config *c)
{
	struct smccc_results r;

	wdt.config = *c;
	wdt.timeout = 0;
	wdt.running = false;
	if (c->function && call(SMC_WDT_INIT, 0, &r) == PSCI_SUCCESS) {
		wdt.min = (uint32_t)r.x[1];
		wdt.max = (uint32_t)r.x[2];
		if (wdt.max && wdt.min <= wdt.max)
			return 0;
	}
	wdt.config = (struct smc_wdt_config) { 0 };
	return -ENODEV;
}

/* Setting the time doesn't start it anew with every firmware: that is asked for, too. */
void smc_wdt_arm(uint32_t seconds)
{
	if (!wdt.config.function)
		return;
	seconds = (uint32_t)max_u64(min_u64(seconds, wdt.max), wdt.min);
	if (seconds != wdt.timeout && call(SMC_WDT_SET_TIMEOUT, seconds, NULL) == PSCI_SUCCESS)
		wdt.timeout = seconds;
	if (wdt.running)
		(void)call(SMC_WDT_PET, 0, NULL);
	else
		wdt.running = call(SMC_WDT_ENABLE, 1, NULL) == PSCI_SUCCESS;
}

void smc_wdt_stop(void)
{
	if (wdt.running)
		(void)call(SMC_WDT_ENABLE, 0, NULL);
	wdt.running = false;
	wdt.timeout = 0; /* the firmware may lose it in a sleep */
}

bool smc_wdt_stops_asleep(void)
{
	return wdt.config.stops_asleep;
}

void smc_wdt_report(uint64_t mpidr)
{
	struct smccc_results r;

	if (wdt.config.report)
		smccc_smc_results(wdt.config.report, mpidr, 0, &r);
}
