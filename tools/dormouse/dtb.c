// SPDX-License-Identifier: Apache-2.0
#include "dtb.h"

#include <dirent.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/domu.h"
#include "say.h"

#define PHANDLE_GIC   1
#define PHANDLE_CLOCK 2
#define PHANDLE_GPIO  3

/* Interrupt specifiers of the GIC's binding: kind, number, flags. */
#define SPI        0
#define PPI        1
#define LEVEL_HIGH 4
#define XEN_FLAGS  0xf08 /* level, low, for all CPUs: what Xen's own trees say */
#define FIRST_PPI  16
#define FIRST_SPI  32

#define REDISTRIBUTOR 0x20000

/* A writer that remembers the first error, so that no call needs a look. */
struct writer {
	const struct dtb_in *in;
	void *fdt;
	int err;
};

static void begin(struct writer *w, const char *name)
{
	if (w->err == 0)
		w->err = fdt_begin_node(w->fdt, name);
}

static void begin_at(struct writer *w, const char *name, uint64_t address)
{
	char full[48];

	snprintf(full, sizeof(full), "%s@%llx", name, (unsigned long long)address);
	begin(w, full);
}

static void end(struct writer *w)
{
	if (w->err == 0)
		w->err = fdt_end_node(w->fdt);
}

static void bytes(struct writer *w, const char *name, const void *value, size_t size)
{
	if (w->err == 0)
		w->err = fdt_property(w->fdt, name, value, (int)size);
}

static void string(struct writer *w, const char *name, const char *value)
{
	bytes(w, name, value, strlen(value) + 1);
}

/* Several strings, as one literal with zero bytes between them. */
#define strings(w, name, literal) bytes(w, name, literal, sizeof(literal))

static void cells(struct writer *w, const char *name, const uint32_t *value, unsigned int n)
{
	fdt32_t be[12];

	for (unsigned int i = 0; i < n; i++)
		be[i] = cpu_to_fdt32(value[i]);
	bytes(w, name, be, n * sizeof(be[0]));
}

static void cell(struct writer *w, const char *name, uint32_t value)
{
	cells(w, name, &value, 1);
}

static void flag(struct writer *w, const char *name)
{
	bytes(w, name, NULL, 0);
}

/* Numbers of two cells each: addresses, sizes. */
static void wide(struct writer *w, const char *name, const uint64_t *value, unsigned int n)
{
	fdt64_t be[4];

	for (unsigned int i = 0; i < n; i++)
		be[i] = cpu_to_fdt64(value[i]);
	bytes(w, name, be, n * sizeof(be[0]));
}

static void add_chosen(struct writer *w)
{
	const struct dtb_in *in = w->in;
	uint64_t ramdisk_end = in->ramdisk + in->ramdisk_size;
	char path[32];

	begin(w, "chosen");
	if (in->cmdline)
		string(w, "bootargs", in->cmdline);
	if (in->ramdisk_size) {
		wide(w, "linux,initrd-start", &in->ramdisk, 1);
		wide(w, "linux,initrd-end", &ramdisk_end, 1);
	}
	if (in->devices.uart.size) {
		snprintf(path, sizeof(path), "/pl011@%llx",
		         (unsigned long long)in->devices.uart.base);
		string(w, "stdout-path", path);
	}
	end(w);
}

uint64_t dtb_mpidr(unsigned int n)
{
	return (uint64_t)(n >> 4) << 8 | (n & 0xf);
}

static void add_cpus(struct writer *w)
{
	const char *compatible = w->in->cpu_compatible;

	begin(w, "cpus");
	cell(w, "#address-cells", 1);
	cell(w, "#size-cells", 0);
	for (unsigned int n = 0; n < w->in->vcpus; n++) {
		begin_at(w, "cpu", dtb_mpidr(n));
		string(w, "device_type", "cpu");
		string(w, "compatible", compatible ? compatible : "arm,armv8");
		cell(w, "reg", (uint32_t)dtb_mpidr(n));
		string(w, "enable-method", "psci");
		end(w);
	}
	end(w);
}

static void add_psci(struct writer *w)
{
	begin(w, "psci");
	strings(w, "compatible", "arm,psci-1.0\0arm,psci-0.2");
	string(w, "method", "hvc");
	end(w);
}

static void add_memory(struct writer *w)
{
	uint64_t first = w->in->ram < DOMU_RAM_SIZE ? w->in->ram : DOMU_RAM_SIZE;
	const uint64_t reg[] = { DOMU_RAM, first, DOMU_RAM2, w->in->ram - first };

	begin_at(w, "memory", DOMU_RAM);
	string(w, "device_type", "memory");
	wide(w, "reg", reg, w->in->ram > first ? 4 : 2);
	end(w);
}

static void add_gic(struct writer *w)
{
	const struct dm_op_devices *d = &w->in->devices;
	bool is_v2 = d->gic_version == 2;
	const uint64_t reg[] = { d->gicd.base, d->gicd.size, d->gic_cpu.base,
		                 is_v2 ? d->gic_cpu.size : w->in->vcpus * REDISTRIBUTOR };

	begin_at(w, "interrupt-controller", d->gicd.base);
	string(w, "compatible", is_v2 ? "arm,cortex-a15-gic" : "arm,gic-v3");
	cell(w, "#interrupt-cells", 3);
	cell(w, "#address-cells", 0);
	flag(w, "interrupt-controller");
	wide(w, "reg", reg, 4);
	cell(w, "phandle", PHANDLE_GIC);
	end(w);
}

static void add_timer(struct writer *w)
{
	uint32_t interrupts[9];

	for (unsigned int i = 0; i < 3; i++) {
		interrupts[3 * i] = PPI;
		interrupts[3 * i + 1] = w->in->timer_ppis[i] - FIRST_PPI;
		interrupts[3 * i + 2] = LEVEL_HIGH;
	}
	begin(w, "timer");
	string(w, "compatible", "arm,armv8-timer");
	cells(w, "interrupts", interrupts, ARRAY_SIZE(interrupts));
	end(w);
}

/* What feeds the PrimeCells: their bindings want one. */
static void add_clock(struct writer *w)
{
	begin(w, "apb-pclk");
	string(w, "compatible", "fixed-clock");
	cell(w, "#clock-cells", 0);
	cell(w, "clock-frequency", 24000000);
	cell(w, "phandle", PHANDLE_CLOCK);
	end(w);
}

/* False if it isn't there. */
static bool begin_device(struct writer *w, const char *name, const struct dm_device *d)
{
	const uint32_t interrupts[] = { SPI, d->intid - FIRST_SPI, LEVEL_HIGH };
	const uint64_t reg[] = { d->base, d->size };

	if (d->size == 0)
		return false;
	begin_at(w, name, d->base);
	wide(w, "reg", reg, 2);
	if (d->intid)
		cells(w, "interrupts", interrupts, ARRAY_SIZE(interrupts));
	return true;
}

static void add_uart(struct writer *w)
{
	static const uint32_t clocks[] = { PHANDLE_CLOCK, PHANDLE_CLOCK };

	if (!begin_device(w, "pl011", &w->in->devices.uart))
		return;
	strings(w, "compatible", "arm,pl011\0arm,primecell");
	cells(w, "clocks", clocks, ARRAY_SIZE(clocks));
	strings(w, "clock-names", "uartclk\0apb_pclk");
	end(w);
}

static void add_rtc(struct writer *w)
{
	if (!begin_device(w, "pl031", &w->in->devices.rtc))
		return;
	strings(w, "compatible", "arm,pl031\0arm,primecell");
	cell(w, "clocks", PHANDLE_CLOCK);
	string(w, "clock-names", "apb_pclk");
	end(w);
}

static void add_key(struct writer *w, const char *name, unsigned int line, unsigned int code)
{
	const uint32_t gpios[] = { PHANDLE_GPIO, line, 0 };

	begin(w, name);
	string(w, "label", name);
	cell(w, "linux,code", code);
	cells(w, "gpios", gpios, ARRAY_SIZE(gpios));
	flag(w, "wakeup-source");
	end(w);
}

static void add_keys(struct writer *w)
{
	if (!begin_device(w, "pl061", &w->in->devices.keys))
		return;
	strings(w, "compatible", "arm,pl061\0arm,primecell");
	cell(w, "clocks", PHANDLE_CLOCK);
	string(w, "clock-names", "apb_pclk");
	flag(w, "gpio-controller");
	cell(w, "#gpio-cells", 2);
	flag(w, "interrupt-controller");
	cell(w, "#interrupt-cells", 2);
	cell(w, "phandle", PHANDLE_GPIO);
	end(w);
	begin(w, "gpio-keys");
	string(w, "compatible", "gpio-keys");
	/* Codes of Linux's input layer, which the binding is defined by. */
	add_key(w, "sleep", DOMU_GPIO_SLEEP, 142);
	add_key(w, "power", DOMU_GPIO_POWER, 116);
	add_key(w, "restart", DOMU_GPIO_RESTART, 408);
	end(w);
}

static void add_xen(struct writer *w)
{
	static const uint64_t reg[] = { DOMU_GRANTS, DOMU_GRANTS_SIZE };
	static const uint32_t interrupt[] = { PPI, DOMU_XEN_PPI - FIRST_PPI, XEN_FLAGS };

	if (!w->in->xen)
		return;
	begin(w, "hypervisor");
	strings(w, "compatible", "xen,xen-4.17\0xen,xen");
	wide(w, "reg", reg, 2);
	cells(w, "interrupts", interrupt, ARRAY_SIZE(interrupt));
	end(w);
}

static void (*const parts[])(struct writer *w) = {
	add_chosen, add_cpus, add_psci, add_memory, add_gic, add_timer,
	add_clock,  add_uart, add_rtc,  add_keys,   add_xen,
};

void *dtb_build(const struct dtb_in *in, size_t *size, const char **why)
{
	/* A CPU's node takes about 120 bytes. */
	size_t max = 4096 + in->vcpus * 160 + (in->cmdline ? strlen(in->cmdline) : 0);
	struct writer w = { .in = in, .fdt = xcalloc(1, max) };

	w.err = fdt_create(w.fdt, (int)max);
	if (w.err == 0)
		w.err = fdt_finish_reservemap(w.fdt);
	begin(&w, "");
	string(&w, "model", "XENVM-4.17");
	strings(&w, "compatible", "xen,xenvm-4.17\0xen,xenvm");
	cell(&w, "#address-cells", 2);
	cell(&w, "#size-cells", 2);
	cell(&w, "interrupt-parent", PHANDLE_GIC);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		parts[i](&w);
	end(&w);
	if (w.err == 0)
		w.err = fdt_finish(w.fdt);
	if (w.err) {
		*why = fdt_strerror(w.err);
		free(w.fdt);
		return NULL;
	}
	*size = fdt_totalsize(w.fdt);
	return w.fdt;
}

/* --- Dom0's own tree --------------------------------------------------------------------- */

static size_t read_property(const char *root, const char *node, const char *name, void *to,
                            size_t max)
{
	char *path = xformat("%s/proc/device-tree/%s/%s", root, node, name);
	FILE *f = fopen(path, "rb");
	size_t n = f ? fread(to, 1, max, f) : 0;

	if (f)
		fclose(f);
	free(path);
	return n;
}

void dtb_read_host(const char *root, struct dtb_in *in, char *cpu_compatible, size_t size)
{
	static const uint32_t usual[] = { 29, 30, 27 };
	char *path = xformat("%s/proc/device-tree/cpus", root);
	DIR *cpus = opendir(path);
	struct dirent *entry;
	fdt32_t cells_of[9];

	memset(cpu_compatible, 0, size);
	while (cpus && (entry = readdir(cpus)) && !cpu_compatible[0]) {
		char *node = xformat("cpus/%s", entry->d_name);

		if (strncmp(entry->d_name, "cpu@", 4) == 0)
			read_property(root, node, "compatible", cpu_compatible, size - 1);
		free(node);
	}
	if (cpus)
		closedir(cpus);
	free(path);
	in->cpu_compatible = cpu_compatible[0] ? cpu_compatible : NULL;
	memcpy(in->timer_ppis, usual, sizeof(usual));
	if (read_property(root, "timer", "interrupts", cells_of, sizeof(cells_of)) <
	    sizeof(cells_of))
		return;
	for (unsigned int i = 0; i < 3; i++) {
		if (fdt32_to_cpu(cells_of[3 * i]) == PPI)
			in->timer_ppis[i] = fdt32_to_cpu(cells_of[3 * i + 1]) + FIRST_PPI;
	}
}
