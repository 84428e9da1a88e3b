/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/domudt.h"

#include <libfdt.h>

#include "boot/dom0dt.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/print.h"
#include "lib/string.h"

#define FAR_BEHIND (128 * MIB) /* where Xen's tools put what goes with the kernel */
#define DTB_ALIGN  (64 * KIB)

/* Out of the way of a partial tree's; that has one of its own for the GIC. */
#define PHANDLE_GIC   65000
#define PHANDLE_CLOCK 65001
#define PHANDLE_GPIO  65002

/* Interrupt specifiers of the GIC's binding: kind, number, flags. */
#define SPI        0
#define PPI        1
#define LEVEL_HIGH 4
#define LEVEL_LOW  0xf08 /* and for which CPUs, as Xen writes it */

/* --- places ------------------------------------------------------------------------------ */

static unsigned int mib(uint64_t bytes)
{
	return (unsigned int)DIV_ROUND_UP(bytes, MIB);
}

int domudt_place(const struct host_domain *d, const struct range *bank,
                 const struct image_info *kernel, uint64_t ramdisk_size, uint64_t dtb_size, struct domu_places *out)
{
	uint64_t kernel_end = ALIGN_UP(kernel->text_offset + kernel->image_size, IMAGE_ALIGN);
	uint64_t behind = ALIGN_UP(ramdisk_size, DTB_ALIGN) + ALIGN_UP(dtb_size, DTB_ALIGN);
	uint64_t at = max_u64(kernel_end, FAR_BEHIND);

	if (at + behind > bank->size)
		at = kernel_end;
	if (at + behind > bank->size) {
		log_err("domain %s: its %u MiB hold no kernel that needs %u MiB and a ramdisk of "
		        "%u MiB; give it at least %u MiB, better twice that",
		        d->name, mib(bank->size), mib(kernel->image_size), mib(ramdisk_size),
		        mib(kernel_end + behind));
		return -ENOMEM;
	}
	at += bank->base;
	out->entry = bank->base + kernel->text_offset;
	out->ramdisk = (struct range) { .base = at, .size = ramdisk_size };
	out->dtb = (struct range) { .base = at + ALIGN_UP(ramdisk_size, DTB_ALIGN),
		                    .size = dtb_size };
	return 0;
}

/* --- the tree ---------------------------------------------------------------------------- */

uint64_t domudt_size(const struct domudt_in *in)
{
	/* A CPU node takes about 120 bytes. */
	return ALIGN_UP(3 * KIB + in->domain->nr_vcpus * 160 +
	                        (in->bootargs ? strlen(in->bootargs) : 0) +
	                        (in->partial ? fdt_totalsize(in->partial) : 0),
	                PAGE_SIZE);
}

/* A writer that remembers the first error, so that no call needs a look. */
struct writer {
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
	char full[32];

	print_format(full, sizeof(full), "%s@%llx", name, (unsigned long long)address);
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

static void number64(struct writer *w, const char *name, uint64_t value)
{
	fdt64_t be = cpu_to_fdt64(value);

	bytes(w, name, &be, sizeof(be));
}

/* In the root's two cells each. */
static void reg(struct writer *w, const struct range *r, unsigned int n)
{
	fdt64_t be[2 * HOST_MAX_BANKS];

	for (unsigned int i = 0; i < n; i++) {
		be[2 * i] = cpu_to_fdt64(r[i].base);
		be[2 * i + 1] = cpu_to_fdt64(r[i].size);
	}
	bytes(w, "reg", be, n * 2 * sizeof(be[0]));
}

static void add_chosen(struct writer *w, const struct domudt_in *in)
{
	char path[32];

	begin(w, "chosen");
	if (in->bootargs)
		string(w, "bootargs", in->bootargs);
	if (in->ramdisk.size) {
		number64(w, "linux,initrd-start", in->ramdisk.base);
		number64(w, "linux,initrd-end", range_end(&in->ramdisk));
	}
	if (in->domain->vpl011) {
		print_format(path, sizeof(path), "/pl011@%llx", (unsigned long long)DOMU_UART);
		string(w, "stdout-path", path);
	}
	end(w);
}

static void add_cpus(struct writer *w, const struct domudt_in *in)
{
	const char *compatible = in->host->cpu_compatible;

	begin(w, "cpus");
	cell(w, "#address-cells", 1);
	cell(w, "#size-cells", 0);
	for (unsigned int n = 0; n < in->domain->nr_vcpus; n++) {
		begin_at(w, "cpu", dom0dt_mpidr(n));
		string(w, "device_type", "cpu");
		string(w, "compatible", compatible ? compatible : "arm,armv8");
		cell(w, "reg", (uint32_t)dom0dt_mpidr(n));
		string(w, "enable-method", "psci");
		end(w);
	}
	end(w);
}

static void add_psci(struct writer *w, const struct domudt_in *in)
{
	static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2";

	(void)in;
	begin(w, "psci");
	bytes(w, "compatible", compatible, sizeof(compatible));
	string(w, "method", "hvc");
	end(w);
}

static void add_memory(struct writer *w, const struct domudt_in *in)
{
	begin_at(w, "memory", in->ram.bank[0].base);
	string(w, "device_type", "memory");
	reg(w, in->ram.bank, in->ram.count);
	end(w);
}

static uint32_t gic_phandle(const struct domudt_in *in)
{
	int node = in->partial ? fdt_path_offset(in->partial, "/gic") : -1;
	uint32_t own = node < 0 ? 0 : fdt_get_phandle(in->partial, node);

	return own ? own : PHANDLE_GIC;
}

static void add_gic(struct writer *w, const struct domudt_in *in)
{
	const struct range v2[] = { { DOMU_GICD, DOMU_GICD_V2 }, { DOMU_GICC, DOMU_GICC_SIZE } };
	const struct range v3[] = { { DOMU_GICD, DOMU_GICD_V3 },
		                    { DOMU_GICR, in->domain->nr_vcpus * DOM0DT_REDIST_SIZE } };
	bool is_v2 = in->host->gic.version == 2;

	begin_at(w, "interrupt-controller", DOMU_GICD);
	string(w, "compatible", is_v2 ? "arm,cortex-a15-gic" : "arm,gic-v3");
	cell(w, "#interrupt-cells", 3);
	cell(w, "#address-cells", 0);
	bytes(w, "interrupt-controller", "", 0);
	reg(w, is_v2 ? v2 : v3, 2);
	cell(w, "phandle", gic_phandle(in));
	end(w);
}

static void add_timer(struct writer *w, const struct domudt_in *in)
{
	/* The host's numbers: the virtual timer's is the hardware's. By position; the first, the
	 * secure one, is used by nobody at EL1. */
	uint32_t phys = in->host->timer.phys - 16, virt = in->host->timer.virt - 16;
	uint32_t secure = in->host->timer.sec_phys ? in->host->timer.sec_phys - 16 : phys;
	const uint32_t interrupts[] = { PPI,        secure, LEVEL_HIGH, PPI,       phys,
		                        LEVEL_HIGH, PPI,    virt,       LEVEL_HIGH };

	begin(w, "timer");
	string(w, "compatible", "arm,armv8-timer");
	cells(w, "interrupts", interrupts, ARRAY_SIZE(interrupts));
	end(w);
}

/* What feeds the PrimeCells: their bindings want one. */
static void add_clock(struct writer *w, const struct domudt_in *in)
{
	(void)in;
	begin(w, "apb-pclk");
	string(w, "compatible", "fixed-clock");
	cell(w, "#clock-cells", 0);
	cell(w, "clock-frequency", 24000000);
	cell(w, "phandle", PHANDLE_CLOCK);
	end(w);
}

static void begin_primecell(struct writer *w, const char *name, uint64_t base, uint32_t intid)
{
	const uint32_t interrupts[] = { SPI, intid - GIC_FIRST_SPI, LEVEL_HIGH };
	const struct range regs = { .base = base, .size = PAGE_SIZE };

	begin_at(w, name, base);
	reg(w, &regs, 1);
	cells(w, "interrupts", interrupts, ARRAY_SIZE(interrupts));
}

static void add_uart(struct writer *w, const struct domudt_in *in)
{
	static const char compatible[] = "arm,pl011\0arm,primecell";
	static const char clock_names[] = "uartclk\0apb_pclk";
	static const uint32_t clocks[] = { PHANDLE_CLOCK, PHANDLE_CLOCK };

	if (!in->domain->vpl011)
		return;
	begin_primecell(w, "pl011", DOMU_UART, DOMU_UART_INTID);
	bytes(w, "compatible", compatible, sizeof(compatible));
	cells(w, "clocks", clocks, ARRAY_SIZE(clocks));
	bytes(w, "clock-names", clock_names, sizeof(clock_names));
	end(w);
}

static void add_rtc(struct writer *w, const struct domudt_in *in)
{
	static const char compatible[] = "arm,pl031\0arm,primecell";

	(void)in;
	begin_primecell(w, "pl031", DOMU_RTC, DOMU_RTC_INTID);
	bytes(w, "compatible", compatible, sizeof(compatible));
	cell(w, "clocks", PHANDLE_CLOCK);
	string(w, "clock-names", "apb_pclk");
	end(w);
}

static void add_gpio(struct writer *w, const struct domudt_in *in)
{
	static const char compatible[] = "arm,pl061\0arm,primecell";

	(void)in;
	begin_primecell(w, "gpio", DOMU_GPIO, DOMU_GPIO_INTID);
	bytes(w, "compatible", compatible, sizeof(compatible));
	cell(w, "clocks", PHANDLE_CLOCK);
	string(w, "clock-names", "apb_pclk");
	bytes(w, "gpio-controller", "", 0);
	cell(w, "#gpio-cells", 2);
	bytes(w, "interrupt-controller", "", 0);
	cell(w, "#interrupt-cells", 2);
	cell(w, "phandle", PHANDLE_GPIO);
	end(w);
}

/* Codes of Linux's input-event-codes.h, which the gpio-keys binding wants. Flags 0: high is pressed. */
static void add_keys(struct writer *w, const struct domudt_in *in)
{
	static const struct {
		const char *name;
		uint32_t line, code;
	} keys[] = {
		{ "power", DOMU_GPIO_POWER, 116 },
		{ "sleep", DOMU_GPIO_SLEEP, 142 },
		{ "restart", DOMU_GPIO_RESTART, 408 },
	};

	(void)in;
	begin(w, "gpio-keys");
	string(w, "compatible", "gpio-keys");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const uint32_t gpios[] = { PHANDLE_GPIO, keys[i].line, 0 };

		begin(w, keys[i].name);
		string(w, "label", keys[i].name);
		cell(w, "linux,code", keys[i].code);
		cells(w, "gpios", gpios, ARRAY_SIZE(gpios));
		bytes(w, "wakeup-source", "", 0);
		end(w);
	}
	end(w);
}

static void add_hypervisor(struct writer *w, const struct domudt_in *in)
{
	static const char compatible[] = "xen,xen-4.17\0xen,xen";
	static const uint32_t interrupts[] = { PPI, DOMU_XEN_PPI - 16, LEVEL_LOW };
	const struct range grants = { DOMU_GRANTS, DOMU_GRANTS_SIZE };

	if (!in->domain->xen)
		return;
	begin(w, "hypervisor");
	bytes(w, "compatible", compatible, sizeof(compatible));
	reg(w, &grants, 1);
	cells(w, "interrupts", interrupts, ARRAY_SIZE(interrupts));
	end(w);
}

/* --- what comes from the partial tree ---------------------------------------------------- */

/* All properties but what is said to Dormouse. */
static void copy_properties(struct writer *w, const void *from, int node)
{
	int prop;

	fdt_for_each_property_offset(prop, from, node)
	{
		const char *name;
		int len;
		const void *value = fdt_getprop_by_offset(from, prop, &name, &len);

		if (value && strncmp(name, "xen,", 4) != 0)
			bytes(w, name, value, (size_t)len);
	}
}

static void copy_subtree(struct writer *w, const void *from, const char *path)
{
	int node = fdt_path_offset(from, path), depth = 0;

	while (node >= 0) {
		int next, next_depth = depth;

		begin(w, fdt_get_name(from, node, NULL));
		copy_properties(w, from, node);
		next = fdt_next_node(from, node, &next_depth);
		if (next < 0 || next_depth <= 0) {
			next = -1;
			next_depth = 0;
		}
		for (; depth >= next_depth; depth--)
			end(w);
		depth = next_depth;
		node = next;
	}
}

static void add_partial(struct writer *w, const struct domudt_in *in)
{
	if (!in->partial)
		return;
	copy_subtree(w, in->partial, "/aliases");
	copy_subtree(w, in->partial, "/passthrough");
}

static void (*const parts[])(struct writer *w, const struct domudt_in *in) = {
	add_chosen, add_cpus,  add_psci, add_memory, add_gic,
	add_timer,  add_clock, add_uart, add_rtc,   add_gpio,
	add_keys,   add_hypervisor, add_partial,
};

int domudt_build(const struct domudt_in *in, void *out, uint64_t size)
{
	static const char compatible[] = "xen,xenvm-4.17\0xen,xenvm";
	struct writer w = { .fdt = out };

	w.err = fdt_create(out, (int)size);
	if (w.err == 0)
		w.err = fdt_finish_reservemap(out);
	begin(&w, "");
	string(&w, "model", "XENVM-4.17");
	bytes(&w, "compatible", compatible, sizeof(compatible));
	cell(&w, "#address-cells", 2);
	cell(&w, "#size-cells", 2);
	cell(&w, "interrupt-parent", gic_phandle(in));
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		parts[i](&w, in);
	end(&w);
	if (w.err == 0)
		w.err = fdt_finish(out);
	if (w.err == 0)
		return 0;
	log_err("domain %s: its device tree does not fit into %u bytes (%s)", in->domain->name,
	        (unsigned int)size, fdt_strerror(w.err));
	return -ENOSPC;
}
