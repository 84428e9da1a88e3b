/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/vgpio.h"

#include "abi/domu.h"
#include "arch/counter.h"
#include "arch/spinlock.h"
#include "core/domain_power.h"
#include "core/timer.h"
#include "lib/err.h"
#include "mm/page.h"
#include "virt/vgic/vgic.h"
#include "virt/vmmio.h"

#define VGPIO_SIZE 0x1000

/*
 * A key goes up soon after the guest has looked at its line: later, in a guest that goes to sleep because of it,
 * that would be a wake-up. If it doesn't look, after what a finger takes at most.
 */
#define SEEN_MS   10
#define UNSEEN_MS 5000 /* a guest whose CPU is busy elsewhere looks late */

#define GPIODATA_END  0x400 /* GPIODATA: address bits 9 to 2 say which lines */
#define GPIODIR       0x400 /* 1: output */
#define GPIOIS        0x404 /* 1: level, 0: edge */
#define GPIOIBE       0x408 /* 1: both edges */
#define GPIOIEV       0x40c /* 1: rising edge or high */
#define GPIOIE        0x410 /* 1: interrupt wanted */
#define GPIORIS       0x414
#define GPIOMIS       0x418
#define GPIOIC        0x41c /* 1: forget the edge */
#define GPIOAFSEL     0x420
#define FIRST_ID      0xfe0 /* GPIOPeriphID0-3, GPIOPCellID0-3 */

struct vgpio {
	struct domain *domain; /* constant */
	uint32_t vintid;       /* constant */

	struct list link; /* keys.lock, as the next two; empty: no key is down */
	uint8_t down;     /* lines of the keys that are */
	uint64_t release; /* counter, when they go up */
	bool unseen;      /* atomic to read: the guest hasn't looked at them yet */

	struct spinlock lock;
	uint8_t in; /* lock, as all below: what the keys put on their lines */
	uint8_t data, dir, is, ibe, iev, ie, afsel;
	uint8_t edges; /* seen, not yet forgotten */
};

static void let_go(struct timer *t);

/* All domains' keys that are down: one timer lets them go. */
static struct {
	struct spinlock lock;
	struct list held;   /* lock */
	struct timer timer; /* lock */
} keys = {
	.lock = SPINLOCK_INIT,
	.held = { &keys.held, &keys.held },
	.timer = { .fn = let_go },
};

static const uint8_t line_of[] = {
	[DM_KEY_SLEEP] = DOMU_GPIO_SLEEP,
	[DM_KEY_POWER] = DOMU_GPIO_POWER,
	[DM_KEY_RESTART] = DOMU_GPIO_RESTART,
};
_Static_assert(ARRAY_SIZE(line_of) == DM_NR_KEYS, "a line for each key");

/* --- the PL061; g->lock is held ------------------------------------------------------------ */

/* DDI 0190 3.3.2: an output's own value is what its line has. */
static uint8_t lines(const struct vgpio *g)
{
	return (uint8_t)((g->in & ~g->dir) | (g->data & g->dir));
}

static uint8_t raw(const struct vgpio *g)
{
	uint8_t level = (uint8_t)~(lines(g) ^ g->iev);

	return (uint8_t)((g->is & level) | (~g->is & g->edges));
}

/* After any change; before: what the lines were. */
static void update(struct vgpio *g, uint8_t before)
{
	uint8_t now = lines(g);
	uint8_t wanted = (uint8_t)(g->ibe | ~(now ^ g->iev));

	g->edges |= (uint8_t)((before ^ now) & ~g->is & wanted);
	vgic_line(g->domain, 0, g->vintid, raw(g) & g->ie);
}

static uint8_t *reg_of(struct vgpio *g, uint64_t offset)
{
	switch (offset) {
	case GPIODIR:
		return &g->dir;
	case GPIOIS:
		return &g->is;
	case GPIOIBE:
		return &g->ibe;
	case GPIOIEV:
		return &g->iev;
	case GPIOIE:
		return &g->ie;
	case GPIOAFSEL:
		return &g->afsel;
	default:
		return NULL;
	}
}

static uint8_t read_reg(struct vgpio *g, uint64_t offset)
{
	static const uint8_t ids[] = { 0x61, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };
	const uint8_t *reg = reg_of(g, offset);

	if (reg)
		return *reg;
	if (offset < GPIODATA_END)
		return (uint8_t)(lines(g) & offset >> 2);
	if (offset >= FIRST_ID)
		return ids[(offset - FIRST_ID) / 4];
	if (offset == GPIORIS)
		return raw(g);
	return offset == GPIOMIS ? raw(g) & g->ie : 0;
}

static void write_reg(struct vgpio *g, uint64_t offset, uint8_t value)
{
	uint8_t *reg = reg_of(g, offset);
	uint8_t before = lines(g);

	if (reg) {
		*reg = value;
	} else if (offset < GPIODATA_END) {
		uint8_t mask = (uint8_t)(offset >> 2) & g->dir;

		g->data = (uint8_t)((g->data & ~mask) | (value & mask));
	} else if (offset == GPIOIC) {
		g->edges &= (uint8_t)~value;
	}
	update(g, before);
}

static void program(void);

/* The guest has seen the keys that are down. */
static void seen(struct vgpio *g)
{
	spin_lock(&keys.lock);
	if (g->unseen) {
		__atomic_store_n(&g->unseen, false, __ATOMIC_RELAXED);
		g->release = counter_now() + counter_from_ms(SEEN_MS);
		program();
	}
	spin_unlock(&keys.lock);
}

/* 8-bit registers on a 32-bit APB: any width, what lies above the byte isn't there. */
static bool vgpio_read(struct vcpu *v, void *ctx, struct vmmio_access a, uint64_t *value)
{
	struct vgpio *g = ctx;
	bool looked;

	(void)v;
	if (a.size > 4)
		return false;
	*value = 0;
	if (a.offset % 4)
		return true;
	spin_lock(&g->lock);
	*value = read_reg(g, a.offset);
	looked = a.offset < GPIODATA_END && (*value & g->in & ~g->dir);
	spin_unlock(&g->lock);
	if (looked && __atomic_load_n(&g->unseen, __ATOMIC_RELAXED))
		seen(g);
	return true;
}

static bool vgpio_write(struct vcpu *v, void *ctx, struct vmmio_access a, uint64_t value)
{
	struct vgpio *g = ctx;

	(void)v;
	if (a.size > 4)
		return false;
	if (a.offset % 4)
		return true;
	spin_lock(&g->lock);
	write_reg(g, a.offset, (uint8_t)value);
	spin_unlock(&g->lock);
	return true;
}

static const struct vmmio_ops vgpio_ops = {
	.read = vgpio_read,
	.write = vgpio_write,
};

/* --- the keys; keys.lock is held ----------------------------------------------------------- */

static void set_keys(struct vgpio *g, uint8_t down)
{
	uint8_t before;

	g->down = down;
	spin_lock(&g->lock);
	before = lines(g);
	g->in = down;
	update(g, before);
	spin_unlock(&g->lock);
}

static void program(void)
{
	uint64_t next = ~(uint64_t)0;
	struct vgpio *g;

	list_for_each(g, &keys.held, link)
		next = min_u64(next, g->release);
	if (list_empty(&keys.held))
		timer_cancel(&keys.timer);
	else
		timer_set(&keys.timer, next);
}

static void let_go(struct timer *t)
{
	uint64_t now = counter_now();
	struct vgpio *g, *next;

	(void)t;
	spin_lock(&keys.lock);
	list_for_each_safe(g, next, &keys.held, link) {
		if (g->release > now)
			continue;
		list_remove(&g->link);
		g->unseen = false;
		set_keys(g, 0);
	}
	program();
	spin_unlock(&keys.lock);
}

int vgpio_press(struct domain *d, enum dm_key key)
{
	struct vgpio *g = d->vgpio;

	if (!g || (unsigned int)key >= DM_NR_KEYS)
		return -EOPNOTSUPP;
	spin_lock(&keys.lock);
	if (list_empty(&g->link))
		list_insert_before(&keys.held, &g->link);
	g->release = counter_now() + counter_from_ms(UNSEEN_MS);
	g->unseen = true;
	set_keys(g, (uint8_t)(g->down | BIT(line_of[key])));
	program();
	spin_unlock(&keys.lock);
	return 0;
}

int vgpio_create(struct domain *d, ipa_t base, uint32_t vintid)
{
	unsigned int order = page_order(sizeof(struct vgpio));
	struct vgpio *g = page_alloc(order);
	struct vmmio_region region = {
		.base = base,
		.size = VGPIO_SIZE,
		.ops = &vgpio_ops,
		.ctx = g,
	};
	int error;

	if (!g)
		return -ENOMEM;
	g->domain = d;
	g->vintid = vintid;
	list_init(&g->link);
	error = vmmio_register(d, &region);
	if (error) {
		page_free(g, order);
		return error;
	}
	d->vgpio = g;
	domain_name_irq(d, vintid, "key", WAKE_KEY);
	return 0;
}

void vgpio_destroy(struct domain *d)
{
	struct vgpio *g = d->vgpio;

	if (!g)
		return;
	spin_lock(&keys.lock);
	list_remove(&g->link);
	spin_unlock(&keys.lock);
	d->vgpio = NULL;
	page_free(g, page_order(sizeof(*g)));
}
