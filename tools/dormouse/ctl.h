/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way to the hypervisor: Dormouse's own hypercall (abi/dormouse.h) and those of Xen's that the
 * tool needs. Nothing else of the tool makes hypercalls, so that tests put tests/fake/tool_ctl.c in
 * its place. Functions return 0 (or a count) or -errno and print nothing.
 */
#ifndef TOOL_CTL_H
#define TOOL_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/dormouse.h"

#define CTL_PAGE 4096u

/* Opens the kernel's doors. On an error *why is a sentence for the user. */
int ctl_open(const char **why);
/* In a child after fork(): the parent's doors don't fit. */
int ctl_reopen(const char **why);

/* --- hypercall 48 ------------------------------------------------------------------------ */

int ctl_info(struct dm_op_info *out);
/* Lists: how many were written to out[max], 0 at the end; *cursor begins with 0. */
int ctl_domains(uint64_t *cursor, struct dm_domain *out, unsigned int max);
int ctl_journal(uint64_t *cursor, struct dm_journal_record *out, unsigned int max);
int ctl_blockers(uint64_t *cursor, struct dm_blocker *out, unsigned int max);
int ctl_wakeup(struct dm_op_wakeup *op);
int ctl_policy(struct dm_op_policy *op);
int ctl_key(uint16_t domid, enum dm_key key);
int ctl_resume(uint16_t domid);
int ctl_dom0_ready(void);
int ctl_test(uint32_t phase);
/* At most DM_FAULTS_MAX bytes of text; "": none any more. */
int ctl_faults(const char *text);
/* Bytes read, 0 if there are none (yet). */
int ctl_console_read(uint16_t domid, uint64_t *cursor, void *buf, size_t size);
int ctl_console_write(uint16_t domid, const void *buf, size_t size);
int ctl_set_name(uint16_t domid, const char *name);
int ctl_devices(struct dm_op_devices *op);

/* --- Xen's ------------------------------------------------------------------------------- */

struct ctl_host {
	uint32_t cpu_khz, nr_cpus, max_cpu_id, nr_nodes, cores_per_socket, threads_per_core;
	uint64_t total_pages, free_pages, outstanding_pages;
	bool hvm, hap, gnttab_v1, gnttab_v2;
	unsigned int major, minor, page_size, scheduler;
	uint64_t virt_start;
	char extra[16], capabilities[1024], changeset[64], commandline[1024];
	char compiler[64], compile_by[16], compile_domain[32], compile_date[32];
};

int ctl_host(struct ctl_host *out);

struct ctl_domaininfo {
	bool running, blocked; /* one of its vCPUs runs, or all wait */
	uint8_t uuid[16];
	unsigned int max_vcpus;
};

int ctl_domaininfo(uint16_t domid, struct ctl_domaininfo *out);

struct ctl_vcpu {
	bool online, running, blocked;
	unsigned int cpu;
	uint64_t cpu_time_ns;
	uint64_t affinity; /* hard; CPUs that aren't there may be in it */
};

int ctl_vcpu(uint16_t domid, unsigned int vcpu, struct ctl_vcpu *out);
int ctl_set_affinity(uint16_t domid, unsigned int vcpu, uint64_t cpus);
int ctl_sched_get(uint16_t domid, unsigned int *weight, unsigned int *cap);
int ctl_sched_set(uint16_t domid, unsigned int weight, unsigned int cap);

int ctl_pause(uint16_t domid);
int ctl_unpause(uint16_t domid);
int ctl_destroy(uint16_t domid);
/* Xen's console ring, which is Dormouse's log. Bytes read; *index begins with 0. */
int ctl_read_log(char *buf, size_t size, uint32_t *index, bool clear);

/* --- making a domain --------------------------------------------------------------------- */

int ctl_create(const uint8_t uuid[16], unsigned int vcpus, uint16_t *domid);
int ctl_max_vcpus(uint16_t domid, unsigned int vcpus);
int ctl_max_memory(uint16_t domid, uint64_t kib);
/* How many of the n blocks of 2^order pages it got, from page gfn on. */
int ctl_populate(uint16_t domid, uint64_t gfn, unsigned int n, unsigned int order);
/* n of its pages, from page gfn on, to read and write; NULL with errno set. */
void *ctl_map(uint16_t domid, uint64_t gfn, unsigned int n);
void ctl_unmap(void *at, unsigned int n);
/* Writes back what was written through ctl_map(): the guest begins without caches. */
int ctl_flush(uint16_t domid, uint64_t gfn, unsigned int n);
/* Where vCPU 0 begins. */
int ctl_set_entry(uint16_t domid, uint64_t pc, uint64_t x0);

#endif
