/* SPDX-License-Identifier: Apache-2.0 */
#include "core/smp.h"

#include "abi/psci.h"
#include "arch/barrier.h"
#include "arch/bringup.h"
#include "arch/cache.h"
#include "arch/counter.h"
#include "arch/image.h"
#include "arch/suspend.h"
#include "core/irq.h"
#include "core/sched.h"
#include "core/timer.h"
#include "dev/gic/gic.h"
#include "dev/psci/psci.h"
#include "dev/watchdog/smc_wdt.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/panic.h"
#include "mm/el2map.h"
#include "mm/page.h"

#define STACK_PAGES	2

/* A CPU's own memory: a page never mapped, its stack above, then this, of its own page. */
struct cpu_page {
	struct cpu cpu;
	struct bringup bringup;
};
_Static_assert(sizeof(struct cpu_page) <= PAGE_SIZE, "one page a CPU");

static struct cpu_page boot_page;

static __noreturn void secondary_main(uint64_t arg)
{
	struct cpu *c = (struct cpu *)(uintptr_t)arg;

	if (smp_init_this_cpu()) {
		log_err("CPU %u: its interrupt controller did not come up; it stays off", c->arch.id);
		(void)psci_cpu_off();
		for (;;)
			wfi();
	}
	cpu_loop();
}

static struct bringup *bringup_of(struct cpu *c)
{
	return &container_of(c, struct cpu_page, cpu)->bringup;
}

static void prepare_cpu(struct cpu *c, unsigned int id, uint64_t mpidr, uintptr_t stack_top,
			paddr_t root_table)
{
	struct bringup *b = bringup_of(c);

	c->arch.id = id;
	c->arch.mpidr = mpidr;
	c->arch.stack_top = stack_top;
	list_init(&c->timers);
	cpus[id] = c;
	bringup_init(b, root_table);
	b->tpidr = (uintptr_t)c;
	b->sp = stack_top;
	b->entry = (uintptr_t)secondary_main;
	b->arg = (uintptr_t)c;
}

static struct cpu *alloc_cpu(uintptr_t *stack_top)
{
	/* Four pages: guard, two of stack, the CPU's own. */
	char *block = page_alloc(2);

	if (!block || el2_unmap_page(ptr_pa(block)))
		return NULL;
	*stack_top = (uintptr_t)block + (1 + STACK_PAGES) * PAGE_SIZE;
	return &((struct cpu_page *)*stack_top)->cpu;
}

static int add_secondary(uint64_t mpidr, paddr_t root_table)
{
	uintptr_t stack_top;
	struct cpu *c = alloc_cpu(&stack_top);

	if (!c)
		return -ENOMEM;
	prepare_cpu(c, nr_cpus, mpidr, stack_top, root_table);
	nr_cpus++;
	return sched_init_cpu(c);
}

int smp_init(const uint64_t *mpidrs, unsigned int count, paddr_t root_table)
{
	uint64_t self = sysreg_read(mpidr_el1) & MPIDR_AFFINITY;
	bool listed = false;
	int err;

	for (unsigned int i = 0; i < count; i++)
		listed |= mpidrs[i] == self;
	if (!listed)
		return -ENODEV;

	prepare_cpu(&boot_page.cpu, 0, self, (uintptr_t)boot_stack_top, root_table);
	arch_suspend_init(&boot_page.bringup);
	nr_cpus = 1;
	err = sched_init_cpu(&boot_page.cpu);
	for (unsigned int i = 0; i < count && !err && nr_cpus < MAX_CPUS; i++) {
		if (mpidrs[i] != self)
			err = add_secondary(mpidrs[i], root_table);
	}
	return err;
}

int smp_init_this_cpu(void)
{
	int err;

	el2_config_load();
	err = gic->init_cpu();
	if (err)
		return err;
	irq_init_cpu();
	err = timer_cpu_init();
	if (!err)
		__atomic_store_n(&this_cpu()->online, true, __ATOMIC_RELEASE);
	return err;
}

/* Interrupts are masked at EL2, so only the firmware can say what it is doing. */
static void show_missing(const struct cpu *c, const char *what)
{
	log_err("CPU %u: did not %s within %u ms", c->arch.id, what, CPU_ANSWER_MS);
	smc_wdt_report(c->arch.mpidr);
}

static bool wait_online(const struct cpu *c)
{
	uint64_t limit = counter_now() + counter_from_ms(CPU_ANSWER_MS);

	/* Acquire: pairs with the release in smp_init_this_cpu(). */
	while (!__atomic_load_n(&c->online, __ATOMIC_ACQUIRE)) {
		if (counter_now() > limit)
			return false;
		cpu_relax();
	}
	return true;
}

static bool wait_off(const struct cpu *c)
{
	uint64_t limit = counter_now() + counter_from_ms(CPU_ANSWER_MS);

	while (psci_affinity_info(c->arch.mpidr) != PSCI_AFFINITY_OFF) {
		if (counter_now() > limit)
			return false;
		cpu_relax();
	}
	return true;
}

static int start_cpu(struct cpu *c)
{
	struct bringup *b = bringup_of(c);
	int64_t ret;

	c->work = 0;
	c->loaded = NULL;
	dcache_clean(b, sizeof(*b)); /* read there with the MMU off */
	/* It may be on its way off, if the firmware woke it by mistake; one that stays on is refused below. */
	(void)wait_off(c);
	ret = psci_cpu_on(c->arch.mpidr, bringup_door(), (uintptr_t)b);
	if (ret != PSCI_SUCCESS) {
		log_err("CPU %u: the firmware refused CPU_ON: %ld", c->arch.id, ret);
		return -EIO;
	}
	if (!wait_online(c)) {
		show_missing(c, "come up");
		return -EIO;
	}
	return 0;
}

int smp_start_secondaries(void)
{
	int err = 0;

	for (unsigned int i = 1; i < nr_cpus; i++) {
		if (cpus[i]->online)
			continue;
		if (start_cpu(cpus[i])) {
			err = -EIO;
			sched_evacuate(cpus[i], cpus[0]);
		}
	}
	return err;
}

int smp_stop_secondaries(void)
{
	for (unsigned int i = 1; i < nr_cpus; i++) {
		if (cpus[i]->online)
			cpu_post(cpus[i], CPU_WORK_OFFLINE);
	}
	for (unsigned int i = 1; i < nr_cpus; i++) {
		if (!wait_off(cpus[i])) {
			show_missing(cpus[i], "go off");
			return -ETIMEDOUT;
		}
	}
	return 0;
}

void smp_die(struct cpu *c)
{
	sched_unload();
	gic->exit_cpu();
	sysreg_write(cnthp_ctl_el2, 0);
	isb();
	__atomic_store_n(&c->online, false, __ATOMIC_RELEASE);
	dsb(sy); /* all of this CPU's stores are out before its power goes */
	(void)psci_cpu_off();
	/* Refused (DEN0022 5.5.2: DENIED): back as it was; the boot CPU's wait runs out. */
	if (smp_init_this_cpu())
		panic("CPU %u: neither off nor on", c->arch.id);
}

void smp_kick(struct cpu *c)
{
	if (c->online)
		gic->send_sgi(SMP_SGI_KICK, c->arch.id);
}

struct cpu *smp_boot_cpu(void)
{
	return &boot_page.cpu;
}

static void stop_here(uint32_t intid, void *ctx)
{
	(void)intid;
	(void)ctx;
	for (;;)
		wfi();
}

int smp_setup_ipi(void)
{
	return irq_request(SMP_SGI_STOP, "stop", stop_here, NULL);
}

void smp_stop_for_panic(void)
{
	for_each_cpu(i) {
		if (cpus[i] != this_cpu() && cpus[i]->online)
			gic->send_sgi(SMP_SGI_STOP, cpus[i]->arch.id);
	}
}
