/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registers of the interrupt controller and of the devices, as tables. Nothing that is both
 * enabled and pending is left that would wake who sleeps, but what a CPU has for itself while it is
 * frozen.
 */
#include "destroy.h"
#include "gic.h"
#include "platform.h"
#include "timer.h"

#define WAKE_S 2 /* the alarm's */

#define RTC_DR   0x00
#define RTC_MR   0x04
#define RTC_LR   0x08
#define RTC_CR   0x0c
#define RTC_IMSC 0x10
#define RTC_ICR  0x1c

/* Registers of a device that hold what is written, in bits of `mask`. */
struct device_reg {
	const char *name;
	uint16_t offset;
	uint32_t mask, value; /* value: of the bits outside */
};

/* Not what comes by itself: the interrupts of a key. */
static const struct device_reg uart_regs[] = {
	{ "UARTILPR", 0x20, 0xff, 0 },     { "UARTIBRD", 0x24, 0xffff, 0 },
	{ "UARTFBRD", 0x28, 0x3f, 0 },     { "UARTLCR_H", 0x2c, 0xef, 0x10 },
	{ "UARTCR", 0x30, 0xfc06, 0x301 }, { "UARTIFLS", 0x34, 0x3f, 0 },
	{ "UARTIMSC", 0x38, 0x7af, 0 },    { "UARTDMACR", 0x48, 0x7, 0 },
};

#define GPIO_DIR  0x400
#define GPIO_IE   0x410
#define GPIO_DATA 0x3fc /* all lines; address bits 9 to 2 choose some */

static const struct device_reg gpio_regs[] = {
	{ "GPIODIR", GPIO_DIR, 0xff, 0 },   { "GPIOIS", 0x404, 0xff, 0 },
	{ "GPIOIBE", 0x408, 0xff, 0 },      { "GPIOIEV", 0x40c, 0xff, 0 },
	{ "GPIOIE", GPIO_IE, 0xff, 0 },       { "GPIOAFSEL", 0x420, 0xff, 0 },
	{ "GPIODATA", GPIO_DATA, 0xff, 0 },
};

static const struct {
	const char *name;
	uint16_t offset;
	uint8_t bits; /* for each interrupt */
} gicd_arrays[] = {
	{ "IGROUPR", GICD_IGROUPR, 1 },       { "ISENABLER", GICD_ISENABLER, 1 },
	{ "ISPENDR", GICD_ISPENDR, 1 },       { "ISACTIVER", GICD_ISACTIVER, 1 },
	{ "IPRIORITYR", GICD_IPRIORITYR, 8 }, { "ICFGR", GICD_ICFGR, 2 },
};

/* clang-format off */
#define ICC_REGS(X)                           \
	X(ICC_PMR_EL1, S3_0_C4_C6_0)          \
	X(ICC_BPR0_EL1, S3_0_C12_C8_3)        \
	X(ICC_BPR1_EL1, S3_0_C12_C12_3)       \
	X(ICC_CTLR_EL1, S3_0_C12_C12_4)       \
	X(ICC_IGRPEN0_EL1, S3_0_C12_C12_6)    \
	X(ICC_IGRPEN1_EL1, S3_0_C12_C12_7)    \
	X(ICC_AP0R0_EL1, S3_0_C12_C8_4)       \
	X(ICC_AP1R0_EL1, S3_0_C12_C9_0)       \
	X(ICC_RPR_EL1, S3_0_C12_C11_3)        \
	X(ICC_HPPIR1_EL1, S3_0_C12_C12_2)
/* clang-format on */

static const struct {
	const char *name;
	uint16_t offset;
} gicc_regs[] = {
	{ "GICC_CTLR", 0x00 },   { "GICC_PMR", 0x04 },   { "GICC_BPR", 0x08 },
	{ "GICC_RPR", 0x14 },    { "GICC_HPPIR", 0x18 }, { "GICC_ABPR", 0x1c },
	{ "GICC_AHPPIR", 0x28 }, { "GICC_APR0", 0xd0 },
};

static bool first_cpu(void)
{
	return this_cpu()->id == 0;
}

#define NESTED 3 /* SGIs 1 to 3: see nest() */

/* Not to be changed by a pattern: the alarm that wakes, what starts work, what is made active. */
static bool in_use(uint32_t intid)
{
	return intid == plat.rtc_intid || intid == SGI_WORK || (intid >= 1 && intid <= NESTED);
}

/* Their devices' lines are high for some patterns: enabled, that would be a wake-up. */
static bool must_be_off(uint32_t intid)
{
	return intid == plat.uart_intid || intid == plat.gpio_intid;
}

/* ---- looking at all of it ---- */

typedef void look_fn(void *ctx, const char *name, unsigned int index, uint64_t value);

static void look_gicd(uint32_t from, uint32_t to, look_fn *fn, void *ctx)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(gicd_arrays); i++) {
		unsigned int each = 32 / gicd_arrays[i].bits;

		for (uint32_t intid = from; intid < to; intid += each) {
			uintptr_t at = gic_reg(gicd_arrays[i].offset, gicd_arrays[i].bits, intid);

			uint64_t v = read32(at);

			/* The alarm comes meanwhile. */
			if (gicd_arrays[i].offset == GICD_ISPENDR && plat.rtc_intid - intid < 32)
				v &= ~BIT(plat.rtc_intid % 32);
			fn(ctx, gicd_arrays[i].name, intid, v);
		}
	}
}

static void look_interface(look_fn *fn, void *ctx)
{
	if (plat.gic_version == 3) {
#define LOOK(name, reg) fn(ctx, #name, 0, sysreg_read(reg));
		ICC_REGS(LOOK)
#undef LOOK
		return;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(gicc_regs); i++)
		fn(ctx, gicc_regs[i].name, 0, read32(plat.gicc + gicc_regs[i].offset));
}

static void look_shared(look_fn *fn, void *ctx)
{
	fn(ctx, "GICD_CTLR", 0, read32(plat.gicd + GICD_CTLR));
	look_gicd(32, gic_nr_intids(), fn, ctx);
	for (uint32_t i = 32; i < gic_nr_intids(); i++)
		fn(ctx, "route", i,
		   plat.gic_version == 3 ? read64(plat.gicd + GICD_IROUTER + i * 8)
		                         : read8(gic_reg(GICD_ITARGETSR, 8, i)));
}

/* Of the data the outputs alone: an input that nothing drives is as it likes. */
static uint32_t read_gpio(uint16_t offset)
{
	return read32(plat.gpio +
	              (offset == GPIO_DATA ? read32(plat.gpio + GPIO_DIR) << 2 : offset));
}

static void look_devices(look_fn *fn, void *ctx)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(uart_regs); i++)
		fn(ctx, uart_regs[i].name, 0, read32(plat.uart + uart_regs[i].offset));
	for (unsigned int i = 0; plat.gpio && i < ARRAY_SIZE(gpio_regs); i++)
		fn(ctx, gpio_regs[i].name, 0, read_gpio(gpio_regs[i].offset));
	if (!plat.rtc)
		return;
	fn(ctx, "RTCMR", 0, read32(plat.rtc + RTC_MR));
	fn(ctx, "RTCLR", 0, read32(plat.rtc + RTC_LR));
	fn(ctx, "RTCCR", 0, read32(plat.rtc + RTC_CR));
	fn(ctx, "RTCIMSC", 0, read32(plat.rtc + RTC_IMSC));
}

static void look(look_fn *fn, void *ctx, bool frozen)
{
	look_gicd(0, 32, fn, ctx);
	if (plat.gic_version == 2)
		for (unsigned int i = 0; i < 16; i += 4)
			fn(ctx, "SPENDSGIR", i, read32(plat.gicd + GICD_SPENDSGIR + i));
	if (frozen)
		look_interface(fn, ctx);
	if (first_cpu()) {
		look_shared(fn, ctx);
		look_devices(fn, ctx);
	}
}

/* ---- filling it ---- */

static void fill_one(uint32_t intid, uint64_t p, bool frozen)
{
	bool own = intid < 32 && intid != plat.timer_virt && intid != plat.timer_phys;
	bool enable = (p & 0x200) && !must_be_off(intid);

	if (in_use(intid))
		return;
	gic_set_priority(intid, (uint8_t)p);
	gic_disable(intid);
	gic_unpend(intid);
	if (intid >= 16 && intid != plat.timer_virt)
		gic_set_edge(intid, p & 0x100);
	if (enable)
		gic_enable(intid);
	if ((p & 0x400) && (!enable || (own && (frozen || intid < 16))))
		gic_pend(intid);
	/* A CPU that goes off ends what is active. */
	if (frozen && (p & 0x1800) == 0x1800 && intid >= 32)
		gic_set_bit(GICD_ISACTIVER, intid);
}

static void fill_sgis(uint64_t seed)
{
	for (unsigned int i = 0; i < 16 && plat.gic_version == 2; i++)
		if (!in_use(i) && pattern(seed, 2000 + i) & 0x400)
			write8(plat.gicd + GICD_SPENDSGIR + i, (uint8_t)(1u << this_cpu()->id));
}

/* Three interrupts active, one within the other, as handlers that were interrupted. */
static void nest(void)
{
	for (unsigned int i = 1; i <= NESTED; i++) {
		gic_set_priority(i, (uint8_t)(0xa0 - 0x20 * i));
		gic_enable(i);
		gic_send_sgi(i, this_cpu()->id);
		isb();
		gic_ack();
	}
}

static void fill_interface(uint64_t p)
{
	if (plat.gic_version == 3) {
		sysreg_write(S3_0_C12_C8_3, p & 7);       /* BPR0 */
		sysreg_write(S3_0_C12_C12_3, p >> 3 & 7); /* BPR1 */
		sysreg_write(S3_0_C12_C12_4, p >> 6 & 3); /* CTLR: CBPR, EOImode */
		sysreg_write(S3_0_C12_C12_6, p >> 8 & 1); /* IGRPEN0 */
		sysreg_write(S3_0_C12_C12_7, p >> 9 & 1); /* IGRPEN1 */
		isb();
	} else {
		write32(plat.gicc + 0x08, p & 7);
		/* Below the least there is (IHI 0048 5.3.2: VMPBinP is 2, so 3) QEMU's GICV keeps
		 * what GICH doesn't. */
		write32(plat.gicc + 0x1c, 3 + (p >> 3 & 7) % 5);
		write32(plat.gicc + 0x00, p >> 6 & 0x21f);
	}
	gic_set_pmr((uint8_t)(p >> 16));
}

static void fill_regs(uintptr_t base, const struct device_reg *r, unsigned int count, uint64_t seed)
{
	for (unsigned int i = 0; i < count; i++)
		write32(base + r[i].offset, ((uint32_t)pattern(seed, i) & r[i].mask) | r[i].value);
}

static void fill_shared(uint64_t seed, bool frozen)
{
	for (uint32_t i = 32; i < gic_nr_intids(); i++) {
		uint64_t p = pattern(seed, 3000 + i);

		fill_one(i, p, frozen);
		if (!in_use(i))
			gic_set_target(i, (unsigned int)(p >> 20) % plat.nr_cpus);
	}
}

/*
 * Dom0's is a real one, of which the firmware keeps the registers, but can't keep what its lines have
 * and which edges were seen: no interrupt there.
 */
static void fill_gpio(uint64_t seed, bool frozen)
{
	fill_regs(plat.gpio, gpio_regs, ARRAY_SIZE(gpio_regs), seed);
	if (!frozen)
		write32(plat.gpio + GPIO_IE, 0);
}

static void fill_devices(uint64_t seed, bool frozen)
{
	fill_regs(plat.uart, uart_regs, ARRAY_SIZE(uart_regs), seed + 10);
	if (plat.gpio)
		fill_gpio(seed + 20, frozen);
	if (!plat.rtc)
		return;
	/* A date of its own; the alarm wakes, or is far away. */
	write32(plat.rtc + RTC_IMSC, 0);
	write32(plat.rtc + RTC_LR, (uint32_t)pattern(seed, 30));
	write32(plat.rtc + RTC_MR, read32(plat.rtc + RTC_DR) + (frozen ? 0x12345678 : WAKE_S));
	write32(plat.rtc + RTC_ICR, 1);
	write32(plat.rtc + RTC_IMSC, 1);
	if (!frozen) {
		gic_set_priority(plat.rtc_intid, 0x60);
		gic_set_target(plat.rtc_intid, 0);
		gic_enable(plat.rtc_intid);
	}
}

static void keep(void *ctx, const char *name, unsigned int index, uint64_t value)
{
	struct devices_state *s = ctx;

	(void)name;
	(void)index;
	if (s->count < ARRAY_SIZE(s->v))
		s->v[s->count] = value;
	s->count++;
}

void devices_fill(uint64_t seed, bool frozen)
{
	irq_disable();
	if (frozen)
		nest();
	for (uint32_t i = 0; i < 32; i++)
		fill_one(i, pattern(seed, 2000 + i), frozen);
	fill_sgis(seed);
	if (first_cpu()) {
		fill_shared(seed, frozen);
		fill_devices(seed, frozen);
	}
	if (frozen)
		fill_interface(pattern(seed, 40));
}

void devices_keep(struct devices_state *s, bool frozen)
{
	s->count = 0;
	look(keep, s, frozen);
}

struct comparison {
	const struct devices_state *s;
	struct verdict *v;
	unsigned int n;
};

static void compare_one(void *ctx, const char *name, unsigned int index, uint64_t value)
{
	struct comparison *c = ctx;

	if (c->n < ARRAY_SIZE(c->s->v))
		compare(c->v, name, index, c->s->v[c->n], value);
	c->n++;
}

void devices_compare(const struct devices_state *s, struct verdict *v, bool frozen)
{
	struct comparison c = { .s = s, .v = v };

	look(compare_one, &c, frozen);
	compare(v, "registers", 0, s->count, c.n);
}

void devices_reset(void)
{
	if (first_cpu()) {
		write32(plat.rtc + RTC_IMSC, 0);
		write32(plat.rtc + RTC_ICR, 1);
		for (unsigned int i = 0; plat.gpio && i < ARRAY_SIZE(gpio_regs); i++)
			write32(plat.gpio + gpio_regs[i].offset, 0);
		gic_init();
		console_init(plat.uart);
	}
	if (plat.gic_version == 2)
		write32(plat.gicc + 0xd0, 0);
	else
		sysreg_write(S3_0_C12_C9_0, 0);
	gic_init_cpu();
}
