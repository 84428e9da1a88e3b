/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/hypercall/dormouse.h"

#include "abi/domu.h"
#include "abi/dormouse.h"
#include "arch/counter.h"
#include "core/console.h"
#include "core/domain_power.h"
#include "core/sched.h"
#include "lib/err.h"
#include "lib/string.h"
#include "suspend/suspend.h"
#include "virt/devices.h"
#include "virt/hypercall/control.h"
#include "virt/hypercall/guest_copy.h"
#include "virt/hypercall/hypercall.h"
#include "virt/vuart.h"

#define PIECE        256  /* of console output at a time, on the stack */
#define CONSOLE_MAX  4096 /* by one call */
#define RECORDS      4    /* of the journal at a time, on the stack */
#define RECORDS_MAX  32   /* by one call */
#define BLOCKERS_MAX 4    /* by one call */

static const char *version = "";

void dormouse_set_version(const char *v)
{
	version = v;
}

/* --- the machine ------------------------------------------------------------------------- */

static int op_info(struct vcpu *v, struct domain *none, struct dm_op *op)
{
	struct dm_op_info *i = &op->u.info;

	(void)v;
	(void)none;
	memset(i, 0, sizeof(*i));
	i->now_ticks = counter_now();
	i->now_ns = counter_to_ns(i->now_ticks);
	i->ticks_per_second = (uint32_t)counter_hz();
	i->flags = DM_INFO_TEST | (suspend_supported() ? DM_INFO_HOST_SUSPEND : 0) |
	           (suspend_faults_allowed() ? DM_INFO_FAULTS : 0);
	i->journal_last = suspend_journal_last();
	for (unsigned int n = 0; n < DM_NR_OUTCOMES; n++)
		i->sleeps[n] = suspend_count((enum dm_journal_outcome)n);
	i->grace_ms = suspend_grace_ms();
	i->nr_cpus = control_nr_online();
	str_copy(i->version, version, sizeof(i->version));
	return 0;
}

_Static_assert(DM_NR_OUTCOMES <= ARRAY_SIZE(((struct dm_op_info *)0)->sleeps), "room for each");

static int op_journal(struct vcpu *v, struct domain *none, struct dm_op *op)
{
	struct dm_op_list *l = &op->u.list;
	struct dm_journal_record r[RECORDS];
	uint32_t max = (uint32_t)min_u64(l->max, RECORDS_MAX);

	(void)none;
	if (!max)
		return -EINVAL;
	for (l->count = 0; l->count < max;) {
		uint32_t n = suspend_journal_read(&l->cursor, r,
		                                  (uint32_t)min_u64(RECORDS, max - l->count));

		if (!n)
			break;
		if (guest_copy_to(v, l->buffer + l->count * sizeof(r[0]), r, n * sizeof(r[0])))
			return -EFAULT;
		l->count += n;
	}
	return 0;
}

struct blockers {
	struct dm_blocker found[BLOCKERS_MAX];
	uint32_t count, max;
	uint64_t skip; /* those before the cursor */
};

static bool take_blocker(void *ctx, const struct suspend_blocker *b)
{
	struct blockers *all = ctx;
	struct dm_blocker *to = &all->found[all->count];

	if (all->skip) {
		all->skip--;
		return true;
	}
	memset(to, 0, sizeof(*to));
	to->domid = b->domid;
	str_copy(to->name, b->name, sizeof(to->name));
	str_copy(to->reason, b->reason, sizeof(to->reason));
	return ++all->count < all->max;
}

static int op_blockers(struct vcpu *v, struct domain *none, struct dm_op *op)
{
	struct dm_op_list *l = &op->u.list;
	struct blockers b;

	(void)none;
	if (!l->max)
		return -EINVAL;
	b.skip = l->cursor;
	b.count = 0;
	b.max = (uint32_t)min_u64(l->max, BLOCKERS_MAX);
	suspend_blockers(take_blocker, &b);
	if (guest_copy_to(v, l->buffer, b.found, b.count * sizeof(b.found[0])))
		return -EFAULT;
	l->cursor += b.count;
	l->count = b.count;
	return 0;
}

static int op_dom0_ready(struct vcpu *v, struct domain *none, struct dm_op *op)
{
	(void)v;
	(void)none;
	(void)op;
	suspend_dom0_ready();
	return 0;
}

static int op_test(struct vcpu *v, struct domain *none, struct dm_op *op)
{
	(void)v;
	(void)none;
	return suspend_test_level(op->u.phase);
}

static int op_faults(struct vcpu *v, struct domain *none, struct dm_op *op)
{
	const struct dm_op_faults *f = &op->u.faults;
	char text[DM_FAULTS_MAX + 1];

	(void)none;
	if (f->size > DM_FAULTS_MAX)
		return -EINVAL;
	if (f->size && guest_copy_from(v, text, f->buffer, f->size))
		return -EFAULT;
	text[f->size] = '\0';
	return suspend_set_faults(text);
}

/* --- domains ----------------------------------------------------------------------------- */

static uint8_t state_of(const struct domain *d)
{
	static const uint8_t states[] = {
		[DOMAIN_BUILDING] = DM_STATE_BUILDING,   [DOMAIN_RUNNING] = DM_STATE_RUNNING,
		[DOMAIN_SUSPENDED] = DM_STATE_SUSPENDED, [DOMAIN_SHUTDOWN] = DM_STATE_SHUTDOWN,
		[DOMAIN_CRASHED] = DM_STATE_CRASHED,
	};

	return d->dying ? DM_STATE_DYING : states[__atomic_load_n(&d->state, __ATOMIC_ACQUIRE)];
}

static uint32_t flags_of(const struct domain *d)
{
	uint32_t devices = devices_of(d);

	return (d->privileged ? DM_DOMAIN_PRIVILEGED : 0) |
	       (devices & DM_DEVICE_UART ? DM_DOMAIN_CONSOLE : 0) |
	       (devices & DM_DEVICE_RTC ? DM_DOMAIN_RTC : 0) |
	       (devices & DM_DEVICE_KEYS ? DM_DOMAIN_KEYS : 0) |
	       (console_focused() == d ? DM_DOMAIN_FOCUS : 0);
}

static void describe_power(struct domain *d, struct dm_domain *out)
{
	struct domain_wake_info wake;

	domain_wake_last(d, &wake);
	out->host_suspend = (uint8_t)d->host_suspend;
	out->time = (uint8_t)d->time_policy;
	out->wake_sources = domain_wake_get(d);
	out->last_wake = wake.source;
	out->last_wake_id = wake.number;
	out->flags |= wake.count && wake.slept ? DM_DOMAIN_SLEPT : 0;
	out->suspends = wake.count + domain_is_suspended(d);
	str_copy(out->last_wake_name, wake.name, sizeof(out->last_wake_name));
}

static void describe(struct domain *d, struct dm_domain *out)
{
	memset(out, 0, sizeof(*out));
	out->domid = d->id;
	out->state = state_of(d);
	out->shutdown_reason = 0xff;
	if (out->state == DM_STATE_SHUTDOWN || out->state == DM_STATE_CRASHED)
		out->shutdown_reason = (uint8_t)d->shutdown_reason;
	out->flags = flags_of(d);
	out->pause_count = d->pause_count;
	out->nr_vcpus = d->nr_vcpus;
	sched_get_params(d, &out->weight, &out->cap);
	out->tot_pages = d->tot_pages;
	out->max_pages = d->max_pages;
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		struct sched_info info;

		sched_vcpu_info(d->vcpus[i], &info);
		out->nr_online += info.online;
		out->cpu_time_ns += info.cpu_time_ns;
		out->wakeups += d->vcpus[i]->wakeups;
	}
	str_copy(out->name, d->name, sizeof(out->name));
	describe_power(d, out);
}

static int op_domains(struct vcpu *v, struct domain *none, struct dm_op *op)
{
	struct dm_op_list *l = &op->u.list;
	struct dm_domain out;

	(void)none;
	if (!l->max)
		return -EINVAL;
	for (l->count = 0; l->count < l->max && l->cursor < DOMID_FIRST_RESERVED;) {
		struct domain *d = domain_get_next((uint16_t)l->cursor);

		if (!d) {
			l->cursor = DOMID_FIRST_RESERVED;
			break;
		}
		describe(d, &out);
		domain_put(d);
		if (guest_copy_to_at(v, l->buffer, l->count, &out, sizeof(out)))
			return -EFAULT;
		l->cursor = out.domid + 1U;
		l->count++;
	}
	return 0;
}

static int op_wakeup(struct vcpu *v, struct domain *d, struct dm_op *op)
{
	struct dm_op_wakeup *w = &op->u.wakeup;
	int err = 0;

	(void)v;
	if (w->change & ~(uint32_t)DM_WAKE_ALL)
		return -EINVAL;
	if (w->change && d->privileged)
		return -EOPNOTSUPP;
	if (w->change)
		err = domain_wake_set(d,
		                      (domain_wake_get(d) & ~w->change) | (w->sources & w->change));
	w->sources = domain_wake_get(d);
	return err;
}

static int check_policy(const struct dm_op_policy *p)
{
	if (p->set & ~(uint32_t)(DM_POLICY_HOST_SUSPEND | DM_POLICY_TIME | DM_POLICY_VETO_MS))
		return -EINVAL;
	if ((p->set & DM_POLICY_HOST_SUSPEND) && p->host_suspend >= DM_NR_HOST_SUSPENDS)
		return -EINVAL;
	if ((p->set & DM_POLICY_TIME) && p->time >= DM_NR_TIMES)
		return -EINVAL;
	if ((p->set & DM_POLICY_VETO_MS) && (!p->veto_ms || p->veto_ms > DOMAIN_VETO_MS_MAX))
		return -EINVAL;
	return 0;
}

static int op_policy(struct vcpu *v, struct domain *d, struct dm_op *op)
{
	struct dm_op_policy *p = &op->u.policy;
	int err = check_policy(p);

	(void)v;
	if (!err && (p->set & DM_POLICY_HOST_SUSPEND))
		err = domain_set_host_suspend(d, (enum host_suspend_policy)p->host_suspend);
	if (!err && (p->set & DM_POLICY_TIME))
		err = domain_set_time_policy(d, (enum time_policy)p->time);
	if (!err && (p->set & DM_POLICY_VETO_MS))
		err = domain_set_veto_ms(d, p->veto_ms);
	p->host_suspend = d->host_suspend;
	p->time = d->time_policy;
	p->veto_ms = domain_veto_ms(d);
	return err;
}

static int op_key(struct vcpu *v, struct domain *d, struct dm_op *op)
{
	(void)v;
	if (op->u.key.key >= DM_NR_KEYS)
		return -EINVAL;
	return domain_press(d, (enum dm_key)op->u.key.key);
}

static int op_resume(struct vcpu *v, struct domain *d, struct dm_op *op)
{
	(void)v;
	(void)op;
	if (domain_is_suspended(d))
		return domain_resume(d);
	return domain_resume_shutdown(d); /* by SCHEDOP_shutdown; -EINVAL if it isn't */
}

static int op_console_read(struct vcpu *v, struct domain *d, struct dm_op *op)
{
	struct dm_op_console *c = &op->u.console;
	uint32_t max = (uint32_t)min_u64(c->size, CONSOLE_MAX);
	char piece[PIECE];

	if (!d->vuart)
		return -ENODEV;
	for (c->count = 0; c->count < max;) {
		size_t n = vuart_output(d, &c->cursor, piece, min_u64(PIECE, max - c->count));

		if (!n)
			break;
		if (guest_copy_to(v, c->buffer + c->count, piece, n))
			return -EFAULT;
		c->count += (uint32_t)n;
	}
	return 0;
}

/* As much as its queue holds at most. */
static int op_console_write(struct vcpu *v, struct domain *d, struct dm_op *op)
{
	struct dm_op_console *c = &op->u.console;
	uint32_t max = (uint32_t)min_u64(c->size, PIECE);
	char piece[PIECE];

	if (!d->vuart)
		return -ENODEV;
	if (guest_copy_from(v, piece, c->buffer, max))
		return -EFAULT;
	for (c->count = 0; c->count < max && vuart_input(d, piece[c->count]);)
		c->count++;
	return 0;
}

/* --- names and devices ------------------------------------------------------------------- */

static struct spinlock names_lock = SPINLOCK_INIT; /* two can't take the same name */

static bool name_valid(const char *name, size_t size)
{
	size_t len = strnlen(name, size);

	if (len == 0 || len == size)
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] > '~' || name[i] == '/')
			return false;
	return true;
}

static bool name_taken(const struct domain *by, const char *name)
{
	for (uint32_t i = 0; i < MAX_DOMAINS; i++) {
		const struct domain *d = domain_by_id((uint16_t)i);

		if (d && d != by && !strcmp(d->name, name))
			return true;
	}
	return false;
}

/* Who reads the name meanwhile sees some of both, never beyond its end: the last byte is always
 * zero. */
static int op_name(struct vcpu *v, struct domain *d, struct dm_op *op)
{
	struct dm_op_name *n = &op->u.name;
	int err = 0;

	(void)v;
	if (n->set > 1 || (n->set && !name_valid(n->name, sizeof(n->name))))
		return -EINVAL;
	spin_lock(&names_lock);
	if (n->set && name_taken(d, n->name))
		err = -EEXIST;
	else if (n->set)
		str_copy(d->name, n->name, sizeof(d->name));
	str_copy(n->name, d->name, sizeof(n->name));
	spin_unlock(&names_lock);
	return err;
}

_Static_assert(DM_NAME_SIZE == DOMAIN_NAME_SIZE, "one length");

static struct dm_device device_at(uint64_t base, uint32_t size, uint32_t intid)
{
	return (struct dm_device) { .base = base, .size = size, .intid = intid };
}

static int op_devices(struct vcpu *v, struct domain *d, struct dm_op *op)
{
	struct dm_op_devices *o = &op->u.devices;
	bool v2 = devices_gic_version() == 2;
	uint32_t has;
	int err;

	(void)v;
	if (d->privileged)
		return -EOPNOTSUPP;
	err = o->add ? devices_add(d, o->add) : 0;
	if (err)
		return err;
	has = devices_of(d);
	memset(&o->uart, 0, sizeof(*o) - offsetof(struct dm_op_devices, uart));
	o->gic_version = v2 ? 2 : 3;
	if (has & DM_DEVICE_UART)
		o->uart = device_at(DOMU_UART, PAGE_SIZE, DOMU_UART_INTID);
	if (has & DM_DEVICE_RTC)
		o->rtc = device_at(DOMU_RTC, PAGE_SIZE, DOMU_RTC_INTID);
	if (has & DM_DEVICE_KEYS)
		o->keys = device_at(DOMU_GPIO, PAGE_SIZE, DOMU_GPIO_INTID);
	o->gicd = device_at(DOMU_GICD, v2 ? DOMU_GICD_V2 : DOMU_GICD_V3, 0);
	if (v2)
		o->gic_cpu = device_at(DOMU_GICC, DOMU_GICC_SIZE, 0);
	else
		o->gic_cpu = device_at(DOMU_GICR, d->nr_vcpus * DOMU_GICR_SIZE, 0);
	return 0;
}

/* --- dispatch ---------------------------------------------------------------------------- */

/* Each op that names a domain has its id first in its struct. */
static const struct op_row {
	bool domain;
	int (*fn)(struct vcpu *v, struct domain *d, struct dm_op *op);
} ops[DM_NR_OPS] = {
	[DM_OP_INFO] = { false, op_info },
	[DM_OP_DOMAINS] = { false, op_domains },
	[DM_OP_JOURNAL] = { false, op_journal },
	[DM_OP_BLOCKERS] = { false, op_blockers },
	[DM_OP_WAKEUP] = { true, op_wakeup },
	[DM_OP_POLICY] = { true, op_policy },
	[DM_OP_KEY] = { true, op_key },
	[DM_OP_RESUME] = { true, op_resume },
	[DM_OP_DOM0_READY] = { false, op_dom0_ready },
	[DM_OP_TEST] = { false, op_test },
	[DM_OP_FAULTS] = { false, op_faults },
	[DM_OP_CONSOLE_READ] = { true, op_console_read },
	[DM_OP_CONSOLE_WRITE] = { true, op_console_write },
	[DM_OP_NAME] = { true, op_name },
	[DM_OP_DEVICES] = { true, op_devices },
};

int64_t hypercall_dormouse_op(struct vcpu *v, const uint64_t a[HYPERCALL_ARGS])
{
	struct domain *d = NULL;
	struct dm_op op;
	int err;

	if (guest_copy_from(v, &op, a[0], sizeof(op)))
		return -EFAULT;
	if (op.version != DM_OP_VERSION)
		return -EACCES;
	if (op.op >= DM_NR_OPS)
		return -ENOSYS;
	/* What has been done can't be told to somebody whose struct cannot be written. */
	if (guest_copy_to(v, a[0], &op, sizeof(op)))
		return -EFAULT;
	if (ops[op.op].domain) {
		d = domain_get(op.u.domid);
		if (!d)
			return -ESRCH;
	}
	err = ops[op.op].fn(v, d, &op);
	if (d)
		domain_put(d);
	return err ? err : guest_copy_to(v, a[0], &op, sizeof(op));
}
