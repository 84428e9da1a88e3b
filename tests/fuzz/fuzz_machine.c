/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_machine.h"

#include <setjmp.h>

#include "abi/domu.h"
#include "arch/bringup.h"
#include "arch/guest.h"
#include "arch/suspend.h"
#include "boot/guest.h"
#include "core/alarm.h"
#include "core/console.h"
#include "core/domain_power.h"
#include "core/irq.h"
#include "core/sched.h"
#include "core/show.h"
#include "core/smp.h"
#include "core/timer.h"
#include "dev/psci/psci.h"
#include "dev/psci/smccc.h"
#include "dev/rtc/pl031.h"
#include "fake_cpu.h"
#include "fake_mmio.h"
#include "fake_sysreg.h"
#include "fuzz_gic.h"
#include "lib/bitmap.h"
#include "lib/err.h"
#include "mm/page.h"
#include "suspend/dump.h"
#include "suspend/freeze.h"
#include "suspend/suspend.h"
#include "virt/devices.h"
#include "virt/evtchn.h"
#include "virt/grant.h"
#include "virt/hypercall/console_io.h"
#include "virt/hypercall/dormouse.h"
#include "virt/hypercall/xen_domain.h"
#include "virt/trap.h"
#include "virt/vgic/vgic.h"
#include "virt/vgpio.h"
#include "virt/vmmio.h"
#include "virt/vpsci.h"
#include "virt/vrtc.h"
#include "virt/vtimer.h"
#include "virt/vuart.h"

#define NR_CPUS   2
#define NR_VCPUS  2
#define MAX_TURNS 64
#define MAX_DRAIN 400 /* turns until the last domain is gone */
#define MAX_OPS   8   /* of a guest, one after the other */
#define RTC_BASE  0x9010000UL
#define UART_BASE 0x9000000UL

static struct cpu cpu[NR_CPUS];
static struct input *input; /* NULL: the domains are being destroyed */
static machine_guest_fn *guest;
static unsigned int pages_at_boot; /* before there were any domains */

/* --- turns: a CPU runs its main loop for a while ------------------------------------------- */

static jmp_buf turn_over, machine_over;
static bool leaving;       /* the turn ends as soon as the loop is at its top */
static uint32_t work_left; /* what the CPU has to do in its next turn */
static unsigned int ops_left;

/* The loop's way out: a piece of its work, at which no lock is held and no vCPU is running. */
static void leave(void)
{
	leaving = true;
	work_left = this_cpu()->work;
	this_cpu()->work = (uint32_t)BIT(CPU_WORK_OFFLINE);
}

void smp_die(struct cpu *c)
{
	FUZZ_CHECK(c == this_cpu() && leaving && !fake_locks_held);
	c->work = work_left;
	longjmp(turn_over, 1);
}

static void turn(unsigned int n)
{
	fake_cpu = n;
	leaving = false;
	ops_left = input ? 1 + in_below(input, MAX_OPS) : 0;
	if (!setjmp(turn_over))
		cpu_loop();
	FUZZ_CHECK(!fake_locks_held);
}

/* The timers' wires. */
static void sample(void)
{
	uint64_t hyp = *fake_sysreg(cnthp_ctl_el2), virt = *fake_sysreg(cntv_ctl_el0);

	fuzz_gic_wire(MACHINE_PPI_TIMER, (hyp & 1) && *fake_sysreg(cnthp_cval_el2) <= fake_counter);
	fuzz_gic_wire(MACHINE_PPI_VIRT,
	              (virt & 3) == 1 && *fake_sysreg(cntv_cval_el0) <=
	                                         fake_counter - *fake_sysreg(cntvoff_el2));
}

/* This CPU waits for another one, whose turn it isn't: that one does what can be asked of it from
 * afar. */
static void on_yield(void)
{
	unsigned int waits = fake_cpu;

	fake_counter += 1000000;
	for (fake_cpu = 0; fake_cpu < NR_CPUS; fake_cpu++) {
		if (fake_cpu == waits || !(this_cpu()->work & BIT(CPU_WORK_UNLOAD)))
			continue;
		this_cpu()->work &= ~(uint32_t)BIT(CPU_WORK_UNLOAD);
		sched_unload();
	}
	fake_cpu = waits;
}

static void on_barrier(const char *what)
{
	if (what[0] == 'y')
		on_yield();
	if (what[0] != 'w') /* wfi */
		return;
	if (!fuzz_gic_pending() && !this_cpu()->work)
		longjmp(turn_over, 1);
}

void guest_run(struct guest_regs *r)
{
	struct vcpu *v = container_of(r, struct vcpu, regs);
	bool on = true;

	FUZZ_CHECK(v->running && this_cpu()->loaded == v && !fake_locks_held);
	FUZZ_CHECK(!__atomic_load_n(&v->domain->dying, __ATOMIC_RELAXED) || input);
	while (on) {
		fake_counter += 1000;
		if (fuzz_gic_pending()) {
			on = trap_handlers.irq(r);
		} else if (ops_left && input && in_more(input)) {
			ops_left--;
			on = guest(v, input);
		} else {
			leave();
			return;
		}
		FUZZ_CHECK(!fake_locks_held);
		fuzz_gic_check();
	}
}

/* --- what a guest does ---------------------------------------------------------------------- */

bool machine_trap(struct vcpu *v, uint64_t esr)
{
	*fake_sysreg(esr_el2) = esr;
	return guest_sync_handler(&trap_handlers, esr)(&v->regs, esr);
}

bool machine_hvc(struct vcpu *v, unsigned int imm)
{
	v->regs.pc += 4;
	return machine_trap(v, 0x16UL << 26 | BIT(25) | imm);
}

/* ISS of a data abort: ISV, SAS, SRT = x1, SF, WnR, a translation fault at level 3. */
bool machine_mmio(struct vcpu *v, uint64_t ipa, unsigned int size, bool write)
{
	uint64_t sas = size == 8 ? 3 : size / 2;

	*fake_sysreg(far_el2) = ipa;
	*fake_sysreg(hpfar_el2) = ipa >> 12 << 4;
	return machine_trap(v, 0x24UL << 26 | BIT(25) | BIT(24) | sas << 22 | 1 << 16 | BIT(15) |
	                               (write ? BIT(6) : 0) | 7);
}

void machine_poke(struct vcpu *v, uint64_t ipa, const void *from, size_t size)
{
	uint8_t copy[256];

	FUZZ_CHECK(size <= sizeof(copy));
	memcpy(copy, from, size);
	(void)stage2_copy(&v->domain->s2, ipa_make(ipa), copy, size, true);
}

bool guest_translate(uint64_t va, bool write, ipa_t *ipa)
{
	*ipa = ipa_make(va & MASK(38, 0));
	return va < MACHINE_HOLE;
}

/* --- arch/ and the firmware ----------------------------------------------------------------- */

void guest_sysregs_save(struct guest_sysregs *s)
{
#define SAVE(field, reg, reset) s->field = sysreg_read(reg);
	GUEST_SYSREGS(SAVE)
#undef SAVE
}

void guest_sysregs_load(const struct guest_sysregs *s)
{
#define LOAD(field, reg, reset) sysreg_write(reg, s->field);
	GUEST_SYSREGS(LOAD)
#undef LOAD
}

void guest_sysregs_reset(struct guest_sysregs *s)
{
#define RESET(field, reg, reset) s->field = (reset);
	GUEST_SYSREGS(RESET)
#undef RESET
}

void guest_fp_save(struct guest_fp *fp)
{
}

void guest_fp_load(const struct guest_fp *fp)
{
}

void guest_inject_undefined(struct guest_regs *r)
{
	r->pc = *fake_sysreg(vbar_el1) + 0x200;
}

void guest_inject_abort(struct guest_regs *r, uint64_t far, bool instruction)
{
	*fake_sysreg(far_el1) = far;
	guest_inject_undefined(r);
}

void el2_config_load(void)
{
}

/* The firmware's answer to SYSTEM_SUSPEND. */
static int64_t suspend_answer = ARCH_SUSPEND_RESUMED;

int64_t arch_suspend_enter(arch_suspend_fn *call)
{
	FUZZ_CHECK(call == psci_system_suspend && fake_cpu == 0 && !this_cpu()->loaded);
	fake_counter += 1000000000;
	return suspend_answer;
}

uint64_t arch_suspend_stray(void)
{
	return ARCH_SUSPEND_NO_STRAY;
}

struct psci_firmware psci_firmware = { .version = 0x10001, .system_suspend = true };

int64_t psci_system_suspend(paddr_t entry, uint64_t context)
{
	fuzz_die("psci_system_suspend() called past arch_suspend_enter()");
}

int64_t psci_call(uint32_t fid, uint64_t a1, uint64_t a2, uint64_t a3)
{
	return a1 & 1 ? -1 : 0;
}

/* No watchdog: nobody calls. */
void smccc_smc_results(uint64_t fid, uint64_t a1, uint64_t a2, struct smccc_results *r)
{
	*r = (struct smccc_results) { { (uint64_t)-1, 0, 0 } };
}

void smp_kick(struct cpu *c)
{
	gic->send_sgi(SMP_SGI_KICK, c->arch.id);
}

static int stop_answer;

int smp_stop_secondaries(void)
{
	if (!stop_answer)
		cpu[1].online = false;
	return stop_answer;
}

int smp_start_secondaries(void)
{
	cpu[1].online = true;
	return 0;
}

/* --- devices -------------------------------------------------------------------------------- */

/* PL031 (DDI 0224): its counter is the machine's, in seconds. */
static struct {
	uint32_t match, imsc, ris, cr, offset;
} rtc;

static uint64_t rtc_read(void *ctx, uint64_t offset, unsigned int size)
{
	static const uint8_t id[] = { 0x31, 0x10, 0x04, 0x00 };

	switch (offset) {
	case 0x00:
		return (uint32_t)(fake_counter / 1000000000) + rtc.offset;
	case 0x04:
		return rtc.match;
	case 0x0c:
		return rtc.cr;
	case 0x10:
		return rtc.imsc;
	case 0x14:
		return rtc.ris;
	case 0x18:
		return rtc.ris & rtc.imsc;
	default:
		return offset >= 0xfe0 && offset < 0xff0 ? id[(offset - 0xfe0) / 4] : 0;
	}
}

static void rtc_write(void *ctx, uint64_t offset, unsigned int size, uint64_t v)
{
	switch (offset) {
	case 0x04:
		rtc.match = (uint32_t)v;
		break;
	case 0x0c:
		rtc.cr |= v & 1;
		break;
	case 0x10:
		rtc.imsc = v & 1;
		break;
	case 0x1c:
		rtc.ris &= ~(uint32_t)v;
		break;
	}
	fuzz_gic_wire(MACHINE_SPI_RTC, rtc.ris & rtc.imsc);
}

/* So many seconds later; the alarm fires if it was passed. */
static void seconds_pass(uint32_t seconds)
{
	uint32_t before = (uint32_t)rtc_read(NULL, 0, 4);

	fake_counter += seconds * 1000000000UL;
	if (rtc.match - before <= seconds)
		rtc.ris |= 1;
	fuzz_gic_wire(MACHINE_SPI_RTC, rtc.ris & rtc.imsc);
}

static int typed = -1; /* a character that waits in the UART */

static int uart_init(paddr_t base)
{
	return 0;
}

static size_t uart_write(const char *text, size_t len)
{
	return len;
}

static int uart_get(void)
{
	int c = typed;

	typed = -1;
	fuzz_gic_wire(MACHINE_SPI_UART, false);
	return c;
}

static void uart_rx_irq(bool on)
{
}

static int uart_nothing(void)
{
	return 0;
}

static const struct uart_ops uart = {
	.compatible = "fuzz,uart",
	.init = uart_init,
	.write = uart_write,
	.get = uart_get,
	.rx_irq = uart_rx_irq,
	.flush = uart_nothing,
	.suspend = uart_nothing,
	.resume = uart_nothing,
};

/* --- what main.c hands down, in its order ---------------------------------------------------- */

static const struct vcpu_module *const vcpu_modules[] = {
	&vgic_vcpu_module,
	&vtimer_vcpu_module,
	&vpsci_vcpu_module,
	&evtchn_vcpu_module,
};

static const struct domain_module domain_modules[] = {
	{ .name = "freeze", .stop = freeze_forget },
	{ .name = "console", .stop = console_forget },
	{ .name = "vmmio", .destroy = vmmio_destroy },
	{ .name = "vgic", .destroy = vgic_destroy },
	{ .name = "vuart", .destroy = vuart_destroy },
	{ .name = "vrtc", .destroy = vrtc_destroy },
	{ .name = "vgpio", .destroy = vgpio_destroy },
	{ .name = "xen", .init = xen_domain_init, .destroy = xen_domain_destroy },
	{ .name = "grant", .init = grant_init, .stop = grant_stop, .destroy = grant_destroy },
	{ .name = "evtchn", .init = evtchn_init, .stop = evtchn_stop, .destroy = evtchn_destroy },
};

static const struct console_key keys[] = {
	{ 'j', "journal", suspend_print_journal },
	{ 'd', "domains", show_domains },
	{ 'r', "registers", dump_state },
};

static bool whole_pending(struct domain *d, uint32_t *vintid)
{
	uint32_t port;

	if (domain_source_on(d, WAKE_EVENT) && evtchn_wake_pending(d, &port)) {
		*vintid = DOMAIN_WAKE_EVENT | port;
		return true;
	}
	return vgic_wake_pending(d, true, 0, vintid);
}

static const struct domain_power_ops power_ops = { .press = vgpio_press, .pending = whole_pending };

static bool vpending(struct domain **owner, uint32_t *vintid)
{
	for (unsigned int i = 0; i < MAX_DOMAINS; i++) {
		struct domain *d = domains[i];

		if (d && !d->dying && (d->privileged || domain_sleeps(d)) &&
		    whole_pending(d, vintid)) {
			*owner = d;
			return true;
		}
	}
	return false;
}

static void machine_down(enum domain_shutdown_reason reason)
{
	FUZZ_CHECK(!fake_locks_held);
	longjmp(machine_over, 1);
}

static void state_event(struct domain *d)
{
	struct domain *dom0 = domain_get(DOMID_DOM0);

	if (!dom0)
		return;
	(void)evtchn_raise_virq(dom0, EVTCHN_VIRQ_DOM_EXC);
	domain_put(dom0);
}

static struct gic_config gic_config = {
	.gicc_size = 8192,
	.gicv_size = 8192,
	.gicd_size = 4096,
	.maintenance_intid = 25,
};

static void hand_down(void)
{
	vcpu_set_modules(vcpu_modules, ARRAY_SIZE(vcpu_modules));
	domain_set_modules(domain_modules, ARRAY_SIZE(domain_modules));
	domain_set_state_hook(state_event);
	domain_set_machine_down(machine_down);
	irq_set_guest_fn(vgic_hw_fired);
	console_set_input(console_io_input);
	console_set_keys(keys, ARRAY_SIZE(keys));
	suspend_set_vpending(vpending);
	domain_power_set_ops(&power_ops);
	sched_set_suspend(suspend_run);
	sched_set_dump(dump_cpu);
	dormouse_set_version("fuzz");
	devices_set_gic(&gic_config);
}

/* --- boot ------------------------------------------------------------------------------------- */

static void boot_cpus(void)
{
	nr_cpus = NR_CPUS;
	for (unsigned int i = 0; i < NR_CPUS; i++) {
		cpu[i].arch.id = i;
		cpu[i].arch.mpidr = i;
		cpu[i].online = true;
		list_init(&cpu[i].timers);
		cpus[i] = &cpu[i];
		fake_cpu_arch[i] = &cpu[i].arch;
		FUZZ_CHECK(sched_init_cpu(&cpu[i]) == 0);
		fake_cpu = i;
		*fake_sysreg(id_aa64isar0_el1) = 1 << 16; /* FEAT_CRC32 */
	}
	fake_cpu = 0;
	fake_barrier_watch(on_barrier);
	fuzz_gic_sample = sample;
	fake_counter = 1000000000000;
}

static void boot_devices(void)
{
	FUZZ_CHECK(irq_init() == 0 && timer_setup(MACHINE_PPI_TIMER) == 0);
	FUZZ_CHECK(irq_request_forwarded(MACHINE_PPI_VIRT, "vtimer", vtimer_fired, NULL) == 0);
	FUZZ_CHECK(irq_request(gic_config.maintenance_intid, "vgic", vgic_maintenance, NULL) == 0);
	irq_enable(MACHINE_PPI_VIRT);
	irq_enable(gic_config.maintenance_intid);
	vtimer_setup(MACHINE_PPI_VIRT, MACHINE_PPI_PHYS);
	for (fake_cpu = NR_CPUS; fake_cpu-- > 0;)
		irq_init_cpu();
	fake_cpu = 0;
	fake_mmio_map(RTC_BASE, PAGE_SIZE, rtc_read, rtc_write, NULL);
	FUZZ_CHECK(pl031_init(pa_make(RTC_BASE)) == 0 && alarm_init(MACHINE_SPI_RTC) == 0);
	FUZZ_CHECK(console_init(&uart, pa_make(UART_BASE)) == 0 &&
	           console_start_input(MACHINE_SPI_UART) == 0);
	suspend_set_grace(100);
	FUZZ_CHECK(suspend_init(NULL) == 0);
}

/* As a kernel that has come up leaves it: the GIC delivers what devices raise, and the UART and the
 * RTC raise it. */
static void start_devices(struct domain *d)
{
	const struct {
		uint64_t at;
		uint32_t value;
	} writes[] = {
		{ DOMU_GICD, 0x13 },
		{ DOMU_GICD + 0x104, ~0U },          /* ISENABLER1 */
		{ DOMU_GICD + 0x420, 0xa0a0a0a0 },   /* IPRIORITYR: UART, RTC, GPIO */
		{ DOMU_GICD + 0x428, 0xa0a0a0a0 },   /* and the wire */
		{ DOMU_UART + 0x38, 0x50 },          /* UARTIMSC: receive, receive timeout */
		{ DOMU_UART + 0x30, 0x301 },         /* UARTCR */
		{ DOMU_RTC + 0x10, 1 },              /* RTCIMSC */
		{ DOMU_GPIO + 0x410, 0x38 },         /* GPIOIE: the keys */
		{ DOMU_GICR + 0x10100, 0xffff0000 }, /* GICv3: PPIs */
		{ DOMU_GICD + 0x100, 0xffff0000 },   /* GICv2: the same */
		{ DOMU_GICD + 0x820, 0x01010101 },   /* GICv2: to vCPU 0 */
		{ DOMU_GICD + 0x828, 0x01010101 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(writes); i++)
		(void)vmmio_write(d->vcpus[0], ipa_make(writes[i].at), 4, writes[i].value);
}

/* Dom0's RAM is its own for good, so it is none of what has to come back. */
static void boot_ram(struct domain *d, void *fixed)
{
	unsigned int order = page_order(MACHINE_RAM_PAGES * PAGE_SIZE);
	void *ram = fixed ? fixed : page_alloc(order);

	FUZZ_CHECK(ram);
	if (fixed)
		FUZZ_CHECK(p2m_add_fixed(d, MACHINE_RAM >> PAGE_SHIFT, ptr_pa(ram),
		                         PAGE_SIZE << order) == 0);
	else
		FUZZ_CHECK(p2m_add_block(d, MACHINE_RAM >> PAGE_SHIFT, ram, order) == 0);
}

static struct domain *boot_domain(uint16_t id, const char *name, unsigned int gic_version,
                                  void *fixed_ram)
{
	const struct guest_devices devices = {
		.gic = { .version = gic_version,
		         .nr_spis = 32,
		         .gicd = ipa_make(DOMU_GICD),
		         .gicr = ipa_make(DOMU_GICR) },
		.uart = { DOMU_UART, DOMU_UART_INTID },
		.rtc = { DOMU_RTC, DOMU_RTC_INTID },
		.gpio = { DOMU_GPIO, DOMU_GPIO_INTID },
	};
	struct domain *d = domain_create(id, name, NR_VCPUS);

	FUZZ_CHECK(d);
	d->xen_ppi = DOMU_XEN_PPI;
	FUZZ_CHECK(vgic_map_gicv(d, &gic_config) == 0);
	FUZZ_CHECK(guest_create_devices(d, name, &devices) == 0);
	boot_ram(d, fixed_ram);
	start_devices(d);
	return d;
}

void machine_boot(unsigned int gic_version)
{
	struct domain *dom0, *domu;
	void *ram;

	gic_config.version = gic_version;
	fuzz_gic_init(gic_version, 4);
	hand_down();
	boot_cpus();
	boot_devices();
	ram = page_alloc(page_order(MACHINE_RAM_PAGES * PAGE_SIZE));
	pages_at_boot = fuzz_pages_out;
	dom0 = boot_domain(DOMID_DOM0, "dom0", gic_version, ram);
	domu = boot_domain(1, "domu", gic_version, NULL);
	FUZZ_CHECK(irq_assign(MACHINE_SPI_WIRE, "wire", domu, MACHINE_SPI_WIRE) == 0);
	FUZZ_CHECK(vgic_assign_hw(domu, MACHINE_SPI_WIRE, MACHINE_SPI_WIRE) == 0);
	console_focus(dom0);
	domain_start(dom0, MACHINE_RAM, 0);
	domain_start(domu, MACHINE_RAM, 0);
	dom0->max_pages = domu->max_pages = 64;
}

/* --- an execution ----------------------------------------------------------------------------- */

/* What happens to the machine from outside. */
static void event(struct input *in)
{
	static const int64_t answers[] = { ARCH_SUSPEND_RESUMED, 0, -3, -6, -1, INT64_MIN };

	switch (in_below(in, 8)) {
	case 0:
		seconds_pass(in_u8(in));
		break;
	case 1:
		typed = in_once_in(in, 4) ? 1 : in_u8(in);
		fuzz_gic_wire(MACHINE_SPI_UART, true);
		break;
	case 2:
		fuzz_gic_wire(MACHINE_SPI_WIRE, in_u8(in) & 1);
		break;
	case 3:
		suspend_answer = answers[in_below(in, ARRAY_SIZE(answers))];
		break;
	case 4:
		stop_answer = in_u8(in) & 1 ? -ETIMEDOUT : 0;
		fuzz_gic_suspend_result = in_u8(in) & 1 ? -ETIMEDOUT : 0;
		break;
	case 5:
		fuzz_gic_wake = in_u8(in) % 128;
		break;
	case 6:
		fuzz_page_budget = in_u8(in);
		break;
	default:
		fake_counter += (uint64_t)in_u8(in) * 1000000;
		break;
	}
}

/*
 * What a domain has mapped is allocated; what is its own is its own alone; and it is charged for
 * that much.
 */
static void check_memory(struct domain *d, uint64_t *seen, uint64_t first)
{
	const uint64_t end = BIT(d->s2.ipa_bits);
	struct stage2_entry e;
	uint64_t own = 0;

	for (uint64_t ipa = 0; (ipa = stage2_next(&d->s2, ipa, end)) < end; ipa += e.contiguous) {
		FUZZ_CHECK(stage2_lookup(&d->s2, ipa_make(ipa), &e) == 0 && e.contiguous);
		if (e.type == STAGE2_DEVICE)
			continue;
		for (uint64_t at = 0; at < e.contiguous; at += PAGE_SIZE) {
			uint64_t n = (e.pa.raw + at - first) / PAGE_SIZE;

			FUZZ_CHECK(fuzz_page_is_taken(pa_ptr(pa_make(e.pa.raw + at))));
			if (!stage2_is_own(e.type))
				continue;
			FUZZ_CHECK(!bitmap_test(seen, (unsigned int)n));
			bitmap_set(seen, (unsigned int)n);
			own++;
		}
	}
	FUZZ_CHECK(own == d->tot_pages);
}

static void check_memory_of_all(void)
{
	static uint64_t seen[BITMAP_WORDS(FUZZ_PAGES)];

	for (unsigned int i = 0; i < MAX_DOMAINS; i++)
		if (domains[i] && !domains[i]->dying)
			check_memory(domains[i], seen, FUZZ_ARENA);
}

static bool others_are_there(const struct domain *dom0)
{
	bool are = false;

	for (unsigned int i = 0; i < MAX_DOMAINS; i++)
		are |= domains[i] && domains[i] != dom0;
	return are;
}

/* It has called SYSTEM_SUSPEND, and the machine is on its way. */
static bool suspends(const struct domain *dom0)
{
	bool does = false;

	for (unsigned int i = 0; i < dom0->nr_vcpus; i++)
		does |= !!(dom0->vcpus[i]->blocked & BIT(VCPU_BLOCK_SUSPEND));
	return does;
}

static void all_turn(void)
{
	fake_counter += 1000000;
	for (unsigned int n = 0; n < NR_CPUS; n++)
		turn(n);
}

/*
 * All domains go, and what they had is free again. Dom0 at last, which nothing in Dormouse can do:
 * the others' ends may be waited for by it.
 */
static void drain(void)
{
	struct domain *dom0 = domains[DOMID_DOM0];
	unsigned int turns = 0;

	input = NULL;
	fuzz_page_budget = -1;
	for (unsigned int i = 1; i < MAX_DOMAINS; i++)
		if (domains[i])
			(void)domain_destroy(domains[i]);
	while ((others_are_there(dom0) || suspends(dom0)) && turns++ < MAX_DRAIN)
		all_turn();
	FUZZ_CHECK(!others_are_there(dom0) && !suspends(dom0));
	dom0->privileged = false;
	FUZZ_CHECK(domain_destroy(dom0) == 0);
	while ((domains[DOMID_DOM0] || fuzz_pages_out != pages_at_boot) && turns++ < MAX_DRAIN)
		all_turn();
	if (fuzz_pages_out != pages_at_boot)
		fuzz_die("%d pages are not given back", (int)(fuzz_pages_out - pages_at_boot));
}

void machine_run(struct input *in, machine_guest_fn *fn)
{
	guest = fn;
	input = in;
	/* Dom0's end is the machine's: everything stops where it is. */
	if (setjmp(machine_over))
		return;
	for (unsigned int i = 0; i < MAX_TURNS && in_more(in); i++) {
		uint8_t what = in_u8(in);

		if (what & 0xe0)
			turn(what & 1);
		else
			event(in);
	}
	check_memory_of_all();
	domain_set_machine_down(NULL);
	drain();
}
