/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/guest.h"

#include "lib/log.h"
#include "virt/vgpio.h"
#include "virt/vrtc.h"
#include "virt/vtimer.h"
#include "virt/vuart.h"

int guest_create_devices(struct domain *d, const char *who, const struct guest_devices *devices)
{
	const char *what = "GIC";
	int err = vgic_create(d, &devices->gic);

	if (err == 0) {
		what = "timer";
		err = vtimer_create(d);
	}
	if (err == 0 && devices->uart.intid) {
		what = "UART";
		err = vuart_create(d, ipa_make(devices->uart.base), devices->uart.intid);
	}
	if (err == 0 && devices->rtc.intid) {
		what = "RTC";
		err = vrtc_create(d, ipa_make(devices->rtc.base), devices->rtc.intid);
	}
	if (err == 0 && devices->gpio.intid) {
		what = "keys";
		err = vgpio_create(d, ipa_make(devices->gpio.base), devices->gpio.intid);
	}
	if (err)
		log_err("%s: cannot create its virtual %s (error %d)", who, what, err);
	return err;
}
