/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/vrtc.h"

#include "arch/spinlock.h"
#include "core/alarm.h"
#include "core/domain_power.h"
#include "lib/err.h"
#include "mm/page.h"
#include "virt/vgic/vgic.h"
#include "virt/vmmio.h"

#define VRTC_SIZE 0x1000

#define RTCDR          0x00 /* the counter, seconds */
#define RTCMR          0x04 /* match */
#define RTCLR          0x08 /* load */
#define RTCCR          0x0c /* bit 0: runs */
#define RTCIMSC        0x10 /* bit 0: interrupt wanted */
#define RTCRIS         0x14 /* bit 0: the match has come */
#define RTCMIS         0x18 /* both */
#define RTCICR         0x1c /* bit 0: forget the match */
#define RTCPERIPHID(n) (0xfe0 + 4 * (n))
#define RTCPCELLID(n)  (0xff0 + 4 * (n))

/*
 * The guest's counter is the machine's plus an offset that its writes to RTCLR move: domains keep
 * their own idea of the date. It runs from the start, as firmware would have left it.
 *
 * The match is an entry of the alarm queue only while the guest wants the interrupt: a masked match
 * mustn't wake a sleeping machine. Whether it has passed meanwhile is found when somebody looks.
 */
struct vrtc {
	struct domain *domain; /* constant */
	uint32_t vintid;       /* constant */
	struct alarm alarm;

	struct spinlock lock;
	uint32_t offset; /* lock, as all below: guest's seconds minus the machine's */
	uint32_t load;   /* RTCLR */
	uint32_t match;  /* RTCMR */
	bool waiting;    /* for the match: written, not yet come */
	bool mask;       /* RTCIMSC: interrupt wanted */
	bool raw;        /* RTCRIS */
};

static uint32_t now(const struct vrtc *r)
{
	return alarm_now() + r->offset;
}

/* Latches a match that has come (r->lock is held). */
static void look(struct vrtc *r)
{
	if (r->waiting && (int32_t)(now(r) - r->match) >= 0) {
		r->waiting = false;
		r->raw = true;
	}
}

/* After any change: line and alarm follow the registers (r->lock is held). */
static void update(struct vrtc *r)
{
	look(r);
	if (r->waiting && r->mask)
		alarm_set(&r->alarm, r->match - r->offset);
	else
		alarm_cancel(&r->alarm);
	vgic_line(r->domain, 0, r->vintid, r->raw && r->mask);
}

static void alarm_due(struct alarm *a)
{
	struct vrtc *r = container_of(a, struct vrtc, alarm);

	spin_lock(&r->lock);
	update(r);
	spin_unlock(&r->lock);
}

static uint32_t read_dr(struct vrtc *r)
{
	return now(r);
}

static uint32_t read_mr(struct vrtc *r)
{
	return r->match;
}

static void write_mr(struct vrtc *r, uint32_t v)
{
	r->match = v;
	r->waiting = true;
	update(r);
}

static uint32_t read_lr(struct vrtc *r)
{
	return r->load;
}

static void write_lr(struct vrtc *r, uint32_t v)
{
	r->load = v;
	r->offset = v - alarm_now();
	update(r);
}

/* Once on, only a system reset turns it off (DDI 0224 3.3.4). */
static uint32_t read_cr(struct vrtc *r)
{
	(void)r;
	return 1;
}

static uint32_t read_imsc(struct vrtc *r)
{
	return r->mask;
}

static void write_imsc(struct vrtc *r, uint32_t v)
{
	r->mask = v & 1;
	update(r);
}

static uint32_t read_ris(struct vrtc *r)
{
	look(r);
	return r->raw;
}

static uint32_t read_mis(struct vrtc *r)
{
	look(r);
	return r->raw && r->mask;
}

static void write_icr(struct vrtc *r, uint32_t v)
{
	look(r);
	if (v & 1)
		r->raw = false;
	update(r);
}

/* DDI 0224 table 3-1. A register without a function one way reads as 0 or ignores the write. */
static const struct vrtc_reg {
	uint32_t offset;
	uint32_t (*read)(struct vrtc *r);
	void (*write)(struct vrtc *r, uint32_t v);
	uint32_t constant; /* read as this if there is no function */
} regs[] = {
	{ .offset = RTCDR, .read = read_dr },
	{ .offset = RTCMR, .read = read_mr, .write = write_mr },
	{ .offset = RTCLR, .read = read_lr, .write = write_lr },
	{ .offset = RTCCR, .read = read_cr },
	{ .offset = RTCIMSC, .read = read_imsc, .write = write_imsc },
	{ .offset = RTCRIS, .read = read_ris },
	{ .offset = RTCMIS, .read = read_mis },
	{ .offset = RTCICR, .write = write_icr },
	{ .offset = RTCPERIPHID(0), .constant = 0x31 }, /* part number 0x031, */
	{ .offset = RTCPERIPHID(1), .constant = 0x10 }, /* designer Arm */
	{ .offset = RTCPERIPHID(2), .constant = 0x04 },
	{ .offset = RTCPERIPHID(3), .constant = 0x00 },
	{ .offset = RTCPCELLID(0), .constant = 0x0d },
	{ .offset = RTCPCELLID(1), .constant = 0xf0 },
	{ .offset = RTCPCELLID(2), .constant = 0x05 },
	{ .offset = RTCPCELLID(3), .constant = 0xb1 },
};

static const struct vrtc_reg *find(uint64_t offset)
{
	for (size_t i = 0; i < ARRAY_SIZE(regs); i++)
		if (regs[i].offset == offset)
			return &regs[i];
	return NULL;
}

/* The device sits on a 32-bit APB: other sizes have no meaning there. */
static bool vrtc_read(struct vcpu *v, void *ctx, struct vmmio_access a, uint64_t *value)
{
	const struct vrtc_reg *reg = find(a.offset);
	struct vrtc *r = ctx;

	(void)v;
	if (a.size != 4)
		return false;
	*value = 0;
	if (!reg)
		return true;
	spin_lock(&r->lock);
	*value = reg->read ? reg->read(r) : reg->constant;
	spin_unlock(&r->lock);
	return true;
}

static bool vrtc_write(struct vcpu *v, void *ctx, struct vmmio_access a, uint64_t value)
{
	const struct vrtc_reg *reg = find(a.offset);
	struct vrtc *r = ctx;

	(void)v;
	if (a.size != 4)
		return false;
	if (!reg || !reg->write)
		return true;
	spin_lock(&r->lock);
	reg->write(r, (uint32_t)value);
	spin_unlock(&r->lock);
	return true;
}

static const struct vmmio_ops vrtc_ops = {
	.read = vrtc_read,
	.write = vrtc_write,
};

int vrtc_create(struct domain *d, ipa_t base, uint32_t vintid)
{
	unsigned int order = page_order(sizeof(struct vrtc));
	struct vrtc *r = page_alloc(order);
	struct vmmio_region region = {
		.base = base,
		.size = VRTC_SIZE,
		.ops = &vrtc_ops,
		.ctx = r,
	};
	int error;

	if (!r)
		return -ENOMEM;
	r->domain = d;
	r->vintid = vintid;
	alarm_setup(&r->alarm, d, alarm_due);
	error = vmmio_register(d, &region);
	if (error) {
		page_free(r, order);
		return error;
	}
	d->vrtc = r;
	domain_name_irq(d, vintid, "rtc", WAKE_ALARM);
	return 0;
}

void vrtc_destroy(struct domain *d)
{
	if (d->vrtc)
		page_free(d->vrtc, page_order(sizeof(*d->vrtc)));
	d->vrtc = NULL;
}
