/* SPDX-License-Identifier: Apache-2.0 */
/* The working copy and its building blocks; completing the machine's description. */
#include <libfdt.h>
#include "abi/smc_wdt.h"
#include "dt.h"
#include "lib/string.h"
#include "log.h"
#include "options.h"
#include "platform.h"

/* QEMU's tree is up to 1 MiB, mostly unused; ours grows by a few KiB. */
static char blob[DTB_AREA + 0x20000] __attribute__((aligned(8), section(".bss.noinit")));
void *const dt_blob = blob;

static int ok(int ret, const char *what)
{
	if (ret < 0)
		fatal("device tree: %s: %s", what, fdt_strerror(ret));
	return ret;
}

void dt_open(uint64_t addr)
{
	const void *fdt = (const void *)addr;

	if (fdt_check_header(fdt) || fdt_totalsize(fdt) > DTB_AREA)
		fatal("no device tree at %lx", (unsigned long)addr);
	ok(fdt_open_into(fdt, blob, sizeof(blob)), "copy");
}

int dt_add_node(int parent, const char *name)
{
	int node = fdt_subnode_offset(blob, parent, name);

	return node >= 0 ? node : ok(fdt_add_subnode(blob, parent, name), name);
}

void dt_set(int node, const char *name, const void *value, int len)
{
	ok(fdt_setprop(blob, node, name, value, len), name);
}

void dt_set_u32(int node, const char *name, uint32_t value)
{
	ok(fdt_setprop_u32(blob, node, name, value), name);
}

void dt_set_string(int node, const char *name, const char *value)
{
	ok(fdt_setprop_string(blob, node, name, value), name);
}

int dt_chosen(void)
{
	return dt_add_node(0, "chosen");
}

void dt_chosen_string(const char *name, const char *value)
{
	int node = dt_chosen();

	if (value[0])
		dt_set_string(node, name, value);
	else if (fdt_getprop(blob, node, name, NULL))
		ok(fdt_delprop(blob, node, name), name);
}

void dt_chosen_initrd(uint64_t addr, uint64_t size)
{
	if (!size)
		return;
	ok(fdt_setprop_u64(blob, dt_chosen(), "linux,initrd-start", addr), "initrd");
	ok(fdt_setprop_u64(blob, dt_chosen(), "linux,initrd-end", addr + size), "initrd");
}

static void fix_psci(void)
{
	static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2";
	int node = dt_add_node(0, "psci");

	dt_set(node, "compatible", compatible, sizeof(compatible));
	dt_set_string(node, "method", "smc");
}

#define CPU_SLEEP_PARAM 0x00010000 /* power down the core */

/* Optional: an idle state, so that the kernel's cpuidle uses CPU_SUSPEND. */
static uint32_t add_idle_states(int cpus)
{
	uint32_t phandle;
	int states, node;

	ok(fdt_generate_phandle(blob, &phandle), "phandle");
	states = dt_add_node(cpus, "idle-states");
	dt_set_string(states, "entry-method", "psci");
	node = dt_add_node(states, "cpu-sleep");
	dt_set_string(node, "compatible", "arm,idle-state");
	dt_set_u32(node, "arm,psci-suspend-param", CPU_SLEEP_PARAM);
	dt_set_u32(node, "entry-latency-us", 20);
	dt_set_u32(node, "exit-latency-us", 50);
	dt_set_u32(node, "min-residency-us", 1000);
	dt_set_u32(node, "phandle", phandle);
	return phandle;
}

static void fix_cpus(void)
{
	int cpus = ok(fdt_path_offset(blob, "/cpus"), "/cpus"), node;
	uint32_t sleep = options.idle_states ? add_idle_states(cpus) : 0;

	fdt_for_each_subnode(node, blob, cpus) {
		const char *type = fdt_getprop(blob, node, "device_type", NULL);

		if (!type || strcmp(type, "cpu") != 0)
			continue;
		dt_set_string(node, "enable-method", "psci");
		if (sleep)
			dt_set_u32(node, "cpu-idle-states", sleep);
	}
}

/* Keys may wake the machine (Linux's gpio-keys binding: on each key). */
static void fix_keys(void)
{
	int node = -1, key;

	while ((node = fdt_node_offset_by_compatible(blob, node, "gpio-keys")) >= 0) {
		fdt_for_each_subnode(key, blob, node)
			dt_set(key, "wakeup-source", NULL, 0);
	}
}

static void fix_watchdog(void)
{
	int node;

	if (!options.watchdog)
		return;
	node = dt_add_node(0, "watchdog");
	dt_set_string(node, "compatible", SMC_WDT_COMPATIBLE);
	dt_set_u32(node, "arm,smc-id", SMC_WDT_ID);
	dt_set(node, "dormouse,stops-asleep", NULL, 0);
	dt_set_u32(node, "dormouse,smc-report-id", SMC_WDT_REPORT_ID);
}

/*
 * The first MiB of RAM is rewritten by QEMU at each reset, thus in each suspend. Nobody may keep
 * anything there.
 */
static void fix_reserved(void)
{
	fdt32_t reg[4] = { cpu_to_fdt32(0), cpu_to_fdt32(DTB_BASE), cpu_to_fdt32(0),
			   cpu_to_fdt32(DTB_AREA) };
	int node = dt_add_node(0, "reserved-memory");

	dt_set_u32(node, "#address-cells", 2);
	dt_set_u32(node, "#size-cells", 2);
	dt_set(node, "ranges", NULL, 0);
	node = dt_add_node(node, "lost-in-reset@40000000");
	dt_set(node, "reg", reg, sizeof(reg));
	dt_set(node, "no-map", NULL, 0);
}

/*
 * What is the secure world's own: QEMU marks it so (secure-status = okay, status = disabled).
 * A normal world that minds neither must not find it.
 */
static void fix_secure(void)
{
	static const char *const paths[] = { "/secure-chosen", "/secram@e000000", "/secflash@0",
					     "/gpio-restart", "/gpio-poweroff" };
	int node;

	for (unsigned int i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		node = fdt_path_offset(blob, paths[i]);
		if (node >= 0)
			ok(fdt_del_node(blob, node), paths[i]);
	}
	for (node = 0; node >= 0; node = fdt_next_node(blob, node, NULL)) {
		if (fdt_getprop(blob, node, "secure-status", NULL))
			dt_set_string(node, "status", "disabled");
	}
}

void dt_fix_machine(void)
{
	fix_psci();
	fix_cpus();
	fix_keys();
	fix_watchdog();
	fix_reserved();
	fix_secure();
}

void dt_publish(uint64_t addr, uint64_t room)
{
	ok(fdt_pack(blob), "pack");
	if (fdt_totalsize(blob) > room)
		fatal("device tree: %u bytes, more than %lu", fdt_totalsize(blob),
		      (unsigned long)room);
	memcpy((void *)addr, blob, fdt_totalsize(blob));
}
