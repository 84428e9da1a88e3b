/* SPDX-License-Identifier: Apache-2.0 */
/* Cold boot, in order (boot.h). */
#include "boot.h"
#include "cpu.h"
#include "dt.h"
#include "fwcfg.h"
#include "gic.h"
#include "image.h"
#include "lib/string.h"
#include "log.h"
#include "mmu.h"
#include "options.h"
#include "platform.h"
#include "sysreg.h"

#define CMDLINE_MAX 4096
#define OPTIONS_FILE "opt/dormouse/firmware"
#define OPTIONS_MAX 2048

struct ram_bank ram[MAX_BANKS];
unsigned int ram_count;

static struct places places;
static char cmdline[CMDLINE_MAX];

static uint64_t find_place(const char *what, uint64_t size)
{
	uint64_t addr = place_find(&places, size);

	if (!addr)
		fatal("%s: no room for %lu KiB in RAM", what, (unsigned long)(size + 1023) / 1024);
	return addr;
}

struct loaded load_blob(const char *what, uint16_t key, uint32_t size)
{
	struct loaded l = { .size = size };

	if (!size)
		fatal("%s: empty", what);
	l.addr = find_place(what, size);
	fwcfg_load(key, l.addr, size);
	log_line("%s: %u bytes at %lx", what, size, (unsigned long)l.addr);
	return l;
}

struct loaded load_image(const char *what, uint16_t key, uint32_t size)
{
	static unsigned char head[IMAGE_HEAD];
	struct loaded l = { .size = size };
	struct image image;
	const char *bad;

	fwcfg_read(key, head, size < IMAGE_HEAD ? size : IMAGE_HEAD);
	bad = image_check(head, size, &image);
	if (bad)
		fatal("%s: %s", what, bad);
	l.addr = find_place(what, image.text_offset + image.size) + image.text_offset;
	l.entry = l.addr;
	fwcfg_load(key, l.addr, size);
	log_line("%s: %u bytes at %lx, needs %lu KiB", what, size, (unsigned long)l.addr,
		 (unsigned long)image.size / 1024);
	return l;
}

/* -1: none is named. */
static void check_cpu(const char *key, int n)
{
	if (n >= 0 && ((unsigned int)n >= cpu_count || !cpus[n].present))
		fatal("%s: %s: there is no CPU %d", OPTIONS_FILE, key, n);
}

static void read_options(void)
{
	const struct fwcfg_file *f = fwcfg_find(OPTIONS_FILE);
	static char text[OPTIONS_MAX], words[300]; /* not on the stack: once, by the boot CPU */
	char error[120];
	const char *bad;

	if (f) {
		if (f->size >= sizeof(text))
			fatal("%s: too long", OPTIONS_FILE);
		fwcfg_read(f->key, text, f->size);
	}
	bad = options_parse(&options, text, error, sizeof(error));
	if (bad)
		fatal("%s: %s", OPTIONS_FILE, bad);
	check_cpu("cpu-on-fail", options.cpu_on_fail);
	check_cpu("cpu-off-fail", options.cpu_off_fail);
	for (unsigned int i = 0; i < options.wake_cpu.count; i++)
		check_cpu("wake-cpu", options.wake_cpu.value[i]);
	if (!options.gic.count)
		options.gic = (struct turns){ 1, { modules_present() ? GIC_LOSE : GIC_KEEP } };
	if (text[0])
		log_line("options: %s", text);
	for (unsigned int i = 0; options_describe(i, words, sizeof(words)); i++)
		log_verbose("option %s", words);
}

static void start_cpus(void)
{
	unsigned int present = 0;

	gic_select();
	gic->init();
	gic->cpu_init(0);
	cpus_expect();
	cpus[0].state = CPU_STATE_ON;
	gic_open_gate();
	cpus_wait_arrived();
	for (unsigned int i = 0; i < cpu_count; i++)
		present += cpus[i].present;
	log_line("cold boot: %u CPUs, %s, RAM %lu MiB", present, gic->name,
		 (unsigned long)dt_ram_total() >> 20);
}

static struct loaded load_kernel(bool hypervisor)
{
	uint32_t size = fwcfg_u32(FWCFG_KERNEL_SIZE);

	if (!size)
		fatal(hypervisor ? "modules but no hypervisor: -kernel is missing" :
				   "nothing to boot: -kernel is missing");
	return load_image(hypervisor ? "hypervisor" : "kernel", FWCFG_KERNEL_DATA, size);
}

static void read_cmdline(void)
{
	uint32_t size = fwcfg_u32(FWCFG_CMDLINE_SIZE);

	if (size >= sizeof(cmdline))
		fatal("-append: %u bytes, more than %u", size, CMDLINE_MAX - 1);
	if (size)
		fwcfg_read(FWCFG_CMDLINE_DATA, cmdline, size);
}

void boot(void)
{
	struct loaded kernel, initrd = { 0 };
	uint64_t dtb;
	bool hypervisor;
	uint32_t size;

	dt_open(DTB_BASE);
	dt_read_platform();
	for (unsigned int i = 0; i < ram_count; i++)
		mmu_add_ram(ram[i].base, ram[i].size);
	start_cpus();
	fwcfg_init();
	read_options();

	places = (struct places){ .banks = ram, .bank_count = ram_count };
	place_reserve(&places, DTB_BASE, DTB_AREA);
	hypervisor = modules_present();
	read_cmdline();
	kernel = load_kernel(hypervisor);
	size = fwcfg_u32(FWCFG_INITRD_SIZE);
	if (size && hypervisor)
		fatal("-initrd is for a native kernel; a domain's is a module");
	if (size)
		initrd = load_blob("initrd", FWCFG_INITRD_DATA, size);

	dt_fix_machine();
	if (hypervisor) {
		/* QEMU puts -append there, where it would be taken for dom0's. */
		dt_chosen_string("bootargs", "");
		dt_chosen_string("xen,xen-bootargs", cmdline);
		modules_load();
	} else {
		dt_chosen_string("bootargs", cmdline);
		dt_chosen_initrd(initrd.addr, initrd.size);
	}
	dtb = find_place("device tree", PLACE_ALIGN);
	dt_publish(dtb, PLACE_ALIGN);
	log_line("entering %s at %lx, device tree at %lx", hypervisor ? "hypervisor" : "kernel",
		 (unsigned long)kernel.entry, (unsigned long)dtb);
	cpu_enter(kernel.entry, dtb);
}
