/* SPDX-License-Identifier: Apache-2.0 */
/* Who does what when; destroy.h tells the rest. Keys on the console say go: 's' sleep or stop, 'q'
 * end. */
#include "destroy.h"

#include "gic.h"
#include "platform.h"
#include "psci.h"
#include "smp.h"
#include "timer.h"

#define SEED(cycle) (0x5eed0000 + (cycle))

static const char *const cpu_names[] = { "cpu0", "cpu1", "cpu2", "cpu3" };
#define MAX_HERE ARRAY_SIZE(cpu_names)

static struct devices_state devices[MAX_HERE];
static struct entry_state entries[MAX_HERE];
static struct held holds[MAX_HERE];
static volatile bool ended, said;

static int key(void)
{
	int c;

	do
		c = console_get();
	while (c < 0);
	return c;
}

static unsigned int cpus_here(void)
{
	return plat.nr_cpus < MAX_HERE ? plat.nr_cpus : MAX_HERE;
}

static struct verdict verdict_of(unsigned int cycle)
{
	return (struct verdict) { .where = cpu_names[this_cpu()->id], .cycle = cycle };
}

/* ---- a domain that is frozen while it runs ---- */

/* Asked after each round of the first CPU: the first time, it has been seen to hold. */
static bool key_pressed(void)
{
	bool all = true;

	for (unsigned int n = 0; n < cpus_here(); n++)
		all = all && holds[n].filled;
	if (all && !said) {
		print("destroy: holding %u;\n", holds[0].verdict.cycle);
		said = true;
	}
	ended |= console_get() >= 0;
	return ended;
}

static bool told(void)
{
	return ended;
}

/* Until all of the domain's CPUs have come here. */
static void all_together(void)
{
	static uint32_t arrived;
	uint32_t ticket = __atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST), all = cpus_here();

	while (__atomic_load_n(&arrived, __ATOMIC_SEQ_CST) / all == ticket / all)
		;
}

static void hold_here(void *arg)
{
	unsigned int cycle = (unsigned int)(uintptr_t)arg, id = this_cpu()->id;
	struct verdict v = verdict_of(cycle);

	holds[id] = (struct held) {
		.seed = SEED(cycle) + 16 * id,
		.run = survive_spin,
		.stop = id ? told : key_pressed,
		.verdict = verdict_of(cycle),
	};
	devices_fill(SEED(cycle) + 16 * id, true);
	all_together(); /* nobody looks before everybody has filled, or resets before everybody has
	                   looked */
	devices_keep(&devices[id], true);
	hold(&holds[id]);
	while (!id && !key_pressed()) /* it has ended because something differs */
		;
	devices_compare(&devices[id], &v, true);
	all_together();
	devices_reset();
	compare_end(&v);
}

void peer_run(void)
{
	features_find();
	for (unsigned int n = 1; n < cpus_here(); n++)
		smp_start(n);
	for (unsigned int cycle = 1;; cycle++) {
		ended = said = false;
		for (unsigned int n = 0; n < cpus_here(); n++)
			holds[n].filled = false;
		for (unsigned int n = 1; n < cpus_here(); n++)
			smp_run(n, hold_here, (void *)(uintptr_t)cycle);
		hold_here((void *)(uintptr_t)cycle);
		irq_enable();
		for (unsigned int n = 1; n < cpus_here(); n++)
			smp_join(n);
		print("destroy: held-all %u;\n", cycle);
	}
}

/* ---- Dom0: its CPUs are lost and start anew ---- */

static const struct list_values reset_values = { {
#define RESET(field, reg, reset) [LIST_##field] = (reset),
	GUEST_SYSREGS(RESET)
#undef RESET
} };

static const struct feature_values feature_resets = { {
#define RESET(field, reg, guest_reg, has, reset) [FEATURE_##field] = (reset),
	GUEST_FEATURE_SYSREGS(RESET)
#undef RESET
} };

/* EL1h, all masked, flags clear: DEN0022 6.4.3. */
#define ENTRY_STATE (0xful << 6 | 1ul << 2 | 1)

static void compare_entry(struct verdict *v, const struct entry_state *e)
{
	compare(v, "x", 0, (uintptr_t)e, e->x[0]);
	for (unsigned int i = 1; i < 31; i++)
		compare(v, "x", i, 0, e->x[i]);
	compare(v, "sp", 0, 0, e->sp);
	compare(v, "pstate", 0, ENTRY_STATE, e->pstate);
	compare(v, "cntv_ctl_el0", 0, 0, e->cntv_ctl);
	compare(v, "cntv_cval_el0", 0, 0, e->cntv_cval);
	compare(v, "cntp_ctl_el0", 0, 0, e->cntp_ctl);
	compare(v, "cntp_cval_el0", 0, 0, e->cntp_cval);
	for (unsigned int i = 0; i < 64; i++)
		compare(v, "v", i, 0, e->v[i]);
	compare(v, "fpsr", 0, 0, e->fpsr);
	compare(v, "fpcr", 0, 0, e->fpcr);
	for (unsigned int i = 0; i < NR_LIST; i++)
		if (i != LIST_actlr) /* the machine's own, which nobody writes */
			compare(v, list_names[i], 0, reset_values.v[i], e->list.v[i]);
}

/* Only now: nothing has written them since the entry. On the CPU itself. */
static void compare_features(struct verdict *v)
{
	struct feature_values now = features_get();

	for (unsigned int i = 0; i < NR_FEATURES; i++)
		compare(v, list_names[NR_LIST + i], 0, feature_resets.v[i], now.v[i]);
}

static void off_spoiled(void *arg)
{
	irq_disable();
	this_cpu()->online = false;
	spoil((uintptr_t)arg);
	psci(PSCI_CPU_OFF, 0, 0, 0);
}

static void others_off(uint64_t seed)
{
	for (unsigned int n = 1; n < cpus_here(); n++) {
		smp_start(n);
		smp_run(n, off_spoiled, (void *)(uintptr_t)(seed + 100 + n));
		while (psci(PSCI_AFFINITY_INFO64, cpu_nr(n)->mpidr, 0, 0) != PSCI_AFFINITY_OFF)
			;
	}
}

static void others_compared(struct verdict *v)
{
	for (unsigned int n = 1; n < cpus_here(); n++) {
		cache_clean(&entries[n], sizeof(entries[n]));
		compare(v, "CPU_ON", n, PSCI_SUCCESS,
		        (uint64_t)psci(PSCI_CPU_ON64, cpu_nr(n)->mpidr,
		                       (uintptr_t)destroy_secondary_entry, (uintptr_t)&entries[n]));
		compare(v, "online", n, 1, wait_for(cpu_nr(n)->online, 10000));
		compare_entry(v, &entries[n]);
	}
}

/* Nothing is lost by a suspend that is refused, of whatever the CPU has. */
static void refused(void)
{
	static uint64_t args[4];
	struct held h = {
		.seed = SEED(0),
		.run = plat.psci_hvc ? survive_call_hvc : survive_call_smc,
		.argument = (uintptr_t)args,
		.stop = told,
		.verdict = { .where = "refused", .cycle = 0 },
	};

	args[0] = PSCI_SYSTEM_SUSPEND64;
	args[1] = (uintptr_t)destroy_resume_entry;
	args[2] = (uintptr_t)&entries[0];
	cache_clean(args, sizeof(args));
	ended = true; /* once is enough */
	hold(&h);
	print("destroy: result 0 %ld;\n", (int64_t)args[0]);
}

static void sleep_once(unsigned int cycle)
{
	uint64_t seed = SEED(cycle);
	const uint64_t args[4] = { PSCI_SYSTEM_SUSPEND64, (uintptr_t)destroy_resume_entry,
		                   (uintptr_t)&entries[0] };
	struct verdict v = verdict_of(cycle);
	int64_t result = 0;

	others_off(seed);
	devices_fill(seed, false);
	devices_keep(&devices[0], false);
	cache_clean(&entries[0], sizeof(entries[0]));
	spoil(seed);
	if (!psci_suspend_call(args, plat.psci_hvc, &result)) {
		print("destroy: refused %u %ld;\n", cycle, result);
		psci_system_off();
	}
	compare_entry(&v, &entries[0]);
	compare_features(&v);
	devices_compare(&devices[0], &v, false);
	devices_reset();
	others_compared(&v);
	compare_end(&v);
}

static void dom0_run(void)
{
	features_find();
	walk();
	if (plat.refused)
		refused();
	for (unsigned int cycle = 1;; cycle++) {
		print("destroy: ready %u;\n", cycle);
		if (key() == 'q')
			break;
		sleep_once(cycle);
	}
	print("destroy: end;\n");
	psci_system_off();
}

GUEST_TESTS({ "state by destruction", dom0_run }, );
