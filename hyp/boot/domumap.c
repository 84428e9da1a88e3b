/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/domumap.h"

static const struct {
	struct range at;
	uint32_t vintid; /* 0: none */
	const char *what;
} places[] = {
	{ { 0x03000000, 16 * MIB }, 0, "virtual GIC" },
	{ { DOMU_UART, 64 * KIB }, DOMU_UART_INTID, "virtual UART" },
	{ { DOMU_RTC, 64 * KIB }, DOMU_RTC_INTID, "virtual RTC" },
	{ { DOMU_GPIO, 64 * KIB }, DOMU_GPIO_INTID, "virtual keys" },
	{ { DOMU_GRANTS, DOMU_GRANTS_SIZE }, 0, "grant table" },
};

_Static_assert(DOMU_GICR + 64 * DOMU_GICR_SIZE <= 0x04000000, "redistributors of 64 vCPUs");

const char *domumap_taken(uint64_t base, uint64_t size)
{
	const struct range r = { base, size };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (range_overlap(&places[i].at, &r))
			return places[i].what;
	return NULL;
}

int domumap_remove(struct ranges *rs)
{
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(places) && err == 0; i++)
		err = ranges_remove(rs, places[i].at.base, places[i].at.size);
	return err;
}

const char *domumap_interrupt(uint32_t vintid)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (places[i].vintid == vintid)
			return places[i].what;
	return NULL;
}
