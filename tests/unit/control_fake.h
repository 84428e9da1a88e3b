/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the control interface rests upon, for its three tests: Dom0 (the caller's), domains 1 and 5, and functions of core/ and
 * suspend/ that note what they are asked for.
 */
#ifndef CONTROL_FAKE_H
#define CONTROL_FAKE_H

#include "core/domain_power.h"
#include "core/sched.h"
#include "fake_cpu.h"
#include "fake_guest.h"
#include "suspend/suspend.h"
#include "virt/hypercall/hypercall.h"
#include "virt/hypercall/xen_abi.h"

#define NR_FAKE_DOMAINS 8

extern struct domain fake_domains[NR_FAKE_DOMAINS]; /* by id; those with nr_vcpus are there */
extern struct vcpu *const fake_caller;		    /* Dom0's vCPU 0 */

/* What was asked for, and what is answered. */
extern struct control_fake {
	int refs; /* gets without a put */
	/* core/domain */
	int pause_err, new_err, destroy_err, resume_err, resume_shutdown_err, context_err;
	unsigned int destroyed, waited, resumed, resumed_shutdown;
	struct domain_config config;
	bool context_given;
	struct vcpu_context context;
	struct vcpu *context_of;
	/* core/sched */
	struct sched_info info[2];
	unsigned int weight, cap;
	uint64_t affinity;
	int params_err;
	/* p2m */
	uint64_t frames_from, frames_to; /* gfns that have RAM */
	int frames_out;
	/* devices */
	uint32_t devices, added;
	int devices_err, add_err;
	unsigned int gic_version, spis;
	uint32_t max_port, grant_frames;
	/* power, suspend */
	uint32_t wake_sources;
	struct domain_wake_info wake;
	enum dm_key pressed;
	int press_err;
	uint32_t veto_ms;
	unsigned int dom0_ready;
	uint32_t test_level;
	char faults[DM_FAULTS_MAX + 1];
	int faults_err;
	unsigned int nr_blockers;
	uint64_t nr_records;
	/* console */
	char keys[8];
	uint64_t out_end;
	char in[600];
	unsigned int in_len, in_max;
} fake;

void control_fake_reset(void);
/* fn(op) as the caller; op can be read and written by it. Checks that no reference and no lock is left. */
int64_t control_call(hypercall_fn *fn, void *op, size_t size);

#endif
