/* SPDX-License-Identifier: Apache-2.0 */
/* Hypercall 48 (include/abi/dormouse.h), as the tool calls it, and as a hostile caller does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "abi/domu.h"
#include "abi/dormouse.h"
#include "control_fake.h"
#include "lib/err.h"
#include "virt/hypercall/dormouse.h"

static struct dm_op op;
static int there; /* stands for a UART */

static int setup(void **state)
{
	control_fake_reset();
	fake_domains[1].vuart = (struct vuart *)&there;
	memset(&op, 0, sizeof(op));
	return 0;
}

static int64_t call(uint32_t nr)
{
	op.op = nr;
	op.version = DM_OP_VERSION;
	return control_call(hypercall_dormouse_op, &op, sizeof(op));
}

static void refusals(void **state)
{
	const uint64_t nowhere[HYPERCALL_ARGS] = { 0x1000 };
	const uint64_t args[HYPERCALL_ARGS] = { fake_guest_va(&op) };

	assert_int_equal(hypercall_dormouse_op(fake_caller, nowhere), -EFAULT);
	assert_int_equal(call(DM_NR_OPS), -ENOSYS);
	assert_int_equal(call(UINT32_MAX), -ENOSYS);
	op.version = DM_OP_VERSION + 1;
	op.op = DM_OP_INFO;
	assert_int_equal(control_call(hypercall_dormouse_op, &op, sizeof(op)), -EACCES);
	/* A struct that can't take the answer: nothing is done. */
	fake_guest_reset();
	fake_guest_give(&op, sizeof(op), false);
	op = (struct dm_op){ .version = DM_OP_VERSION, .op = DM_OP_DOM0_READY };
	assert_int_equal(hypercall_dormouse_op(fake_caller, args), -EFAULT);
	assert_int_equal(fake.dom0_ready, 0);
}

static void unknown_domains(void **state)
{
	static const uint32_t by_domain[] = {
		DM_OP_WAKEUP, DM_OP_POLICY,	   DM_OP_KEY,		DM_OP_RESUME,
		DM_OP_NAME,   DM_OP_CONSOLE_READ, DM_OP_CONSOLE_WRITE, DM_OP_DEVICES,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(by_domain); i++) {
		op.u.domid = 2;
		assert_int_equal(call(by_domain[i]), -ESRCH);
		op.u.domid = DM_DOMID_NONE;
		assert_int_equal(call(by_domain[i]), -ESRCH);
	}
	fake_domains[1].dying = true;
	op.u.domid = 1;
	assert_int_equal(call(DM_OP_KEY), -ESRCH);
}

static void info(void **state)
{
	dormouse_set_version("0.3 of a version longer than there is room for");
	fake_counter = 5000;
	fake.nr_records = 7;
	memset(&op.u, 0xff, sizeof(op.u));
	assert_int_equal(call(DM_OP_INFO), 0);
	assert_int_equal(op.u.info.now_ns, op.u.info.now_ticks);
	assert_in_range(op.u.info.now_ticks, 5000, 6000);
	assert_int_equal(op.u.info.ticks_per_second, 1000000000);
	assert_int_equal(op.u.info.flags, DM_INFO_HOST_SUSPEND | DM_INFO_TEST | DM_INFO_FAULTS);
	assert_int_equal(op.u.info.journal_last, 7);
	assert_int_equal(op.u.info.sleeps[DM_OUTCOME_SLEPT], 10 + DM_OUTCOME_SLEPT);
	assert_int_equal(op.u.info.sleeps[7], 0);
	assert_int_equal(op.u.info.grace_ms, 2000);
	assert_int_equal(op.u.info.nr_cpus, 2);
	assert_int_equal(strlen(op.u.info.version), 23);
}

static struct dm_domain list[4];

static int64_t list_domains(uint64_t cursor, uint32_t max)
{
	op.u.list = (struct dm_op_list){
		.cursor = cursor, .max = max, .buffer = fake_guest_va(list), .count = 99
	};
	return call(DM_OP_DOMAINS);
}

static void domain_list(void **state)
{
	fake_guest_give(list, sizeof(list), true);
	assert_int_equal(list_domains(0, 4), 0);
	assert_int_equal(op.u.list.count, 3);
	assert_int_equal(list[2].domid, 5);
	assert_int_equal(list_domains(op.u.list.cursor, 4), 0);
	assert_int_equal(op.u.list.count, 0);
	assert_int_equal(list_domains(0, 1), 0);
	assert_int_equal(list[0].domid, 0);
	assert_int_equal(list_domains(op.u.list.cursor, 1), 0);
	assert_int_equal(list[0].domid, 1);
	assert_int_equal(list_domains(op.u.list.cursor, 1), 0);
	assert_int_equal(list[0].domid, 5);
	assert_int_equal(list_domains(0, 0), -EINVAL);
	assert_int_equal(list_domains(0x10000, 4), 0); /* doesn't come round to 0 */
	assert_int_equal(op.u.list.count, 0);
	assert_int_equal(list_domains(UINT64_MAX, UINT32_MAX), 0);
	assert_int_equal(op.u.list.count, 0);
	assert_int_equal(list_domains(0, UINT32_MAX), 0);
	assert_int_equal(op.u.list.count, 3);
	fake_guest_reset();
	fake_guest_give(&op, sizeof(op), true);
	fake_guest_give(list, sizeof(list[0]), true);
	assert_int_equal(list_domains(0, 4), -EFAULT);
	assert_int_equal(op.u.list.count, 99); /* nothing was written back */
}

static void domain_in_the_list(void **state)
{
	struct domain *d = &fake_domains[1];
	const struct dm_domain *l = &list[0];

	fake_guest_give(list, sizeof(list), true);
	memset(list, 0xff, sizeof(list));
	d->pause_count = 3;
	d->host_suspend = HOST_SUSPEND_VETO;
	d->time_policy = TIME_FROZEN;
	d->vcpus[0]->wakeups = 4;
	d->vcpus[1]->wakeups = 5;
	fake.devices = DM_DEVICE_UART | DM_DEVICE_KEYS;
	fake.info[0] = (struct sched_info){ .online = true, .cpu_time_ns = 100 };
	fake.info[1] = (struct sched_info){ .online = true, .cpu_time_ns = 11 };
	fake.cap = 50;
	fake.wake_sources = DM_WAKE_ALARM | DM_WAKE_COMMAND;
	fake.wake = (struct domain_wake_info){
		.source = WAKE_ALARM, .number = 33, .name = "rtc", .slept = true, .count = 6
	};
	assert_int_equal(list_domains(1, 1), 0);
	assert_int_equal(l->domid, 1);
	assert_int_equal(l->state, DM_STATE_RUNNING);
	assert_int_equal(l->shutdown_reason, 0xff);
	assert_int_equal(l->flags, DM_DOMAIN_CONSOLE | DM_DOMAIN_KEYS | DM_DOMAIN_FOCUS |
					   DM_DOMAIN_SLEPT);
	assert_int_equal(l->pause_count, 3);
	assert_int_equal(l->nr_vcpus, 2);
	assert_int_equal(l->nr_online, 2);
	assert_int_equal(l->weight, 256);
	assert_int_equal(l->cap, 50);
	assert_int_equal(l->host_suspend, DM_HOST_SUSPEND_VETO);
	assert_int_equal(l->time, DM_TIME_FROZEN);
	assert_int_equal(l->reserved, 0);
	assert_int_equal(l->wake_sources, DM_WAKE_ALARM | DM_WAKE_COMMAND);
	assert_int_equal(l->last_wake, DM_WAKE_ALARM);
	assert_int_equal(l->last_wake_id, 33);
	assert_string_equal(l->last_wake_name, "rtc");
	assert_int_equal(l->suspends, 6);
	assert_int_equal(l->tot_pages, 1001);
	assert_int_equal(l->max_pages, 2001);
	assert_int_equal(l->cpu_time_ns, 111);
	assert_int_equal(l->wakeups, 9);
	assert_string_equal(l->name, "web");
	assert_int_equal(list_domains(0, 1), 0);
	assert_true(l->flags & DM_DOMAIN_PRIVILEGED);
	assert_false(l->flags & DM_DOMAIN_FOCUS);
}

static void true_states(void **state)
{
	struct domain *d = &fake_domains[1];
	static const struct {
		enum domain_state state;
		enum domain_shutdown_reason reason;
		uint8_t shown, shown_reason;
	} cases[] = {
		{ DOMAIN_BUILDING, 0, DM_STATE_BUILDING, 0xff },
		{ DOMAIN_SUSPENDED, 0, DM_STATE_SUSPENDED, 0xff },
		{ DOMAIN_SHUTDOWN, DOMAIN_REBOOT, DM_STATE_SHUTDOWN, 1 },
		{ DOMAIN_SHUTDOWN, DOMAIN_SUSPEND, DM_STATE_SHUTDOWN, 2 },
		{ DOMAIN_CRASHED, DOMAIN_CRASH, DM_STATE_CRASHED, 3 },
	};

	fake_guest_give(list, sizeof(list), true);
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		d->state = cases[i].state;
		d->shutdown_reason = cases[i].reason;
		assert_int_equal(list_domains(1, 1), 0);
		assert_int_equal(list[0].state, cases[i].shown);
		assert_int_equal(list[0].shutdown_reason, cases[i].shown_reason);
		assert_int_equal(list[0].suspends, d->state == DOMAIN_SUSPENDED);
	}
	d->dying = true;
	assert_int_equal(list_domains(1, 1), 0);
	assert_int_equal(list[0].state, DM_STATE_DYING);
}

static void journal(void **state)
{
	static struct dm_journal_record r[40];

	fake_guest_give(r, sizeof(r), true);
	fake.nr_records = 35;
	op.u.list = (struct dm_op_list){ .max = 40, .buffer = fake_guest_va(r) };
	assert_int_equal(call(DM_OP_JOURNAL), 0);
	assert_int_equal(op.u.list.count, 32); /* so many at a time */
	assert_int_equal(r[31].sequence, 32);
	assert_int_equal(op.u.list.cursor, 33);
	assert_int_equal(call(DM_OP_JOURNAL), 0);
	assert_int_equal(op.u.list.count, 3);
	assert_int_equal(r[2].sequence, 35);
	assert_int_equal(call(DM_OP_JOURNAL), 0);
	assert_int_equal(op.u.list.count, 0);
	op.u.list.cursor = 7;
	op.u.list.max = 5;
	assert_int_equal(call(DM_OP_JOURNAL), 0);
	assert_int_equal(op.u.list.count, 5);
	assert_int_equal(r[4].sequence, 11);
	op.u.list.max = 0;
	assert_int_equal(call(DM_OP_JOURNAL), -EINVAL);
	op.u.list = (struct dm_op_list){ .max = UINT32_MAX, .buffer = 0x1000 };
	assert_int_equal(call(DM_OP_JOURNAL), -EFAULT);
}

static void blockers(void **state)
{
	static struct dm_blocker b[8];

	fake_guest_give(b, sizeof(b), true);
	memset(b, 0xff, sizeof(b));
	op.u.list = (struct dm_op_list){ .max = 8, .buffer = fake_guest_va(b) };
	assert_int_equal(call(DM_OP_BLOCKERS), 0);
	assert_int_equal(op.u.list.count, 0);
	fake.nr_blockers = 6;
	assert_int_equal(call(DM_OP_BLOCKERS), 0);
	assert_int_equal(op.u.list.count, 4);
	assert_int_equal(b[0].domid, DM_DOMID_NONE);
	assert_string_equal(b[0].name, "firmware");
	assert_int_equal(b[3].domid, 3);
	assert_string_equal(b[3].reason, "it is awake");
	assert_int_equal(b[3].reserved[2], 0);
	assert_int_equal(call(DM_OP_BLOCKERS), 0);
	assert_int_equal(op.u.list.count, 2);
	assert_int_equal(b[1].domid, 5);
	assert_int_equal(call(DM_OP_BLOCKERS), 0);
	assert_int_equal(op.u.list.count, 0);
	op.u.list.cursor = 2;
	op.u.list.max = 1;
	assert_int_equal(call(DM_OP_BLOCKERS), 0);
	assert_int_equal(op.u.list.count, 1);
	assert_int_equal(b[0].domid, 2);
	op.u.list.max = 0;
	assert_int_equal(call(DM_OP_BLOCKERS), -EINVAL);
	op.u.list = (struct dm_op_list){ .max = 1, .buffer = 0x1000 };
	assert_int_equal(call(DM_OP_BLOCKERS), -EFAULT);
}

static int64_t wakeup(unsigned int domid, uint32_t change, uint32_t sources)
{
	op.u.wakeup = (struct dm_op_wakeup){
		.domid = (uint16_t)domid, .change = change, .sources = sources
	};
	return call(DM_OP_WAKEUP);
}

static void wakeup_switches(void **state)
{
	assert_int_equal(wakeup(1, DM_WAKE_ALARM | DM_WAKE_KEY, DM_WAKE_KEY), 0);
	assert_int_equal(op.u.wakeup.sources, DM_WAKE_ALL & ~DM_WAKE_ALARM);
	assert_int_equal(wakeup(1, 0, 0), 0);
	assert_int_equal(op.u.wakeup.sources, DM_WAKE_ALL & ~DM_WAKE_ALARM);
	assert_int_equal(wakeup(1, DM_WAKE_ALL, 0), 0);
	assert_int_equal(fake.wake_sources, 0);
	assert_int_equal(wakeup(1, 0x40, 0x40), -EINVAL);
	assert_int_equal(wakeup(0, DM_WAKE_ALARM, 0), -EOPNOTSUPP);
	assert_int_equal(wakeup(0, 0, 0), 0);
}

static int64_t policy(uint32_t set, uint32_t host_suspend, uint32_t time, uint32_t veto_ms)
{
	op.u.policy = (struct dm_op_policy){
		.domid = 1, .set = set, .host_suspend = host_suspend, .time = time, .veto_ms = veto_ms
	};
	return call(DM_OP_POLICY);
}

static void policies(void **state)
{
	assert_int_equal(policy(0, 99, 99, 0), 0);
	assert_int_equal(op.u.policy.host_suspend, DM_HOST_SUSPEND_FREEZE);
	assert_int_equal(op.u.policy.time, DM_TIME_CONTINUOUS);
	assert_int_equal(op.u.policy.veto_ms, 10000);
	assert_int_equal(policy(7, DM_HOST_SUSPEND_VETO, DM_TIME_FROZEN, 5000), 0);
	assert_int_equal(fake_domains[1].host_suspend, HOST_SUSPEND_VETO);
	assert_int_equal(fake_domains[1].time_policy, TIME_FROZEN);
	assert_int_equal(fake.veto_ms, 5000);
	assert_int_equal(policy(DM_POLICY_TIME, 99, DM_TIME_CONTINUOUS, 0), 0);
	assert_int_equal(op.u.policy.host_suspend, DM_HOST_SUSPEND_VETO);
	/* All of it is right, or nothing is done. */
	assert_int_equal(policy(7, DM_HOST_SUSPEND_FREEZE, DM_TIME_FROZEN, 0), -EINVAL);
	assert_int_equal(policy(7, DM_HOST_SUSPEND_FREEZE, DM_TIME_FROZEN, 600001), -EINVAL);
	assert_int_equal(policy(3, DM_HOST_SUSPEND_FREEZE, DM_NR_TIMES, 0), -EINVAL);
	assert_int_equal(policy(1, DM_NR_HOST_SUSPENDS, 0, 0), -EINVAL);
	assert_int_equal(policy(8, 0, 0, 0), -EINVAL);
	assert_int_equal(fake_domains[1].host_suspend, HOST_SUSPEND_VETO);
	assert_int_equal(fake_domains[1].time_policy, TIME_CONTINUOUS);
}

static void keys(void **state)
{
	op.u.key = (struct dm_op_key){ .domid = 1, .key = DM_KEY_RESTART };
	assert_int_equal(call(DM_OP_KEY), 0);
	assert_int_equal(fake.pressed, DM_KEY_RESTART);
	op.u.key.key = DM_NR_KEYS;
	assert_int_equal(call(DM_OP_KEY), -EINVAL);
	op.u.key.key = 0xffff;
	assert_int_equal(call(DM_OP_KEY), -EINVAL);
	assert_int_equal(fake.pressed, DM_KEY_RESTART);
	op.u.key.key = DM_KEY_SLEEP;
	fake.press_err = -EBUSY;
	assert_int_equal(call(DM_OP_KEY), -EBUSY);
}

static void resuming(void **state)
{
	op.u.domid = 1;
	fake.resume_shutdown_err = -EINVAL;
	assert_int_equal(call(DM_OP_RESUME), -EINVAL);
	assert_int_equal(fake.resumed, 0);
	fake_domains[1].state = DOMAIN_SUSPENDED;
	assert_int_equal(call(DM_OP_RESUME), 0);
	assert_int_equal(fake.resumed, 1);
	fake.resume_err = -EPERM;
	assert_int_equal(call(DM_OP_RESUME), -EPERM);
}

static void machine_sleep(void **state)
{
	assert_int_equal(call(DM_OP_DOM0_READY), 0);
	assert_int_equal(fake.dom0_ready, 1);
	op.u.phase = DM_PHASE_DEVICES;
	assert_int_equal(call(DM_OP_TEST), 0);
	assert_int_equal(fake.test_level, DM_PHASE_DEVICES);
	op.u.phase = DM_PHASE_COMMIT;
	assert_int_equal(call(DM_OP_TEST), -EINVAL);
	op.u.phase = DM_TEST_OFF;
	assert_int_equal(call(DM_OP_TEST), 0);
	assert_int_equal(fake.test_level, DM_TEST_OFF);
}

static void faults(void **state)
{
	static char text[DM_FAULTS_MAX + 1];

	memset(text, 'x', sizeof(text));
	memcpy(text, "fail:gic,slow:rtc:5", 19);
	fake_guest_give(text, sizeof(text), false);
	op.u.faults = (struct dm_op_faults){ .buffer = fake_guest_va(text), .size = 19 };
	assert_int_equal(call(DM_OP_FAULTS), 0);
	assert_string_equal(fake.faults, "fail:gic,slow:rtc:5");
	op.u.faults.size = DM_FAULTS_MAX;
	assert_int_equal(call(DM_OP_FAULTS), 0);
	assert_int_equal(strlen(fake.faults), DM_FAULTS_MAX);
	op.u.faults.size = 0;
	assert_int_equal(call(DM_OP_FAULTS), 0);
	assert_string_equal(fake.faults, "");
	op.u.faults.size = DM_FAULTS_MAX + 1;
	assert_int_equal(call(DM_OP_FAULTS), -EINVAL);
	op.u.faults = (struct dm_op_faults){ .buffer = 0x1000, .size = 4 };
	assert_int_equal(call(DM_OP_FAULTS), -EFAULT);
	op.u.faults.size = 0;
	assert_int_equal(call(DM_OP_INFO), 0);
	assert_true(op.u.info.flags & DM_INFO_FAULTS);
	fake.faults_err = -EOPNOTSUPP;
	memset(&op, 0, sizeof(op));
	assert_int_equal(call(DM_OP_FAULTS), -EOPNOTSUPP);
	assert_int_equal(call(DM_OP_INFO), 0);
	assert_false(op.u.info.flags & DM_INFO_FAULTS);
}

static char buffer[5000];

static int64_t console(uint32_t nr, unsigned int domid, uint32_t size)
{
	op.u.console.domid = (uint16_t)domid;
	op.u.console.size = size;
	op.u.console.buffer = fake_guest_va(buffer);
	return call(nr);
}

static void console_output(void **state)
{
	fake_guest_give(buffer, sizeof(buffer), true);
	fake.out_end = 4500;
	assert_int_equal(console(DM_OP_CONSOLE_READ, 1, sizeof(buffer)), 0);
	assert_int_equal(op.u.console.count, 4096);
	assert_int_equal(op.u.console.cursor, 4096);
	assert_int_equal(buffer[4095], 'a' + 4095 % 26);
	assert_int_equal(console(DM_OP_CONSOLE_READ, 1, 10), 0);
	assert_int_equal(op.u.console.count, 10);
	assert_int_equal(console(DM_OP_CONSOLE_READ, 1, UINT32_MAX), 0);
	assert_int_equal(op.u.console.count, 394);
	assert_int_equal(console(DM_OP_CONSOLE_READ, 1, 100), 0);
	assert_int_equal(op.u.console.count, 0);
	assert_int_equal(console(DM_OP_CONSOLE_READ, 1, 0), 0);
	assert_int_equal(console(DM_OP_CONSOLE_READ, 5, 10), -ENODEV);
	op.u.console = (struct dm_op_console){ .domid = 1, .size = 10, .buffer = 0x1000 };
	assert_int_equal(call(DM_OP_CONSOLE_READ), -EFAULT);
	assert_int_equal(op.u.console.cursor, 0);
}

static void console_input(void **state)
{
	fake_guest_give(buffer, 300, false);
	memcpy(buffer, "hello", 5);
	assert_int_equal(console(DM_OP_CONSOLE_WRITE, 1, 5), 0);
	assert_int_equal(op.u.console.count, 5);
	assert_memory_equal(fake.in, "hello", 5);
	fake.in_len = 0;
	fake.in_max = 100;
	assert_int_equal(console(DM_OP_CONSOLE_WRITE, 1, 300), 0);
	assert_int_equal(op.u.console.count, 100); /* its queue is full */
	assert_int_equal(console(DM_OP_CONSOLE_WRITE, 1, 5), 0);
	assert_int_equal(op.u.console.count, 0);
	fake.in_len = 0;
	assert_int_equal(console(DM_OP_CONSOLE_WRITE, 5, 5), -ENODEV);
	op.u.console = (struct dm_op_console){ .domid = 1, .size = 10, .buffer = 0x1000 };
	assert_int_equal(call(DM_OP_CONSOLE_WRITE), -EFAULT);
	assert_int_equal(fake.in_len, 0);
}

static int64_t name(unsigned int domid, unsigned int set, const char *to)
{
	op.u.name.domid = (uint16_t)domid;
	op.u.name.set = (uint16_t)set;
	memset(op.u.name.name, 'x', sizeof(op.u.name.name));
	memcpy(op.u.name.name, to, strlen(to) < 32 ? strlen(to) + 1 : 32);
	return call(DM_OP_NAME);
}

static void names(void **state)
{
	assert_int_equal(name(1, 0, ""), 0);
	assert_string_equal(op.u.name.name, "web");
	assert_int_equal(name(1, 1, "shop"), 0);
	assert_string_equal(fake_domains[1].name, "shop");
	assert_int_equal(name(1, 1, "shop"), 0); /* its own */
	assert_int_equal(name(1, 1, "db"), -EEXIST);
	assert_int_equal(name(1, 1, "dom0"), -EEXIST);
	assert_int_equal(name(1, 1, ""), -EINVAL);
	assert_int_equal(name(1, 1, "a b"), -EINVAL);
	assert_int_equal(name(1, 1, "a/b"), -EINVAL);
	assert_int_equal(name(1, 1, "a\nb"), -EINVAL);
	assert_int_equal(name(1, 1, "\xc3\xa4"), -EINVAL);
	assert_int_equal(name(1, 1, "0123456789012345678901234567890"), 0); /* 31 */
	assert_int_equal(name(1, 1, "01234567890123456789012345678901"), -EINVAL);
	assert_int_equal(name(1, 2, "x"), -EINVAL);
	assert_string_equal(fake_domains[1].name, "0123456789012345678901234567890");
}

static int64_t devices(unsigned int domid, uint32_t what)
{
	memset(&op.u, 0xff, sizeof(op.u));
	op.u.devices.domid = (uint16_t)domid;
	op.u.devices.add = what;
	return call(DM_OP_DEVICES);
}

static void device_addresses(void **state)
{
	const struct dm_op_devices *o = &op.u.devices;

	assert_int_equal(devices(1, 0), 0);
	assert_int_equal(o->uart.size, 0);
	assert_int_equal(o->gic_version, 3);
	assert_int_equal(o->gicd.base, DOMU_GICD);
	assert_int_equal(o->gicd.size, 0x10000);
	assert_int_equal(o->gic_cpu.base, DOMU_GICR);
	assert_int_equal(o->gic_cpu.size, 2 * 0x20000);
	fake.gic_version = 2;
	assert_int_equal(devices(1, DM_DEVICE_UART | DM_DEVICE_RTC | DM_DEVICE_KEYS), 0);
	assert_int_equal(fake.added, 7);
	assert_int_equal(o->gic_version, 2);
	assert_int_equal(o->gicd.size, 0x1000);
	assert_int_equal(o->gic_cpu.base, DOMU_GICC);
	assert_int_equal(o->gic_cpu.size, 0x2000);
	assert_int_equal(o->uart.base, DOMU_UART);
	assert_int_equal(o->uart.intid, DOMU_UART_INTID);
	assert_int_equal(o->uart.size, 0x1000);
	assert_int_equal(o->rtc.base, DOMU_RTC);
	assert_int_equal(o->rtc.intid, DOMU_RTC_INTID);
	assert_int_equal(o->keys.base, DOMU_GPIO);
	assert_int_equal(o->keys.intid, DOMU_GPIO_INTID);
	assert_int_equal(devices(0, 0), -EOPNOTSUPP);
	fake.add_err = -EBUSY;
	assert_int_equal(devices(1, 1), -EBUSY);
}

#define T(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(refusals), T(unknown_domains), T(info), T(domain_list), T(domain_in_the_list),
		T(true_states), T(journal), T(blockers), T(wakeup_switches), T(policies), T(keys),
		T(resuming), T(machine_sleep), T(faults), T(console_output), T(console_input), T(names),
		T(device_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
