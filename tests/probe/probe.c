/* SPDX-License-Identifier: Apache-2.0 */
/* Where the checker comes in: each function stands around the one of Dormouse's that its name says
 * (ld's --wrap). */
#include "probe.h"

#include "arch/barrier.h"
#include "arch/mmio.h"
#include "arch/suspend.h"
#include "arch/sysreg.h"
#include "boot/cmdline.h"
#include "core/console.h"
#include "core/sched.h"
#include "core/timer.h"
#include "dev/gic/gic.h"
#include "dev/rtc/pl031.h"
#include "lib/log.h"
#include "lib/string.h"
#include "suspend/el2.h"
#include "suspend/el2_regs.h"
#include "suspend/wake.h"

#define WRAPS(type, name, args)  \
	type __real_##name args; \
	type __wrap_##name args;

WRAPS(int, cmdline_parse, (const char *line, struct boot_options *out))
WRAPS(int, gic_init, (const struct gic_config *cfg))
WRAPS(int, console_init, (const struct uart_ops *uart, paddr_t base))
WRAPS(int, console_suspend, (void))
WRAPS(int, console_resume, (void))
WRAPS(int, pl031_init, (paddr_t base))
WRAPS(int, pl031_suspend, (void))
WRAPS(int, pl031_resume, (void))
WRAPS(int, sched_unload_all, (void))
WRAPS(const uint64_t *, wake_collect, (void))
WRAPS(int, timer_resume, (void))
WRAPS(int, el2_suspend, (void))
WRAPS(int, el2_resume, (void))
WRAPS(int64_t, arch_suspend_enter, (arch_suspend_fn * call))

bool probe_forgets;
static bool slept; /* since the last el2_suspend() */

/* X(register, CRm, op2): ID_AA64..._EL1 as the CPU has them, which a guest doesn't see. */
/* clang-format off */
#define ID_REGS(X)                                                      \
	X(PFR0, 4, 0) X(PFR1, 4, 1) X(PFR2, 4, 2) X(ZFR0, 4, 4)         \
	X(SMFR0, 4, 5) X(FPFR0, 4, 7)                                   \
	X(DFR0, 5, 0) X(DFR1, 5, 1) X(DFR2, 5, 2)                       \
	X(ISAR0, 6, 0) X(ISAR1, 6, 1) X(ISAR2, 6, 2) X(ISAR3, 6, 3)     \
	X(MMFR0, 7, 0) X(MMFR1, 7, 1) X(MMFR2, 7, 2) X(MMFR3, 7, 3)     \
	X(MMFR4, 7, 4)
/* clang-format on */

static void say_features(void)
{
#define SAY(reg, crm, op2) \
	log_info("probe: id " #reg " 0x%lx", sysreg_read(S3_0_C0_C##crm##_##op2));
	ID_REGS(SAY)
#undef SAY
}

int __wrap_cmdline_parse(const char *line, struct boot_options *out)
{
	for (const char *p = line; *p; p++)
		probe_forgets |= !strncmp(p, "probe=forget", 12);
	say_features();
	return __real_cmdline_parse(line, out);
}

/* ---- the console's PL011 (DDI 0183) ---- */

#define UARTIBRD  0x024
#define UARTFBRD  0x028
#define UARTLCR_H 0x02c
#define UARTCR    0x030
#define UARTIFLS  0x034
#define UARTIMSC  0x038
#define UARTDMACR 0x048

static const struct {
	const char *name;
	uint16_t offset;
	uint16_t fill; /* not what it works by: FIFOs, enables, the interrupts that come by
	                  themselves */
	uint16_t destroy;
} uart_regs[] = {
	{ "UARTIBRD", UARTIBRD, 0xffff, 0x0bad }, { "UARTFBRD", UARTFBRD, 0x3f, 0x2a },
	{ "UARTLCR_H", UARTLCR_H, 0xef, 0 },      { "UARTIFLS", UARTIFLS, 0x3f, 0x15 },
	{ "UARTDMACR", UARTDMACR, 0x4, 0 },       { "UARTIMSC", UARTIMSC, 0x78f, 0x002 },
	{ "UARTCR", UARTCR, 0xfc00, 0 },
};

static struct cell uart_storage[ARRAY_SIZE(uart_regs)];
static struct cells uart_cells = { .name = "uart",
	                           .max = ARRAY_SIZE(uart_regs),
	                           .c = uart_storage };

int __wrap_console_init(const struct uart_ops *uart, paddr_t base)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(uart_regs); i++)
		cells_add32(&uart_cells, uart_regs[i].name, 0, base.raw + uart_regs[i].offset)
		        ->fill = uart_regs[i].fill;
	return __real_console_init(uart, base);
}

int __wrap_console_suspend(void)
{
	cells_fill(&uart_cells);
	return __real_console_suspend();
}

int __wrap_console_resume(void)
{
	int err = __real_console_resume();

	cells_check(&uart_cells);
	return err;
}

/* ---- the RTC (DDI 0224): the alarm is its pattern ---- */

#define RTCMR   0x04
#define RTCCR   0x0c
#define RTCIMSC 0x10

static struct cell rtc_storage[3];
static struct cells rtc_cells = { .name = "rtc", .max = ARRAY_SIZE(rtc_storage), .c = rtc_storage };

int __wrap_pl031_init(paddr_t base)
{
	cells_add32(&rtc_cells, "RTCMR", 0, base.raw + RTCMR);
	cells_add32(&rtc_cells, "RTCCR", 0, base.raw + RTCCR);
	cells_add32(&rtc_cells, "RTCIMSC", 0, base.raw + RTCIMSC);
	return __real_pl031_init(base);
}

int __wrap_pl031_suspend(void)
{
	int err = __real_pl031_suspend();

	cells_fill(&rtc_cells);
	return err;
}

int __wrap_pl031_resume(void)
{
	int err = __real_pl031_resume();

	cells_check(&rtc_cells);
	return err;
}

/* ---- the GIC ---- */

int __wrap_gic_init(const struct gic_config *cfg)
{
	probe_gic_setup(cfg);
	return __real_gic_init(cfg);
}

/* The last before gic->suspend(). */
const uint64_t *__wrap_wake_collect(void)
{
	const uint64_t *wake = __real_wake_collect();

	probe_gic_fill();
	return wake;
}

/* The first behind gic->resume(). */
int __wrap_timer_resume(void)
{
	probe_gic_check();
	return __real_timer_resume();
}

/* ---- EL2's control registers, and what is destroyed ---- */

/*
 * X(register, bits that may be anything while no guest runs): traps, and what is a guest's own. Not
 * taken from Dormouse's list: one that is missing there is lost here.
 */
/* clang-format off */
#define EL2_FILLED(X)                                                                       \
	X(hcr_el2, MASK(2, 0) | MASK(11, 9) | MASK(14, 13) | MASK(26, 16) | BIT(30))        \
	X(cptr_el2, BIT(10) | BIT(20) | BIT(31))                                            \
	X(mdcr_el2, MASK(6, 5) | MASK(11, 9))                                               \
	X(cnthctl_el2, MASK(7, 0))                                                          \
	X(hstr_el2, 0xffff & ~(BIT(4) | BIT(14)))                                           \
	X(vtcr_el2, MASK(18, 0))                                                            \
	X(vpidr_el2, MASK(31, 0))
/* clang-format on */

#define EL2_ACCESS(reg, ...)                                      \
	static uint64_t read_##reg(const struct cell *c)          \
	{                                                         \
		(void)c;                                          \
		return sysreg_read(reg);                          \
	}                                                         \
	static void write_##reg(const struct cell *c, uint64_t v) \
	{                                                         \
		(void)c;                                          \
		sysreg_write(reg, v);                             \
	}
EL2_FILLED(EL2_ACCESS)
EL2_REGIME(EL2_ACCESS)

static struct cell el2_storage[32];
static struct cells el2_cells = { .name = "el2", .max = ARRAY_SIZE(el2_storage), .c = el2_storage };

static void add_el2(const char *name, uint64_t (*read)(const struct cell *c),
                    void (*write)(const struct cell *c, uint64_t v), uint64_t fill)
{
	struct cell *c = cells_add(&el2_cells, name, 0);

	c->read = read;
	c->write = write;
	c->look = ~0ULL;
	c->fill = fill;
}

/* One that Dormouse's list has got, and the one above has not. */
static void check_known(const char *name)
{
	for (unsigned int i = 0; i < el2_cells.count; i++)
		if (!strcmp(el2_cells.c[i].name, name))
			return;
	log_info("probe: differs: %s is not in the checker's table", name);
}

static void add_all_el2(void)
{
#define ADD(reg, bits) add_el2(#reg, read_##reg, write_##reg, bits);
	EL2_FILLED(ADD)
#undef ADD
#define ADD(reg) add_el2(#reg, read_##reg, write_##reg, 0);
	EL2_REGIME(ADD)
#undef ADD
#define CHECK(reg) check_known(#reg);
	EL2_CONTROL(CHECK)
#undef CHECK
}

int __wrap_el2_suspend(void)
{
	if (!el2_cells.count)
		add_all_el2();
	slept = false;
	cells_fill(&el2_cells);
	isb();
	return __real_el2_suspend();
}

int64_t __wrap_arch_suspend_enter(arch_suspend_fn *call)
{
	int64_t result = __real_arch_suspend_enter(call);

	slept = result == ARCH_SUSPEND_RESUMED;
	return result;
}

/* The firmware keeps the devices that wake the machine; other machines' don't. */
static void destroy_devices(void)
{
	for (unsigned int i = ARRAY_SIZE(uart_regs); i-- > 0;)
		uart_cells.c[i].write(&uart_cells.c[i], uart_regs[i].destroy);
	if (rtc_cells.count) {
		mmio_write32(rtc_cells.c[2].at, 0);
		mmio_write32(rtc_cells.c[0].at, 0x7badbad0);
	}
}

int __wrap_el2_resume(void)
{
	int err;

	if (slept)
		destroy_devices();
	err = __real_el2_resume();
	cells_check(&el2_cells);
	/* As el2_config_load(): nothing cached under the pattern in VTCR_EL2 may be used. */
	isb();
	__asm__ volatile("tlbi alle1" ::: "memory");
	dsb(nsh);
	isb();
	return err;
}

/* ---- frozen domains ---- */

int __wrap_sched_unload_all(void)
{
	int err = __real_sched_unload_all();

	probe_cycle++;
	if (!err && probe_forgets)
		probe_forget();
	return err;
}
