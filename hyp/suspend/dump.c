/* SPDX-License-Identifier: Apache-2.0 */
#include "suspend/dump.h"

#include "arch/sysreg.h"
#include "core/cpu.h"
#include "core/sched.h"
#include "dev/gic/gic.h"
#include "lib/log.h"
#include "lib/print.h"
#include "lib/string.h"
#include "suspend/el2_regs.h"

/* Registers of one name with ascending numbers and the same value are one line. */
struct run {
	char whose[16];
	const char *name; /* NULL: none yet */
	unsigned int first, last;
	uint64_t value;
};

static void end_run(struct run *r)
{
	char numbers[24] = "";

	if (!r->name)
		return;
	if (r->last > r->first)
		print_format(numbers, sizeof(numbers), "[%u-%u]", r->first, r->last);
	else if (r->first)
		print_format(numbers, sizeof(numbers), "[%u]", r->first);
	log_info("state: %s: %s%s 0x%lx", r->whose, r->name, numbers, r->value);
	r->name = NULL;
}

static void take(void *ctx, const char *name, unsigned int n, uint64_t value)
{
	struct run *r = ctx;

	if (r->name && !strcmp(r->name, name) && n == r->last + 1 && value == r->value) {
		r->last = n;
		return;
	}
	end_run(r);
	r->name = name;
	r->first = r->last = n;
	r->value = value;
}

static void dump_shared(void)
{
	struct run r = { .whose = "shared" };

	gic->dump_shared(take, &r);
	end_run(&r);
}

void dump_cpu(void)
{
	unsigned int id = this_cpu()->arch.id;
	struct run r = { .name = NULL };

	sched_unload();
	if (!id)
		dump_shared();
	print_format(r.whose, sizeof(r.whose), "cpu %u", id);
#define TAKE(reg) take(&r, #reg, 0, sysreg_read(reg));
	EL2_CONTROL(TAKE)
	EL2_REGIME(TAKE)
#undef TAKE
	gic->dump_cpu(take, &r);
	end_run(&r);
	log_info("state: %s: end", r.whose);
}

void dump_state(void)
{
	unsigned int count = 0;

	for_each_cpu(i)
		count += cpus[i]->online;
	log_info("state: %u CPUs", count);
	for_each_cpu(i)
		if (cpus[i]->online)
			cpu_post(cpus[i], CPU_WORK_DUMP);
}
