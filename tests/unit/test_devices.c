/* SPDX-License-Identifier: Apache-2.0 */
/* The devices of a domain that is made at run time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "abi/domu.h"
#include "dev/gic/gic.h"
#include "fake_cpu.h"
#include "lib/err.h"
#include "mm/stage2.h"
#include "virt/devices.h"
#include "virt/hypercall/xen_domain.h"
#include "virt/vgic/vgic.h"
#include "virt/vgpio.h"
#include "virt/vrtc.h"
#include "virt/vtimer.h"
#include "virt/vuart.h"

static struct gic_config host;
static struct domain d;
static struct vgic_config vgic;
static struct {
	uint64_t ipa, pa;
} maps[4];
static unsigned int nr_maps, timers, made;
static int pause_err, rtc_err;

int stage2_map(struct stage2 *s2, ipa_t ipa, paddr_t pa, uint64_t size, enum stage2_type type)
{
	assert_ptr_equal(s2, &d.s2);
	assert_int_equal(size, PAGE_SIZE);
	assert_int_equal(type, STAGE2_DEVICE);
	maps[nr_maps].ipa = ipa.raw;
	maps[nr_maps++].pa = pa.raw;
	return 0;
}

int vgic_create(struct domain *who, const struct vgic_config *c)
{
	vgic = *c;
	return 0;
}

int vtimer_create(struct domain *who)
{
	timers++;
	return 0;
}

int xen_domain_init(struct domain *who)
{
	return 0;
}

/* Nobody of the domain runs, and only one adds. */
static int make(ipa_t base, uint64_t want, uint32_t vintid, uint32_t want_vintid)
{
	assert_int_equal(d.pause_count, 1);
	assert_int_equal(fake_locks_held, 1);
	assert_int_equal(base.raw, want);
	assert_int_equal(vintid, want_vintid);
	made++;
	return 0;
}

int vuart_create(struct domain *who, ipa_t base, uint32_t vintid)
{
	d.vuart = (struct vuart *)&d;
	return make(base, DOMU_UART, vintid, DOMU_UART_INTID);
}

int vrtc_create(struct domain *who, ipa_t base, uint32_t vintid)
{
	if (rtc_err)
		return rtc_err;
	d.vrtc = (struct vrtc *)&d;
	return make(base, DOMU_RTC, vintid, DOMU_RTC_INTID);
}

int vgpio_create(struct domain *who, ipa_t base, uint32_t vintid)
{
	d.vgpio = (struct vgpio *)&d;
	return make(base, DOMU_GPIO, vintid, DOMU_GPIO_INTID);
}

int domain_pause_sync(struct domain *who)
{
	if (!pause_err)
		d.pause_count++;
	return pause_err;
}

void domain_unpause(struct domain *who)
{
	assert_int_equal(fake_locks_held, 0);
	d.pause_count--;
}

static int setup(void **state)
{
	memset(&d, 0, sizeof(d));
	host = (struct gic_config){
		.version = 3, .gicv = pa_make(0x8040000), .gicv_size = 0x2000
	};
	nr_maps = timers = made = 0;
	pause_err = rtc_err = 0;
	devices_set_gic(&host);
	return 0;
}

static void what_every_domain_has(void **state)
{
	assert_int_equal(devices_create(&d, 0), 0);
	assert_int_equal(vgic.version, 3);
	assert_int_equal(vgic.nr_spis, 32); /* room for the devices below */
	assert_int_equal(vgic.gicd.raw, DOMU_GICD);
	assert_int_equal(vgic.gicr.raw, DOMU_GICR);
	assert_int_equal(d.xen_ppi, DOMU_XEN_PPI);
	assert_int_equal(nr_maps, 0);
	assert_int_equal(timers, 1);
	assert_int_equal(devices_create(&d, 1), 0);
	assert_int_equal(vgic.nr_spis, 64);
	assert_int_equal(devices_create(&d, 960), 0);
	assert_int_equal(vgic.nr_spis, 960);
}

/* IHI 0048: the CPU interface is 8 KiB; where frames are 64 KiB apart its second page is, too. */
static void gicv2_interface(void **state)
{
	host.version = 2;
	assert_int_equal(devices_gic_version(), 2);
	assert_int_equal(devices_create(&d, 0), 0);
	assert_int_equal(nr_maps, 2);
	assert_int_equal(maps[0].ipa, DOMU_GICC);
	assert_int_equal(maps[0].pa, 0x8040000);
	assert_int_equal(maps[1].ipa, DOMU_GICC + 0x1000);
	assert_int_equal(maps[1].pa, 0x8041000);
	host.gicv_size = 128 * KIB;
	assert_int_equal(devices_create(&d, 0), 0);
	assert_int_equal(maps[3].pa, 0x8050000);
}

static void adding(void **state)
{
	assert_int_equal(devices_of(&d), 0);
	assert_int_equal(devices_add(&d, DM_DEVICE_UART | DM_DEVICE_KEYS), 0);
	assert_int_equal(made, 2);
	assert_int_equal(devices_of(&d), DM_DEVICE_UART | DM_DEVICE_KEYS);
	assert_int_equal(devices_add(&d, DM_DEVICE_RTC | DM_DEVICE_UART), -EEXIST);
	assert_int_equal(made, 2);
	assert_int_equal(devices_add(&d, DM_DEVICE_RTC), 0);
	assert_int_equal(d.pause_count, 0);
}

static void refusals(void **state)
{
	assert_int_equal(devices_add(&d, 8), -EINVAL);
	d.state = DOMAIN_RUNNING;
	assert_int_equal(devices_add(&d, DM_DEVICE_UART), -EBUSY);
	d.state = DOMAIN_BUILDING;
	pause_err = -ETIMEDOUT;
	assert_int_equal(devices_add(&d, DM_DEVICE_UART), -ETIMEDOUT);
	pause_err = 0;
	assert_int_equal(made, 0);
	rtc_err = -ENOMEM;
	assert_int_equal(devices_add(&d, DM_DEVICE_UART | DM_DEVICE_RTC | DM_DEVICE_KEYS), -ENOMEM);
	assert_int_equal(devices_of(&d), DM_DEVICE_UART);
	assert_int_equal(d.pause_count, 0);
	assert_int_equal(fake_locks_held, 0);
}

#define T(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_every_domain_has), T(gicv2_interface), T(adding), T(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
