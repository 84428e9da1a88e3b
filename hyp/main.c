/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order in which Dormouse comes up, and the only place that sees every layer: what a lower layer
 * needs of a higher one is handed down from here.
 */
#include "arch/bringup.h"
#include "arch/cache.h"
#include "arch/counter.h"
#include "arch/guest.h"
#include "arch/image.h"
#include "arch/report.h"
#include "arch/spinlock.h"
#include "boot/boot.h"
#include "boot/cmdline.h"
#include "boot/domains.h"
#include "boot/hostdt.h"
#include "boot/layout.h"
#include "core/alarm.h"
#include "core/console.h"
#include "core/domain.h"
#include "core/domain_power.h"
#include "core/irq.h"
#include "core/sched.h"
#include "core/show.h"
#include "core/smp.h"
#include "core/timer.h"
#include "dev/gic/gic.h"
#include "dev/psci/psci.h"
#include "dev/rtc/pl031.h"
#include "dev/uart/uart.h"
#include "dev/watchdog/smc_wdt.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/panic.h"
#include "mm/el2map.h"
#include "mm/page.h"
#include "mm/stage2.h"
#include "suspend/deadline.h"
#include "suspend/dump.h"
#include "suspend/freeze.h"
#include "suspend/steps.h"
#include "suspend/suspend.h"
#include "virt/devices.h"
#include "virt/evtchn.h"
#include "virt/grant.h"
#include "virt/idregs.h"
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

#ifndef DORMOUSE_VERSION
#define DORMOUSE_VERSION "unreleased"
#endif

static struct bringup cold_block;
static paddr_t el2_root;
static struct host_info host;
static struct boot_options options;
static struct boot_plan plan;

/* In the order in which they are loaded; saved the other way round. */
static const struct vcpu_module *const vcpu_modules[] = {
	&vgic_vcpu_module,
	&vtimer_vcpu_module, /* behind the vGIC: the timer is off before its interrupt is taken along */
	&vpsci_vcpu_module,
	&evtchn_vcpu_module, /* behind the vGIC: what it latches there isn't reset away */
};

/* What a domain has of them; given back the other way round when it is destroyed. */
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

static struct spinlock log_spinlock;

static void log_lock(bool take)
{
	if (take)
		spin_lock(&log_spinlock);
	else
		spin_unlock(&log_spinlock);
}

static void end_panic(void)
{
	smp_stop_for_panic();
	suspend_machine_ends(false);
	if (options.panic_reset)
		psci_system_reset_warm();
	psci_system_off();
}

static void machine_down(enum domain_shutdown_reason reason)
{
	/* What a watchdog had to end is worth a look afterwards. */
	if (reason != DOMAIN_WATCHDOG)
		suspend_machine_ends(true);
	if (reason == DOMAIN_REBOOT || reason == DOMAIN_WATCHDOG)
		psci_system_reset();
	else
		psci_system_off();
}

static void show_memory(void)
{
	struct page_stats s;

	page_stats(&s);
	log_info("heap: %lu of %lu KiB free", s.free_pages * 4, s.total_pages * 4);
}

static void panic_on_request(void)
{
	panic("asked for on the console");
}

static const struct console_key keys[] = {
	{ 'j', "print the suspend journal", suspend_print_journal },
	{ 'd', "print the domains and their vCPUs", show_domains },
	{ 'm', "print memory use", show_memory },
	{ 'r', "print how EL2 and the interrupt controller are set up", dump_state },
	{ 's', "print the steps of a suspend", steps_print },
	{ '!', "panic, and see what it shows", panic_on_request },
};

/*
 * What is pending for Dom0 or a suspended domain is a wake-up. A domain that is only stopped, unawares, has
 * interrupts under way like any running one: there, its devices' are, but neither its vCPUs' own nor
 * its console's being ready for output. One that is down waits for nothing.
 */
static bool domain_vpending(struct domain *d, uint32_t *vintid)
{
	bool whole = d->privileged || domain_sleeps(d);

	if (d->dying || (!whole && d->state != DOMAIN_RUNNING))
		return false;
	if (d->waking && d->wake_vintid - DOMAIN_WAKE_EVENT < DOMAIN_WAKE_HOST - DOMAIN_WAKE_EVENT) {
		*vintid = d->wake_vintid; /* an event channel's: its mask may hide it from the GIC */
		return true;
	}
	return vgic_wake_pending(d, whole, whole ? 0 : vuart_quiet(d), vintid);
}

/* An event's upcall may be masked while the guest sleeps; so its port is looked at, too. */
static bool whole_pending(struct domain *d, uint32_t *vintid)
{
	uint32_t port;

	if (domain_source_on(d, WAKE_EVENT) && evtchn_wake_pending(d, &port)) {
		*vintid = DOMAIN_WAKE_EVENT | port;
		return true;
	}
	return vgic_wake_pending(d, true, 0, vintid);
}

static const struct domain_power_ops power_ops = {
	.press = vgpio_press,
	.pending = whole_pending,
};

/* The toolstack learns that it should look. */
static void domain_state_event(struct domain *d)
{
	struct domain *dom0 = domain_get(DOMID_DOM0);

	(void)d;
	if (!dom0)
		return;
	(void)evtchn_raise_virq(dom0, EVTCHN_VIRQ_DOM_EXC);
	domain_put(dom0);
}

static bool vpending(struct domain **owner, uint32_t *vintid)
{
	for (unsigned int i = 0; i < MAX_DOMAINS; i++) {
		if (domains[i] && domain_vpending(domains[i], vintid)) {
			*owner = domains[i];
			return true;
		}
	}
	return false;
}

static void hand_down(void)
{
	static const struct el2_config no_traps;
	struct el2_config c = no_traps;

	panic_set_begin(console_emergency);
	panic_set_hook(report_here);
	panic_set_end(end_panic);
	log_take_over();
	log_set_lock(log_lock);
	log_set_clean(dcache_clean);
	guest_set_handlers(&trap_handlers);
	vcpu_set_modules(vcpu_modules, ARRAY_SIZE(vcpu_modules));
	domain_set_modules(domain_modules, ARRAY_SIZE(domain_modules));
	domain_set_state_hook(domain_state_event);
	domain_set_machine_down(machine_down);
	domain_set_rebuild(boot_rebuild);
	irq_set_guest_fn(vgic_hw_fired);
	console_set_input(console_io_input);
	console_set_keys(keys, ARRAY_SIZE(keys));
	suspend_set_vpending(vpending);
	domain_power_set_ops(&power_ops);
	sched_set_suspend(suspend_run);
	sched_set_dump(dump_cpu);
	dormouse_set_version(DORMOUSE_VERSION);
	devices_set_gic(&host.gic); /* filled in by hostdt_parse() */

	c.hcr = trap_hcr_el2();
	c.cptr = trap_cptr_el2();
	c.mdcr = trap_mdcr_el2();
	c.cnthctl = trap_cnthctl_el2();
	c.hstr = trap_hstr_el2();
	c.vtcr = stage2_vtcr((unsigned int)FIELD(sysreg_read(id_aa64mmfr0_el1), 3, 0));
	el2_config_set(&c);
}

/* Ends the boot in one line that says what failed and, if somebody knew more, why and what to do. */
static void must(int err, const char *what)
{
	const char *why = log_last_error();

	if (err && *why)
		fatal("%s: %s", what, why);
	if (err)
		fatal("%s (error %d)", what, err);
}

/* As early as there is anything to say: all that follows may fail. */
static void start_console(const void *fdt)
{
	const struct uart_ops *uart;

	if (hostdt_open(fdt, &host))
		must(-EINVAL, "no usable device tree");
	uart = host.uart.size ? uart_find(host.uart_compatible) : NULL;
	if (!uart)
		return;
	must(el2_map(host.uart.base, host.uart.size, EL2_DEVICE), "no memory to map the UART");
	(void)console_init(uart, host.uart.base);
}

static void start_memory(void)
{
	const struct host_module *kernel = hostdt_module(&host, HOST_MODULE_KERNEL);
	const struct range image = { ptr_pa(image_start).raw,
				     /* static: comparePointers: both are the linker's, of one image */
				     (uint64_t)(image_end - image_start) };

	/* boot_plan() reads its header. */
	if (kernel && ranges_contain(&host.ram, kernel->at.base, kernel->at.size))
		must(el2_map(pa_make(kernel->at.base), PAGE_SIZE, EL2_RAM_PAGES),
		     "no memory for tables");
	must(boot_plan(&host, &options, &image, sysreg_read(mpidr_el1) & MPIDR_AFFINITY, &plan),
	     "the domains cannot be started");
	/* In pages, since guard pages will be taken out of it. */
	must(el2_map(pa_make(plan.heap.base), plan.heap.size, EL2_RAM_PAGES),
	     "no memory for tables");
	boot_add_pages(&plan);
	must(boot_map(&host, &image), "the machine's memory cannot be mapped");
}

static void start_interrupts(void)
{
	const struct gic_config *g = &host.gic;

	must(gic_init(g), "the interrupt controller does not work");
	idregs_init();
	must(irq_init(), "no memory for the interrupt table");
	must(timer_setup(host.timer.hyp), "the hypervisor timer's interrupt is taken");
	must(irq_request_forwarded(host.timer.virt, "vtimer", vtimer_fired, NULL),
	     "the virtual timer's interrupt is taken");
	must(irq_request(g->maintenance_intid, "vgic", vgic_maintenance, NULL),
	     "the GIC's maintenance interrupt is taken");
	irq_enable(host.timer.virt);
	irq_enable(g->maintenance_intid);
	vtimer_setup(host.timer.virt, host.timer.phys);
	must(smp_setup_ipi(), "an SGI is taken");
}

static void start_cpus(void)
{
	must(psci_init(host.psci_smc), "the firmware has no PSCI 0.2 or later: other CPUs, power-off "
				       "and suspend need it");
	must(smp_init(host.mpidr, host.nr_cpus, el2_root), "the CPUs could not be prepared");
	must(smp_init_this_cpu(), "the boot CPU's interrupt controller did not come up");
}

static void start_devices(void)
{
	if (host.rtc.size) {
		if (pl031_init(host.rtc.base))
			log_warn("the RTC is no PL031: no alarms");
		else
			must(alarm_init(host.rtc.intid), "the RTC's interrupt is taken");
	} else {
		log_warn("device tree: no arm,pl031 RTC: alarms cannot wake the machine");
	}
	if (host.uart.size && console_start_input(host.uart.intid))
		log_warn("console: no interrupt, so no input");
	deadline_set_grace(options.hang_limit_s);
	if (smc_wdt_init(&host.watchdog))
		log_info("no watchdog in the firmware: a hang in a step of a suspend isn't caught");
}

__noreturn static void boot_main(uint64_t fdt)
{
	hand_down();
	start_console(pa_ptr(pa_make(fdt)));
	log_info("Dormouse %s at 0x%lx, EL2, device tree at 0x%lx", DORMOUSE_VERSION,
		 (uint64_t)(uintptr_t)image_start, fdt);
	must(cmdline_parse(host.bootargs, &options), "bad command line");
	log_set_level(options.loglevel);
	must(hostdt_parse(&host), "the device tree lacks what Dormouse needs");
	if (!counter_hz())
		fatal("CNTFRQ_EL0 is 0: the firmware must set the system counter's frequency");
	start_memory();
	start_interrupts();
	start_cpus();
	start_devices();
	suspend_set_grace(options.dom0_grace_ms);
	must(suspend_init(options.debug_power ? options.debug_power_arg : NULL),
	     "bad debug-power");
	(void)smp_start_secondaries();
	must(boot_domains(&host, &plan), "a domain could not be built");
	if (options.dom0_vcpus_pin && domain_by_id(DOMID_DOM0))
		sched_pin_domain(domain_by_id(DOMID_DOM0));
	show_memory();
	cpu_loop();
}

struct bringup *boot_prepare(uint64_t fdt);

/* Called by head.S on the boot stack with the MMU off: makes the tables and the block for bringup_common. */
__used struct bringup *boot_prepare(uint64_t fdt)
{
	el2_root = el2_map_image(pa_make(fdt));
	bringup_init(&cold_block, el2_root);
	cold_block.tpidr = (uintptr_t)smp_boot_cpu();
	cold_block.sp = (uintptr_t)boot_stack_top;
	cold_block.entry = (uintptr_t)boot_main;
	cold_block.arg = fdt;
	return &cold_block;
}
