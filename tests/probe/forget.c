/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Some registers of the frozen domain's first vCPU are "forgotten": they have the value that they
 * would have if nobody had saved and restored them, a system register that of a reset. Whoever
 * compares has to find exactly those.
 */
#include "core/domain.h"
#include "lib/string.h"
#include "lib/log.h"
#include "probe.h"

#define VICTIM "peer"

static const struct {
	const char *name;
	size_t offset;
	uint64_t lost;
} list[] = {
#define ROW(field, reg, reset) { #field, offsetof(struct guest_sysregs, field), reset },
	GUEST_SYSREGS(ROW)
#undef ROW
#define ROW(field, reg, guest_reg, has, reset) \
	{ #field, offsetof(struct guest_sysregs, field), reset },
	        GUEST_FEATURE_SYSREGS(ROW)
#undef ROW
};

static uint64_t *field_of(struct vcpu *v, unsigned int i)
{
	return (uint64_t *)((char *)&v->sysregs + list[i].offset);
}

#define PSTATE_SP BIT(0)

/* Without its stack it could say nothing any more. */
static bool is_its_stack(const struct vcpu *v, const char *name)
{
	return !strcmp(name, v->regs.pstate & PSTATE_SP ? "sp_el1" : "sp_el0");
}

static uint64_t rotate_left(uint64_t x, unsigned int n)
{
	return x << n | x >> (64 - n);
}

/* tests/guest/state.S, survive_spin: xn = ror(seed + 0x100 + n, n). Elsewhere its general registers
 * are in use. */
static bool spins(const struct vcpu *v)
{
	uint64_t seed = rotate_left(v->regs.x[1], 1) - 0x101;

	for (unsigned int n = 2; n < 31; n++)
		if (rotate_left(v->regs.x[n], n) - 0x100 - n != seed)
			return false;
	return true;
}

static void forget(struct vcpu *v)
{
	unsigned int i = (probe_cycle - 1) % ARRAY_SIZE(list);
	unsigned int x = 1 + (probe_cycle - 1) % 30,
	             fp = (probe_cycle - 1) % PROBE_TURNS; /* V0 to V31, FPSR, FPCR */

	if (is_its_stack(v, list[i].name) || *field_of(v, i) == list[i].lost) {
		log_info("probe: cannot forget %s", list[i].name);
	} else {
		*field_of(v, i) = list[i].lost;
		log_info("probe: forgot %s 0", list[i].name);
	}
	if (spins(v)) {
		v->regs.x[x] = 0;
		log_info("probe: forgot x %u", x);
	} else {
		log_info("probe: cannot forget x %u", x);
	}
	if (fp < 32) {
		v->fp.v[fp] = 0;
		log_info("probe: forgot v %u", fp);
	} else if (fp == 32) {
		v->fp.fpsr = 0;
		log_info("probe: forgot fpsr 0");
	} else {
		v->fp.fpcr = 0;
		log_info("probe: forgot fpcr 0");
	}
}

void probe_forget(void)
{
	for (unsigned int i = 0; i < MAX_DOMAINS; i++)
		if (domains[i] && !strcmp(domains[i]->name, VICTIM))
			forget(domains[i]->vcpus[0]);
}
