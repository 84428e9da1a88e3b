/* SPDX-License-Identifier: Apache-2.0 */
#include "suspend/wake.h"

#include "core/alarm.h"
#include "core/console.h"
#include "core/domain_power.h"
#include "core/irq.h"
#include "dev/gic/gic.h"
#include "lib/bitmap.h"
#include "lib/string.h"
#include "suspend/suspend.h"

static uint64_t mask[IRQ_WAKE_WORDS];
static struct wake_reason reason = { .intid = DM_JOURNAL_NO_WAKE };
static suspend_vpending_fn *vpending;

void suspend_set_vpending(suspend_vpending_fn *fn)
{
	vpending = fn;
}

/* The console's speaks for whoever has the input. */
static bool switched_off(uint32_t intid)
{
	const struct domain *focused;
	struct irq_info info;

	irq_lookup(intid, &info);
	if (!info.hyp || strcmp(info.name, "console") != 0)
		return false;
	focused = console_focused();
	return focused && !domain_source_on(focused, WAKE_CONSOLE);
}

const uint64_t *wake_collect(void)
{
	unsigned int intid;

	irq_wake_mask(mask);
	bitmap_for_each(intid, mask, gic_limits.nr_spis_end)
		if (switched_off(intid))
			bitmap_clear(mask, intid);
	return mask;
}

void wake_forget(void)
{
	reason = (struct wake_reason) { .intid = DM_JOURNAL_NO_WAKE };
}

const struct wake_reason *wake_last(void)
{
	return &reason;
}

static void note(uint32_t intid, const char *device, const char *owner)
{
	reason.intid = intid;
	str_copy(reason.device, device, sizeof(reason.device));
	str_copy(reason.owner, owner, sizeof(reason.owner));
}

/* Dormouse's own devices that speak for somebody else: by the name they gave irq_request(). */
static const struct {
	const char *device;
	struct domain *(*owner)(void); /* NULL: nobody; then it is Dormouse's */
} shared[] = {
	{ .device = "rtc", .owner = alarm_next_owner },
	{ .device = "console", .owner = console_focused },
};

static const char *owner_of(const struct irq_info *info)
{
	const struct domain *owner = info->owner;

	for (size_t i = 0; info->hyp && i < ARRAY_SIZE(shared); i++)
		if (!strcmp(info->name, shared[i].device))
			owner = shared[i].owner();
	if (owner)
		return owner->name;
	return info->hyp ? "dormouse" : "nobody";
}

static void note_physical(uint32_t intid)
{
	struct irq_info info;

	irq_lookup(intid, &info);
	note(intid, info.name[0] ? info.name : "unknown", owner_of(&info));
}

/* Another CPU took the interrupt before it went down: its device is known by the physical one. */
void wake_note_virtual(const struct domain *owner, uint32_t vintid)
{
	struct irq_info info;

	if (vintid & DOMAIN_WAKE_EVENT) {
		note(vintid & ~DOMAIN_WAKE_EVENT, "event", owner->name);
		return;
	}

	for (uint32_t intid = GIC_FIRST_SPI; intid < gic_limits.nr_spis_end; intid++) {
		irq_lookup(intid, &info);
		if (info.owner == owner && info.vintid == vintid) {
			note(intid, info.name, owner->name);
			return;
		}
	}
	info.name = domain_irq_name(owner, vintid);
	note(vintid, info.name[0] ? info.name : "virtual", owner->name);
}

bool wake_look(void)
{
	struct domain *owner = NULL;
	uint32_t vintid = 0;
	uint32_t intid;

	/* First what the RTC itself says: the GIC may have forgotten a line across the reset. */
	intid = alarm_raised() ? alarm_intid() : gic->pending_wake(mask);
	if (intid != GIC_SPURIOUS) {
		note_physical(intid);
		return true;
	}
	if (vpending && vpending(&owner, &vintid) && owner) {
		wake_note_virtual(owner, vintid);
		return true;
	}
	return false;
}
