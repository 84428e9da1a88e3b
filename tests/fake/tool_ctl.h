/* SPDX-License-Identifier: Apache-2.0 */
/* A hypervisor for the tool: domains are structs, their memory is the host's. */
#ifndef FAKE_TOOL_CTL_H
#define FAKE_TOOL_CTL_H

#include "ctl.h"

#define FAKE_DOMAINS 8

struct fake_domain {
	struct dm_domain dm;
	struct ctl_domaininfo info;
	struct ctl_vcpu vcpus[4];
	struct dm_op_policy policy;
	uint8_t *ram; /* from DOMU_RAM on */
	uint64_t ram_pages, flushed_pages;
	uint32_t devices;
	uint64_t pc, x0;
	uint16_t key; /* pressed last; 0xffff: none */
	const char *output;
	char input[64];
};

/* What becomes of a domain. */
struct fake_fate {
	enum dm_domain_state state;
	uint8_t reason;
};

struct fake_ctl {
	struct fake_domain domains[FAKE_DOMAINS];
	unsigned int nr;
	const char *fail; /* the call that fails with -err: "populate" for ctl_populate() */
	int err;
	unsigned int fail_after; /* so many of them work before */
	unsigned int mapped;     /* pages that are mapped now */
	unsigned int created, destroyed, ready;
	bool big_blocks; /* there are blocks of 2 MiB */
	uint64_t free_pages;
	uint32_t test_phase;
	char faults[2][DM_FAULTS_MAX + 1]; /* the last, and the one before */
	struct dm_op_info info;
	struct dm_blocker blockers[4];
	unsigned int nr_blockers;
	struct dm_journal_record records[64];
	unsigned int nr_records;
	const char *log;
	unsigned int slow_ms; /* what asking for the domains takes */
	bool freezing;        /* until Dom0 says that it is ready, each domain is paused once more */
	bool deaf;            /* nobody listens to keys */
	const struct fake_fate *fates; /* of each domain that is unpaused for the first time, as many as there will be */
	bool closed;            /* there is no hypervisor */
	const char *store_name; /* of any domain, in Xenstore; NULL: there is none */
	char store_asked[16];
};

extern struct fake_ctl fake;

/* Dom0, running, and nothing else. Frees what there was. */
void fake_reset(void);
struct fake_domain *fake_add(uint16_t domid, const char *name);
struct fake_domain *fake_find(uint16_t domid);

#endif
