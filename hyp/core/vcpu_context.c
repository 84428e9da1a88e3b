/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of a vCPU that the toolstack sets. */
#include "core/domain.h"
#include "core/vcpu.h"
#include "lib/err.h"
#include "lib/string.h"

#define PSTATE_MODE MASK(4, 0)
#define PSTATE_EL0t 0
#define PSTATE_EL1t 4
#define PSTATE_EL1h 5
#define PSTATE_GIVEN (MASK(31, 28) | MASK(9, 6) | PSTATE_MODE) /* NZCV, DAIF */

static bool pstate_valid(uint64_t pstate)
{
	uint64_t mode = pstate & PSTATE_MODE;

	return mode == PSTATE_EL0t || mode == PSTATE_EL1t || mode == PSTATE_EL1h;
}

static void apply(struct vcpu *v, const struct vcpu_context *c)
{
	vcpu_reset(v, c->pc, c->x[0]);
	memcpy(v->regs.x, c->x, sizeof(v->regs.x));
	v->regs.pstate = c->pstate & PSTATE_GIVEN;
	v->sysregs.sp_el0 = c->sp_el0;
	v->sysregs.sp_el1 = c->sp_el1;
	v->sysregs.elr = c->elr_el1;
	v->sysregs.spsr = c->spsr_el1;
	v->sysregs.sctlr = c->sctlr;
	v->sysregs.tcr = c->tcr;
	v->sysregs.ttbr0 = c->ttbr0;
	v->sysregs.ttbr1 = c->ttbr1;
}

/* domain.lock is held. 0: v is off, on no CPU, and stays so until VCPU_BLOCK_CONTEXT is cleared. */
static int claim(struct vcpu *v, bool wanted_off)
{
	int err = 0;

	spin_lock(&v->lock);
	if (!wanted_off && v->power != VCPU_OFF)
		err = -EBUSY;
	else if (v->running || v->loaded || (v->blocked & BIT(VCPU_BLOCK_CONTEXT)))
		err = -EAGAIN;
	if (!err) {
		v->blocked |= BIT(VCPU_BLOCK_CONTEXT);
		v->power = VCPU_OFF;
	}
	spin_unlock(&v->lock);
	if (err == -EAGAIN && v->loaded)
		cpu_post(v->cpu, CPU_WORK_UNLOAD);
	return err;
}

int domain_set_vcpu_context(struct vcpu *v, const struct vcpu_context *c)
{
	struct domain *d = v->domain;
	int err;

	if (c && !pstate_valid(c->pstate))
		return -EINVAL;
	spin_lock(&d->lock);
	if (d->dying)
		err = -ESRCH;
	else if (!d->pause_count && d->state != DOMAIN_BUILDING && d->state != DOMAIN_SHUTDOWN)
		err = -EBUSY;
	else
		err = claim(v, !c);
	spin_unlock(&d->lock);
	if (err)
		return err;

	if (c)
		apply(v, c);
	spin_lock(&d->lock);
	spin_lock(&v->lock);
	v->power = c ? VCPU_ON : VCPU_OFF;
	spin_unlock(&v->lock);
	if (c && d->state == DOMAIN_BUILDING) {
		d->state = DOMAIN_RUNNING;
		for (unsigned int i = 0; i < d->nr_vcpus; i++)
			vcpu_unblock(d->vcpus[i], VCPU_BLOCK_DOWN);
	}
	spin_unlock(&d->lock);
	vcpu_unblock(v, VCPU_BLOCK_CONTEXT);
	return 0;
}
