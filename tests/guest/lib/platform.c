/* SPDX-License-Identifier: Apache-2.0 */
#include "platform.h"

#include <libfdt.h>

#include "abi/smc_wdt.h"
#include "libc.h"
#include "sysreg.h"
#include "tap.h"

struct platform plat;

static const void *fdt;

static int find(const char *const *compatible)
{
	for (; *compatible; compatible++) {
		int node = fdt_node_offset_by_compatible(fdt, -1, *compatible);

		if (node >= 0)
			return node;
	}
	return -1;
}

static uint64_t cells(const fdt32_t *p, int n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 32 | fdt32_to_cpu(*p++);
	return v;
}

/* Entry n of reg, of a node whose parent has two address and two size cells. */
static bool reg(int node, int n, uintptr_t *base, uint64_t *size)
{
	int len;
	const fdt32_t *p = fdt_getprop(fdt, node, "reg", &len);

	if (!p || len < (n + 1) * 16)
		return false;
	*base = cells(p + n * 4, 2);
	*size = cells(p + n * 4 + 2, 2);
	return true;
}

/* INTID of entry n of a GIC's three-cell interrupts. */
static uint32_t interrupt(int node, int n)
{
	int len;
	const fdt32_t *p = fdt_getprop(fdt, node, "interrupts", &len);

	if (!p || len < (n + 1) * 12)
		return 0;
	return fdt32_to_cpu(p[n * 3 + 1]) + (fdt32_to_cpu(p[n * 3]) ? 16 : 32);
}

/* QEMU's virt has a second one, which is the secure world's. */
#define QEMU_UART 0x09000000ul

uintptr_t platform_uart(const void *dtb)
{
	uintptr_t base, first = 0;
	uint64_t size;
	int node = -1;

	fdt = dtb;
	if (fdt_check_header(fdt))
		return QEMU_UART;
	while ((node = fdt_node_offset_by_compatible(fdt, node, "arm,pl011")) >= 0) {
		if (!reg(node, 0, &base, &size))
			continue;
		if (base == QEMU_UART)
			return base;
		first = first ? first : base;
	}
	return first ? first : QEMU_UART;
}

static void find_cpus(void)
{
	int parent = fdt_path_offset(fdt, "/cpus");
	int node, n = fdt_address_cells(fdt, parent);

	fdt_for_each_subnode (node, fdt, parent) {
		const char *type = fdt_getprop(fdt, node, "device_type", 0);
		const fdt32_t *p = fdt_getprop(fdt, node, "reg", 0);

		if (!type || memcmp(type, "cpu", 4) != 0 || !p || plat.nr_cpus == MAX_CPUS)
			continue;
		cpu_mpidrs[plat.nr_cpus] = cells(p, n);
		cpu_nr(plat.nr_cpus)->id = plat.nr_cpus;
		cpu_nr(plat.nr_cpus)->mpidr = cells(p, n);
		plat.nr_cpus++;
	}
	for (unsigned int i = plat.nr_cpus; i < MAX_CPUS; i++)
		cpu_mpidrs[i] = ~0ul;
	cache_clean(cpu_mpidrs, sizeof(cpu_mpidrs));
	if (!plat.nr_cpus || (sysreg_read(mpidr_el1) & 0xff00ffffff) != cpu_nr(0)->mpidr)
		tap_bail("the boot CPU isn't the first of the %u in the device tree", plat.nr_cpus);
}

static void find_gic(void)
{
	static const char *const v2[] = { "arm,cortex-a15-gic", "arm,gic-400", 0 };
	static const char *const v3[] = { "arm,gic-v3", 0 };
	uint64_t size;
	int node = find(v3);

	if (node >= 0) {
		plat.gic_version = 3;
		if (reg(node, 0, &plat.gicd, &size) && reg(node, 1, &plat.gicr, &plat.gicr_size))
			return;
	}
	node = find(v2);
	plat.gic_version = 2;
	if (node < 0 || !reg(node, 0, &plat.gicd, &size) || !reg(node, 1, &plat.gicc, &size))
		tap_bail("no GIC in the device tree");
}

static void find_psci(void)
{
	static const char *const psci[] = { "arm,psci-1.0", "arm,psci-0.2", "arm,psci", 0 };
	int node = find(psci);
	const char *method = node < 0 ? 0 : fdt_getprop(fdt, node, "method", 0);

	if (!method)
		tap_bail("no PSCI in the device tree");
	plat.psci_hvc = !memcmp(method, "hvc", 4);
}

static void find_devices(void)
{
	static const char *const timer[] = { "arm,armv8-timer", 0 };
	static const char *const rtc[] = { "arm,pl031", 0 };
	static const char *const uart[] = { "arm,pl011", 0 };
	static const char *const gpio[] = { "arm,pl061", 0 };
	static const char *const xen[] = { "xen,xen", 0 };
	static const char *const watchdog[] = { SMC_WDT_COMPATIBLE, 0 };
	const fdt32_t *id;
	uint64_t size;
	int node = find(timer);

	plat.timer_phys = interrupt(node, 1);
	plat.timer_virt = interrupt(node, 2);
	if (!plat.timer_phys || !plat.timer_virt)
		tap_bail("no timer in the device tree");
	node = find(rtc);
	if (node >= 0 && reg(node, 0, &plat.rtc, &size))
		plat.rtc_intid = interrupt(node, 0);
	plat.uart = platform_uart(fdt);
	plat.uart_intid = interrupt(find(uart), 0);
	node = find(gpio);
	if (node >= 0 && reg(node, 0, &plat.gpio, &size))
		plat.gpio_intid = interrupt(node, 0);
	node = find(xen);
	if (node >= 0 && reg(node, 0, &plat.xen_grants, &size))
		plat.xen_intid = interrupt(node, 0);
	node = find(watchdog);
	id = node < 0 ? 0 : fdt_getprop(fdt, node, "arm,smc-id", 0);
	if (node >= 0)
		plat.watchdog = id ? fdt32_to_cpu(*id) : SMC_WDT_ID;
}

static void find_memory(void)
{
	int node = -1;

	for (;;) {
		uintptr_t base;
		uint64_t size;

		node = fdt_node_offset_by_prop_value(fdt, node, "device_type", "memory", 7);
		if (node < 0)
			break;
		for (int n = 0; plat.nr_ram < MAX_RAM && reg(node, n, &base, &size); n++) {
			plat.ram[plat.nr_ram].base = base;
			plat.ram[plat.nr_ram++].size = size;
		}
	}
	if (!plat.nr_ram)
		tap_bail("no memory in the device tree");
	plat.ram_base = plat.ram[0].base;
	plat.ram_size = plat.ram[0].size;
}

static bool word_in(const char *line, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = line; *p; p++)
		if ((p == line || p[-1] == ' ') && strnlen(p, n) == n && !memcmp(p, word, n) &&
		    (p[n] == ' ' || !p[n]))
			return true;
	return false;
}

int64_t platform_number(const char *key, int64_t otherwise)
{
	const char *p = fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "bootargs", 0);
	size_t n = strlen(key);

	while (p && *p) {
		bool negative = strnlen(p, n + 2) == n + 2 && p[n + 1] == '-';

		if (strnlen(p, n + 1) == n + 1 && !memcmp(p, key, n) && p[n] == '=') {
			int64_t v = (int64_t)strtoul(p + n + 1 + negative, 0, 10);

			return negative ? -v : v;
		}
		p = strchr(p, ' ');
		p += p ? 1 : 0;
	}
	return otherwise;
}

static void read_bootargs(void)
{
	const char *args = fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "bootargs", 0);

	plat.bootargs = "";
	if (!args)
		return;
	plat.dormouse = word_in(args, "dormouse=1");
	plat.qemu_psci = word_in(args, "psci=qemu");
	plat.shared_cpus = word_in(args, "shared=1");
	plat.peer = word_in(args, "peer=1");
	plat.refused = word_in(args, "refused=1");
	plat.bootargs = args;
}

void platform_init(const void *dtb)
{
	fdt = dtb;
	if (fdt_check_header(fdt))
		tap_bail("no device tree");
	find_psci(); /* first: what tap_bail() needs */
	find_cpus();
	find_gic();
	find_devices();
	find_memory();
	read_bootargs();
}
