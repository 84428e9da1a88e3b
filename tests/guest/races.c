/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain's sleep against all that another CPU of Dom0 may do to it meanwhile, at random times: each wake-up counts
 * once, none is lost, and the domain is never stuck. It says "r" each time it comes back.
 */
#include "gic.h"
#include "smp.h"
#include "tiny.h"

#define TRIES	   150
#define FEW	   20
#define RANDOM_US  150
#define DENIED	   (-3)

static uint64_t chance_state = 1;

static uint64_t chance(uint64_t below)
{
	chance_state = chance_state * 6364136223846793005ul + 1442695040888963407ul;
	return (chance_state >> 33) % below;
}

/* --- the other CPU; without one, this one does it first ------------------------------------- */

static struct {
	unsigned int domid;
	uint64_t delay_us;
	int64_t result;
	struct dm_op op;
	struct xen_domctl domctl;
} other;

static void other_resumes(void *arg)
{
	(void)arg;
	delay_us(other.delay_us);
	memset(&other.op, 0, sizeof(other.op));
	other.op.version = DM_OP_VERSION;
	other.op.op = DM_OP_RESUME;
	other.op.u.domid = (uint16_t)other.domid;
	other.result = hypercall(DM_HYPERCALL, (uintptr_t)&other.op, 0);
}

static void other_pauses(void *arg)
{
	(void)arg;
	delay_us(other.delay_us);
	for (unsigned int i = 0; i < 2; i++) {
		memset(&other.domctl, 0, sizeof(other.domctl));
		other.domctl.cmd = i ? XEN_DOMCTL_unpausedomain : XEN_DOMCTL_pausedomain;
		other.domctl.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
		other.domctl.domain = (domid_t)other.domid;
		other.result = hypercall(__HYPERVISOR_domctl, (uintptr_t)&other.domctl, 0);
	}
}

static void begin(void (*fn)(void *arg), unsigned int domid)
{
	other.domid = domid;
	other.delay_us = chance(RANDOM_US);
	other.result = 1;
	if (plat.nr_cpus > 1)
		smp_run(1, fn, 0);
	else
		fn(0);
}

static void end(void)
{
	if (plat.nr_cpus > 1)
		smp_join(1);
}

/* --- this one ---------------------------------------------------------------------------- */

static int64_t resume(unsigned int domid)
{
	memset(&op, 0, sizeof(op));
	op.u.domid = (uint16_t)domid;
	return do_op(DM_OP_RESUME);
}

static unsigned int start(void)
{
	unsigned int domid = build();

	console_cursor = 0;
	if (plat.nr_cpus > 1 && !smp_start(1))
		return 0;
	if (!domid || !check_eq(do_domctl(XEN_DOMCTL_unpausedomain, domid), 0) || !says(domid, "hi"))
		return 0;
	return domid;
}

/* It suspends, or has and was woken; in the end it is awake, and has come back once. */
static bool comes_back_once(unsigned int domid, bool resumed)
{
	if (!resumed)
		resumed = check(comes_to(domid, DM_STATE_SUSPENDED)) && check_eq(resume(domid), 0);
	return resumed && says(domid, "r") && check(counts()) && check_eq(resume(domid), -EINVAL);
}

static void resume_and_resume(void)
{
	unsigned int domid = start();

	need(domid);
	for (unsigned int i = 0; i < TRIES; i++) {
		unsigned int times = 0;

		begin(other_resumes, domid);
		tell(1);
		delay_us(chance(RANDOM_US));
		times += resume(domid) == 0;
		end();
		times += other.result == 0;
		check(other.result == 0 || other.result == -EINVAL);
		need(check(times <= 1));
		need(comes_back_once(domid, times));
		check_eq(state_of(domid)->suspends, i + 1);
	}
	destroy(domid);
}

static void resume_and_pause(void)
{
	unsigned int domid = start();

	need(domid);
	for (unsigned int i = 0; i < TRIES; i++) {
		bool resumed;

		tell(1);
		begin(other_pauses, domid);
		delay_us(chance(RANDOM_US));
		resumed = resume(domid) == 0;
		end();
		check_eq(other.result, 0);
		need(comes_back_once(domid, resumed));
		check_eq(state_of(domid)->pause_count, 0);
	}
	destroy(domid);
}

/* Whatever it is doing; and nothing of it stays behind. */
static void destroy_and_all(void)
{
	uint64_t before = free_pages();

	for (unsigned int i = 0; i < FEW; i++) {
		unsigned int domid = start();

		need(domid);
		tell(1);
		begin(i & 1 ? other_resumes : other_pauses, domid);
		delay_us(chance(RANDOM_US));
		destroy(domid);
		end();
		check(other.result == 0 || other.result == -EINVAL || other.result == -ESRCH);
	}
	for (uint64_t until = deadline_ms(WAIT_MS); free_pages() != before && !passed(until);)
		;
	check_eq(free_pages(), before);
}

/* --- the machine's own sleep, as far as it goes without one ------------------------------------ */

static bool machine_sleeps(uint32_t turn_back, int64_t *result)
{
	const uint64_t args[4] = { PSCI_SYSTEM_SUSPEND64, (uintptr_t)resume_entry, 0 };
	bool slept;

	memset(&op, 0, sizeof(op));
	op.u.phase = turn_back;
	check_eq(do_op(DM_OP_TEST), 0);
	irq_disable();
	slept = psci_suspend_call(args, plat.psci_hvc, result);
	if (slept)
		gic_cpu_interface_on();
	memset(&op, 0, sizeof(op));
	check_eq(do_op(DM_OP_DOM0_READY), 0);
	return slept;
}

static void machine_and_domain(void)
{
	unsigned int domid = start();
	int64_t result;

	need(domid);
	need(smp_stop_all());
	for (unsigned int i = 0; i < TRIES; i++) {
		bool resumed;

		tell(1);
		delay_us(chance(RANDOM_US));
		resumed = resume(domid) == 0;
		if (i & 1)
			delay_us(chance(RANDOM_US));
		need(check(machine_sleeps(i % 5 ? DM_PHASE_FREEZE : DM_PHASE_CORE, &result)));
		need(comes_back_once(domid, resumed));
	}
	destroy(domid);
}

static bool set_policy(unsigned int domid, uint32_t host_suspend)
{
	memset(&op, 0, sizeof(op));
	op.u.policy.domid = (uint16_t)domid;
	op.u.policy.set = DM_POLICY_HOST_SUSPEND | DM_POLICY_VETO_MS;
	op.u.policy.host_suspend = host_suspend;
	op.u.policy.veto_ms = 100;
	return check_eq(do_op(DM_OP_POLICY), 0);
}

static unsigned int blockers(void)
{
	static struct dm_blocker list[4];

	memset(&op, 0, sizeof(op));
	op.u.list.buffer = (uintptr_t)list;
	op.u.list.max = ARRAY_SIZE(list);
	check_eq(do_op(DM_OP_BLOCKERS), 0);
	return op.u.list.count;
}

/* tiny.S doesn't know what a key is. */
static void policies(void)
{
	unsigned int domid = start();
	int64_t result = 0;
	uint64_t before;

	need(domid);
	need(smp_stop_all());
	need(set_policy(domid, DM_HOST_SUSPEND_REQUIRE));
	check_eq(blockers(), 1);
	check(!machine_sleeps(DM_PHASE_CORE, &result));
	check_eq(result, DENIED);
	check(counts());

	need(set_policy(domid, DM_HOST_SUSPEND_VETO));
	check_eq(blockers(), 0);
	before = count_virt();
	check(!machine_sleeps(DM_PHASE_CORE, &result));
	check_eq(result, DENIED);
	check(count_virt() - before >= ticks_us(100000));
	check(counts());

	/* Asleep by itself it has nothing to say, and sleeps on. */
	tell(1);
	need(check(comes_to(domid, DM_STATE_SUSPENDED)));
	check_eq(blockers(), 0);
	check(machine_sleeps(DM_PHASE_CORE, &result));
	check_eq(state_of(domid)->state, DM_STATE_SUSPENDED);
	need(comes_back_once(domid, false));

	/* It isn't dressed yet when it is asked, but in bed in time. */
	tell(1);
	check(machine_sleeps(DM_PHASE_CORE, &result));
	need(comes_back_once(domid, state_of(domid)->state == DM_STATE_RUNNING));
	destroy(domid);
}

/* It runs out while the domain runs, and doesn't while it can't be fed. */
static void watchdogs(void)
{
	unsigned int domid = start();

	need(domid);
	tell(5);
	check(counts());
	check_eq(do_domctl(XEN_DOMCTL_pausedomain, domid), 0);
	delay_us(2500000);
	check_eq(state_of(domid)->state, DM_STATE_RUNNING);
	check_eq(do_domctl(XEN_DOMCTL_unpausedomain, domid), 0);
	tell(1);
	need(check(comes_to(domid, DM_STATE_SUSPENDED)));
	delay_us(2500000);
	check_eq(state_of(domid)->state, DM_STATE_SUSPENDED);
	need(comes_back_once(domid, false));
	look();
	check_eq(counter[3], 1); /* its number */
	check(comes_to(domid, DM_STATE_SHUTDOWN));
	check_eq(state_of(domid)->shutdown_reason, SHUTDOWN_watchdog);
	destroy(domid);
}

GUEST_TESTS({ "resume and resume", resume_and_resume }, { "resume and pause", resume_and_pause },
	    { "destroy and all", destroy_and_all }, { "the machine and the domain", machine_and_domain },
	    { "policies", policies }, { "watchdogs", watchdogs });
