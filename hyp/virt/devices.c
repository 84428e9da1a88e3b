/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/devices.h"

#include "abi/domu.h"
#include "lib/err.h"
#include "virt/vgic/vgic.h"
#include "virt/vgpio.h"
#include "virt/vrtc.h"
#include "virt/vtimer.h"
#include "virt/vuart.h"

#define OWN_SPIS 32 /* of which DOMU_*_INTID are the first */
#define MAX_SPIS 960

static const struct gic_config *host_gic;
static struct spinlock lock = SPINLOCK_INIT; /* of devices_add(): above all that it takes */

void devices_set_gic(const struct gic_config *gic_config)
{
	host_gic = gic_config;
}

unsigned int devices_gic_version(void)
{
	return host_gic->version;
}

int devices_create(struct domain *d, unsigned int nr_spis)
{
	const struct vgic_config config = {
		.version = host_gic->version,
		.nr_spis = (unsigned int)min_u64(ALIGN_UP(nr_spis + OWN_SPIS, 32), MAX_SPIS),
		.gicd = ipa_make(DOMU_GICD),
		.gicr = ipa_make(DOMU_GICR),
	};
	int err = vgic_map_gicv(d, host_gic);

	d->xen_ppi = DOMU_XEN_PPI;
	if (!err)
		err = vgic_create(d, &config);
	if (!err)
		err = vtimer_create(d);
	return err;
}

static const struct device {
	uint32_t bit;
	uint32_t intid;
	uint64_t base;
	int (*create)(struct domain *d, ipa_t base, uint32_t vintid);
} devices[] = {
	{ DM_DEVICE_UART, DOMU_UART_INTID, DOMU_UART, vuart_create },
	{ DM_DEVICE_RTC, DOMU_RTC_INTID, DOMU_RTC, vrtc_create },
	{ DM_DEVICE_KEYS, DOMU_GPIO_INTID, DOMU_GPIO, vgpio_create },
};
#define ALL_DEVICES (DM_DEVICE_UART | DM_DEVICE_RTC | DM_DEVICE_KEYS)

uint32_t devices_of(const struct domain *d)
{
	return (d->vuart ? DM_DEVICE_UART : 0) | (d->vrtc ? DM_DEVICE_RTC : 0) |
	       (d->vgpio ? DM_DEVICE_KEYS : 0);
}

static int add_locked(struct domain *d, uint32_t add)
{
	int err = 0;

	if (__atomic_load_n(&d->state, __ATOMIC_ACQUIRE) != DOMAIN_BUILDING)
		return -EBUSY;
	if (devices_of(d) & add)
		return -EEXIST;
	for (unsigned int i = 0; i < ARRAY_SIZE(devices) && !err; i++)
		if (add & devices[i].bit)
			err = devices[i].create(d, ipa_make(devices[i].base), devices[i].intid);
	d->console_apart = d->vuart;
	return err;
}

/* Its table of devices is read without a lock by its vCPUs: none of them may run now, whoever
 * starts it meanwhile. */
int devices_add(struct domain *d, uint32_t add)
{
	int err;

	if (add & ~(uint32_t)ALL_DEVICES)
		return -EINVAL;
	err = domain_pause_sync(d);
	if (err)
		return err;
	spin_lock(&lock);
	err = add_locked(d, add);
	spin_unlock(&lock);
	domain_unpause(d);
	return err;
}
