/* SPDX-License-Identifier: Apache-2.0 */
/* Dormouse's command line (boot/cmdline.c) and, in it, the faults of debug-power=
 * (suspend/faults.c). */
#include "boot/cmdline.h"

#include <stdlib.h>

#include "abi/dormouse.h"
#include "fuzz.h"
#include "suspend/engine.h"
#include "suspend/faults.h"

/* Names as the real table's; what the rows do doesn't matter here. */
static const struct suspend_step steps[] = {
	{ .name = "firmware", .phase = DM_PHASE_CHECK },
	{ .name = "domains", .phase = DM_PHASE_FREEZE },
	{ .name = "cpus", .phase = DM_PHASE_CPUS },
	{ .name = "rtc", .phase = DM_PHASE_DEVICES },
	{ .name = "console", .phase = DM_PHASE_DEVICES },
	{ .name = "gic", .phase = DM_PHASE_CORE },
	{ .name = "commit", .phase = DM_PHASE_COMMIT },
};

static struct boot_options options;
static struct fault_plan plan;

void fuzz_setup(void)
{
}

static void check_options(const struct boot_options *o)
{
	FUZZ_CHECK(o->loglevel <= LOG_DEBUG);
	FUZZ_CHECK(o->dom0_grace_ms <= CMDLINE_DOM0_GRACE_MAX);
	FUZZ_CHECK(o->dom0_mem == 0 || o->dom0_mem >= MIB);
	FUZZ_CHECK(o->dom0_max_vcpus <= 64 && o->max_cpus <= 64);
	FUZZ_CHECK(memchr(o->debug_power_arg, 0, sizeof(o->debug_power_arg)));
	FUZZ_CHECK(o->debug_power || !o->debug_power_arg[0]);
}

static void check_fault(const struct fault *f)
{
	FUZZ_CHECK(f->kind < NR_FAULT_KINDS && !f->spent);
	if (f->kind == FAULT_STOP)
		FUZZ_CHECK(f->target < DM_PHASE_COMMIT);
	else
		FUZZ_CHECK(f->target < ARRAY_SIZE(steps));
	FUZZ_CHECK((f->kind == FAULT_SLOW) == (f->ms != 0) && f->ms <= FAULT_MAX_MS);
}

/* Due faults are due once, or always, or in their cycle. */
static void use_plan(void)
{
	for (unsigned int i = 0; i < plan.count; i++) {
		struct fault f = plan.faults[i];
		uint32_t cycle = f.cycle == FAULT_ONCE || f.cycle == FAULT_ALL ? 7 : f.cycle;

		check_fault(&f);
		fault_due(&plan, f.kind, f.target, cycle);
		if (f.cycle == FAULT_ALL)
			FUZZ_CHECK(fault_due(&plan, f.kind, f.target, cycle));
	}
}

static void parse_faults(const char *text)
{
	int err = faults_parse(text, steps, ARRAY_SIZE(steps), &plan);

	FUZZ_CHECK(plan.count <= FAULTS_MAX && (!err || !plan.count));
	use_plan();
}

/* As much memory as the text needs, so that a look behind its end is seen. */
static char *text_of(struct input *in)
{
	char *text = malloc(in->left + 1);

	text[in->left] = '\0';
	in_bytes(in, text, in->left);
	return text;
}

void fuzz_one(struct input *in)
{
	bool faults = in_u8(in) & 1;
	char *text = text_of(in);

	if (faults) {
		parse_faults(text);
	} else if (cmdline_parse(text, &options) == 0) {
		check_options(&options);
		if (options.debug_power)
			parse_faults(options.debug_power_arg);
	}
	free(text);
}
