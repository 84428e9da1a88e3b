/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host's device tree says about the machine. Pure: reads the tree, touches nothing else.
 */
#ifndef DM_BOOT_HOSTDT_H
#define DM_BOOT_HOSTDT_H

#include "boot/ranges.h"
#include "core/domain_policy.h"
#include "dev/gic/gic.h"
#include "dev/watchdog/smc_wdt.h"
#include "lib/types.h"

#define HOST_MAX_CPUS    64
#define HOST_MAX_DOMAINS 32 /* besides Dom0 */
#define HOST_MAX_MODULES (8 + 3 * HOST_MAX_DOMAINS)
#define HOST_MAX_BANKS   4 /* pieces of a domain's static memory */
#define HOST_NAME_SIZE   32
#define HOST_MAX_DTB     (2 * MIB) /* what an arm64 kernel accepts (Linux, booting.rst) */

enum host_module_kind {
	HOST_MODULE_OTHER, /* known to be none of the below */
	HOST_MODULE_KERNEL,
	HOST_MODULE_RAMDISK,
	HOST_MODULE_DEVICE_TREE, /* a partial one: boot/passthrough.h */
};

struct host_module {
	enum host_module_kind kind;
	unsigned int domain; /* 0: Dom0's; else that of domains[domain - 1] */
	struct range at;
	const char *name;     /* of its node; in the tree */
	const char *bootargs; /* in the tree; NULL if none */
};

/* A `xen,domain` node below /chosen: a domain besides Dom0. */
struct host_domain {
	int node;
	char name[HOST_NAME_SIZE];
	uint64_t memory; /* bytes, rounded up to 2 MiB */
	unsigned int nr_vcpus;
	unsigned int nr_spis; /* a multiple of 32 */
	bool nr_spis_given;
	bool vpl011;
	bool xen;      /* it is told of Xen's interfaces */
	bool xenstore; /* and that the control domain will connect it to Xenstore */
	bool direct_map; /* guest addresses of its RAM are the machine's */
	bool no_reboot;  /* its modules needn't be kept */
	unsigned int nr_banks;
	struct range bank[HOST_MAX_BANKS]; /* xen,static-mem: the machine's addresses */
	bool host_suspend_given;
	enum host_suspend_policy host_suspend;
	enum time_policy time_policy;
	unsigned int veto_timeout_ms; /* 0: the usual one */
	uint32_t wake_off;	      /* enum wake_source: those that do not wake it */
};

struct host_device {
	paddr_t base;
	uint64_t size;  /* 0: there is none */
	uint32_t intid; /* 0: it has none */
	int node;
};

/* Strings and node offsets point into the tree, which must stay while they are used. */
struct host_info {
	const void *fdt;
	struct range fdt_at;

	struct ranges ram; /* memory nodes, whole pages */
	struct ranges
	        unusable; /* in RAM and nobody's: /memreserve/, and no-map in /reserved-memory */
	struct ranges no_map;   /* of those, what may not even be mapped: Dormouse doesn't either */
	struct ranges reserved; /* in RAM, described to Dom0: the rest of /reserved-memory */

	unsigned int nr_cpus;
	uint64_t mpidr[HOST_MAX_CPUS];
	const char *cpu_compatible; /* of the first; NULL if none */

	struct gic_config gic;
	int gic_node;

	/* INTIDs; 0: not given */
	struct {
		uint32_t sec_phys, phys, virt, hyp;
	} timer;
	int timer_node;

	bool psci_smc;

	struct host_device uart;
	const char *uart_compatible; /* for uart_find() */
	struct host_device rtc;      /* PL031 */
	struct smc_wdt_config watchdog;

	const char *bootargs;      /* Dormouse's own; never NULL */
	const char *dom0_bootargs; /* never NULL */
	unsigned int nr_modules;
	struct host_module modules[HOST_MAX_MODULES];
	unsigned int nr_domains;
	struct host_domain domains[HOST_MAX_DOMAINS]; /* in the tree's order */
};

/*
 * First half: is there a tree at fdt (at least sizeof(struct fdt_header) readable bytes, then as
 * many as its header says, at most HOST_MAX_DTB)? Finds the UART, if there is one, and the command
 * lines, so that whatever goes wrong later can be said. 0, or -EINVAL after log_err().
 */
int hostdt_open(const void *fdt, struct host_info *h);

/*
 * Second half: all the rest. 0, or -EINVAL (broken), -ENODEV (something is missing that Dormouse
 * cannot do without), -ENOSPC (more than it can hold): then log_err() has said what, why and what
 * to do.
 */
int hostdt_parse(struct host_info *h);

/* The enabled GIC or timer node of this or an edited tree, or a negative value. */
int hostdt_find_gic(const void *fdt, unsigned int *version);
int hostdt_find_timer(const void *fdt);

/* Dom0's first module of that kind, or NULL. */
const struct host_module *hostdt_module(const struct host_info *h, enum host_module_kind kind);
/* The same of another domain (0: Dom0; n: domains[n - 1]). */
const struct host_module *hostdt_domain_module(const struct host_info *h, unsigned int domain,
                                               enum host_module_kind kind);

#endif
