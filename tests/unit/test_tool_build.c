// SPDX-License-Identifier: Apache-2.0
/* `create`: what is where in the domain's memory and device tree, and that nothing is left of one
 * that fails. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <libfdt.h>

#include "abi/domu.h"
#include "balloon.h"
#include "build.h"
#include "dtb.h"
#include "image.h"
#include "say.h"
#include "tool_capture.h"
#include "tool_ctl.h"

#define MIB (1024 * 1024ull)

static char folder[] = "/tmp/dormouse-tool-XXXXXX";

static char *in_folder(const char *name)
{
	static char path[4][128];
	static unsigned int n;

	n = (n + 1) % 4;
	snprintf(path[n], sizeof(path[n]), "%s/%s", folder, name);
	return path[n];
}

static void put_file(const char *name, const void *data, size_t size)
{
	FILE *f = fopen(in_folder(name), "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, size, f), size);
	fclose(f);
}

/* An Image of `size` bytes that takes `memory` when it runs; byte n is n * 7 but in the header. */
static void put_image(uint64_t offset, uint64_t memory, size_t size)
{
	uint8_t *image = malloc(size);

	for (size_t i = 0; i < size; i++)
		image[i] = (uint8_t)(i * 7);
	memset(image, 0, 64);
	memcpy(image + 8, &offset, 8);
	memcpy(image + 16, &memory, 8);
	memcpy(image + 56, "ARM\x64", 4);
	put_file("Image", image, size);
	free(image);
}

static void put_config(const char *more)
{
	char *text = xformat("name='web'\nkernel='%s'\nramdisk='%s'\nmemory=32\n"
	                     "extra='console=ttyAMA0'\n%s",
	                     in_folder("Image"), in_folder("ramdisk"), more);

	put_file("web.cfg", text, strlen(text));
	free(text);
}

static int create(const char *options)
{
	char *words =
	        xformat("create -q -e %s%s%s", options, *options ? " " : "", in_folder("web.cfg"));
	int status = run_tool(words);

	free(words);
	return status;
}

static int reset(void **state)
{
	(void)state;
	fake_reset();
	put_image(0x80000, 4 * MIB + 100, 3 * MIB + 77);
	put_file("ramdisk", "a small ramdisk", 15);
	put_config(
	        "vcpus=2\ncpus=['0','1']\ncpu_weight=300\ncap=80\ntime='frozen'\nwakeup=['key']\n");
	return 0;
}

static int tidy(void **state)
{
	(void)state;
	capture_free();
	fake_reset();
	return 0;
}

#define assert_err(text)                                               \
	do {                                                           \
		if (!strstr(err_text, text))                           \
			fail_msg("no \"%s\" in:\n%s", text, err_text); \
	} while (0)

/* --- the device tree ----------------------------------------------------------------------- */

static const void *property(const void *fdt, const char *path, const char *name, int size)
{
	int node = fdt_path_offset(fdt, path), len;
	const void *value = node < 0 ? NULL : fdt_getprop(fdt, node, name, &len);

	if (value && size >= 0)
		assert_int_equal(len, size);
	return value;
}

static uint32_t cell(const void *fdt, const char *path, const char *name, int n)
{
	const fdt32_t *cells = property(fdt, path, name, -1);

	assert_non_null(cells);
	return fdt32_to_cpu(cells[n]);
}

static uint64_t wide(const void *fdt, const char *path, const char *name, int n)
{
	return (uint64_t)cell(fdt, path, name, 2 * n) << 32 | cell(fdt, path, name, 2 * n + 1);
}

static struct dtb_in dtb_in(void)
{
	struct dtb_in in = {
		.vcpus = 3,
		.ram = 64 * MIB,
		.cmdline = "quiet",
		.ramdisk = 0x48000000,
		.ramdisk_size = 0x1234,
		.timer_ppis = { 29, 30, 27 },
		.xen = true,
	};

	fake_reset();
	ctl_devices(&in.devices);
	return in;
}

static void test_tree(void **state)
{
	struct dtb_in in = dtb_in();
	const char *why;
	size_t size;
	void *fdt = dtb_build(&in, &size, &why);

	(void)state;
	assert_non_null(fdt);
	assert_int_equal(fdt_check_full(fdt, size), 0);
	assert_string_equal(property(fdt, "/chosen", "bootargs", -1), "quiet");
	assert_int_equal(wide(fdt, "/chosen", "linux,initrd-start", 0), 0x48000000);
	assert_int_equal(wide(fdt, "/chosen", "linux,initrd-end", 0), 0x48001234);
	assert_string_equal(property(fdt, "/chosen", "stdout-path", -1), "/pl011@22000000");
	assert_int_equal(wide(fdt, "/memory@40000000", "reg", 0), DOMU_RAM);
	assert_int_equal(wide(fdt, "/memory@40000000", "reg", 1), 64 * MIB);
	assert_non_null(property(fdt, "/memory@40000000", "reg", 16));
	assert_int_equal(cell(fdt, "/cpus/cpu@2", "reg", 0), 2);
	assert_null(property(fdt, "/cpus/cpu@3", "reg", -1));
	assert_int_equal(wide(fdt, "/interrupt-controller@3001000", "reg", 3), 3 * DOMU_GICR_SIZE);
	assert_int_equal(cell(fdt, "/timer", "interrupts", 7), 11);
	assert_int_equal(cell(fdt, "/pl011@22000000", "interrupts", 1), DOMU_UART_INTID - 32);
	assert_int_equal(cell(fdt, "/pl031@22010000", "interrupts", 1), DOMU_RTC_INTID - 32);
	assert_int_equal(cell(fdt, "/gpio-keys/sleep", "gpios", 1), DOMU_GPIO_SLEEP);
	assert_int_equal(cell(fdt, "/gpio-keys/sleep", "gpios", 0),
	                 cell(fdt, "/pl061@22020000", "phandle", 0));
	assert_int_equal(cell(fdt, "/gpio-keys/sleep", "linux,code", 0), 142);
	assert_non_null(property(fdt, "/gpio-keys/power", "wakeup-source", 0));
	/* What Linux looks for to know that it is on Xen. */
	assert_string_equal(property(fdt, "/hypervisor", "compatible", -1), "xen,xen-4.17");
	assert_int_equal(wide(fdt, "/hypervisor", "reg", 0), DOMU_GRANTS);
	assert_int_equal(cell(fdt, "/hypervisor", "interrupts", 1), DOMU_XEN_PPI - 16);
	free(fdt);
}

static void test_other_trees(void **state)
{
	struct dtb_in in = dtb_in();
	const char *why;
	size_t size;
	void *fdt;

	(void)state;
	/* Much memory: a second bank. GICv2, no Xen, no ramdisk. */
	in.ram = 5 * 1024 * MIB;
	in.devices.gic_version = 2;
	in.devices.gic_cpu = (struct dm_device) { DOMU_GICC, DOMU_GICC_SIZE, 0 };
	in.xen = false;
	in.ramdisk_size = 0;
	in.cmdline = NULL;
	fdt = dtb_build(&in, &size, &why);
	assert_int_equal(fdt_check_full(fdt, size), 0);
	assert_int_equal(wide(fdt, "/memory@40000000", "reg", 1), 3 * 1024 * MIB);
	assert_int_equal(wide(fdt, "/memory@40000000", "reg", 2), DOMU_RAM2);
	assert_int_equal(wide(fdt, "/memory@40000000", "reg", 3), 2 * 1024 * MIB);
	assert_string_equal(property(fdt, "/interrupt-controller@3001000", "compatible", -1),
	                    "arm,cortex-a15-gic");
	assert_int_equal(wide(fdt, "/interrupt-controller@3001000", "reg", 3), DOMU_GICC_SIZE);
	assert_null(property(fdt, "/hypervisor", "compatible", -1));
	assert_null(property(fdt, "/chosen", "bootargs", -1));
	assert_null(property(fdt, "/chosen", "linux,initrd-start", -1));
	free(fdt);
	in.vcpus = 64;
	fdt = dtb_build(&in, &size, &why);
	assert_non_null(fdt);
	assert_int_equal(cell(fdt, "/cpus/cpu@303", "reg", 0), 0x303); /* 51 = 3 * 16 + 3 */
	free(fdt);
}

static void test_host_tree(void **state)
{
	static const uint8_t timer[48] = { 0, 0, 0, 1,  0, 0, 0, 10, 0, 0, 0, 4, 0, 0, 0, 1,
		                           0, 0, 0, 11, 0, 0, 0, 4,  0, 0, 0, 1, 0, 0, 0, 9 };
	struct dtb_in in = { 0 };
	char cpu[32];

	(void)state;
	dtb_read_host("/nowhere", &in, cpu, sizeof(cpu));
	assert_null(in.cpu_compatible);
	assert_int_equal(in.timer_ppis[2], 27);
	mkdir(in_folder("proc"), 0755);
	mkdir(in_folder("proc/device-tree"), 0755);
	mkdir(in_folder("proc/device-tree/timer"), 0755);
	mkdir(in_folder("proc/device-tree/cpus"), 0755);
	mkdir(in_folder("proc/device-tree/cpus/cpu@0"), 0755);
	put_file("proc/device-tree/timer/interrupts", timer, sizeof(timer));
	put_file("proc/device-tree/cpus/cpu@0/compatible", "arm,cortex-a72", 15);
	dtb_read_host(folder, &in, cpu, sizeof(cpu));
	assert_string_equal(in.cpu_compatible, "arm,cortex-a72");
	assert_int_equal(in.timer_ppis[0], 26);
	assert_int_equal(in.timer_ppis[2], 25);
}

static void put_kib(const char *name, const char *kib)
{
	char *path = xformat("sys/devices/system/xen_memory/xen_memory0/%s", name);

	put_file(path, kib, strlen(kib));
	free(path);
}

static void test_balloon(void **state)
{
	char text[16] = { 0 }, *target;
	FILE *f;

	(void)state;
	assert_false(balloon_make_room("/nowhere"));
	assert_int_equal(run_tool("help"), 0);
	mkdir(in_folder("sys"), 0755);
	mkdir(in_folder("sys/devices"), 0755);
	mkdir(in_folder("sys/devices/system"), 0755);
	mkdir(in_folder("sys/devices/system/xen_memory"), 0755);
	mkdir(in_folder("sys/devices/system/xen_memory/xen_memory0"), 0755);
	mkdir(in_folder("sys/devices/system/xen_memory/xen_memory0/info"), 0755);
	put_kib("target_kb", "524288\n");
	put_kib("info/current_kb", "524288\n");
	put_kib("info/low_kb", "4096\n");
	put_kib("info/high_kb", "0\n");
	target = in_folder("sys/devices/system/xen_memory/xen_memory0/target_kb");
	/* There is room: nothing is taken. */
	assert_true(balloon_make_room(folder));
	f = fopen(target, "r");
	assert_int_equal(fread(text, 1, sizeof(text) - 1, f), 7);
	fclose(f);
	assert_string_equal(text, "524288\n");
	/* None, and nobody who makes some: asked for, and given up. */
	put_kib("info/low_kb", "0\n");
	assert_false(balloon_make_room(folder));
	f = fopen(target, "r");
	assert_int_equal(fread(text, 1, sizeof(text) - 1, f), 7);
	fclose(f);
	assert_string_equal(text, "520192\n");
}

/* --- the kernel ---------------------------------------------------------------------------- */

static void test_images(void **state)
{
	uint8_t header[64] = { 0 };
	struct image image;

	(void)state;
	assert_string_equal(image_parse(header, 64, 64, &image), "it is not an arm64 Image");
	memcpy(header, "\x1f\x8b", 2);
	assert_non_null(strstr(image_parse(header, 64, 64, &image), "compressed"));
	memcpy(header,
	       "\x7f"
	       "ELF",
	       4);
	assert_non_null(strstr(image_parse(header, 64, 64, &image), "ELF"));
	memset(header, 0, 4);
	memcpy(header + 56, "ARM\x64", 4);
	assert_null(image_parse(header, 64, 5000, &image));
	assert_int_equal(image.text_offset, 0x80000);
	assert_int_equal(image.size, 5000);
	header[18] = 1;
	assert_null(image_parse(header, 64, 5000, &image));
	assert_int_equal(image.text_offset, 0);
	assert_int_equal(image.size, 65536);
	assert_null(image_parse(header, 64, 100000, &image));
	assert_int_equal(image.size, 100000); /* the file is longer than it says */
	header[24] = 1;
	assert_string_equal(image_parse(header, 64, 5000, &image), "it is big-endian");
	header[24] = 0;
	header[12] = 1;
	assert_non_null(image_parse(header, 64, 5000, &image));
	assert_non_null(image_parse(header, 63, 5000, &image));
}

static void test_places(void **state)
{
	const struct image kernel = { .text_offset = 0x80000, .size = 10 * MIB };
	struct places at;
	uint64_t needed;

	(void)state;
	assert_true(image_place(&kernel, 5 * MIB + 1, 65536, 256 * MIB, &at, &needed));
	assert_int_equal(at.kernel, DOMU_RAM + 0x80000);
	assert_int_equal(at.ramdisk, DOMU_RAM + 128 * MIB);
	assert_int_equal(at.dtb, DOMU_RAM + 133 * MIB + 65536);
	assert_true(image_place(&kernel, 5 * MIB, 65536, 32 * MIB, &at, &needed));
	assert_int_equal(at.ramdisk, DOMU_RAM + 12 * MIB);
	assert_false(image_place(&kernel, 5 * MIB, 65536, 17 * MIB, &at, &needed));
	assert_true(image_place(&kernel, 5 * MIB, 65536, needed * MIB, &at, &needed));
}

/* --- the whole ----------------------------------------------------------------------------- */

static void test_create(void **state)
{
	struct fake_domain *d;
	const uint8_t *kernel;
	const void *fdt;

	(void)state;
	for (int big = 0; big < 2; big++) {
		reset(NULL);
		fake.big_blocks = big;
		assert_int_equal(create(""), 0);
		d = fake_find(1);
		assert_non_null(d);
		assert_string_equal(d->dm.name, "web");
		assert_int_equal(d->dm.pause_count, 0);
		assert_int_equal(d->dm.tot_pages, 32 * 256);
		assert_int_equal(d->dm.nr_vcpus, 2);
		assert_int_equal(d->devices, DM_DEVICE_UART | DM_DEVICE_RTC | DM_DEVICE_KEYS);
		assert_int_equal(d->vcpus[1].affinity, 2);
		assert_int_equal(d->dm.weight, 300);
		assert_int_equal(d->dm.cap, 80);
		assert_int_equal(d->policy.time, DM_TIME_FROZEN);
		assert_int_equal(d->dm.wake_sources, DM_WAKE_KEY);
		assert_int_equal(d->pc, DOMU_RAM + 0x80000);
		kernel = d->ram + 0x80000;
		for (size_t i = 64; i < 3 * MIB + 77; i += 1021)
			assert_int_equal(kernel[i], (uint8_t)(i * 7));
		fdt = d->ram + (d->x0 - DOMU_RAM);
		assert_int_equal(fdt_check_header(fdt), 0);
		assert_string_equal(property(fdt, "/chosen", "bootargs", -1), "console=ttyAMA0");
		assert_memory_equal(d->ram + wide(fdt, "/chosen", "linux,initrd-start", 0) -
		                            DOMU_RAM,
		                    "a small ramdisk", 15);
		/* Every page that was written is clean in memory: the guest starts without caches.
		 */
		assert_true(d->flushed_pages >= (3 * MIB + 77) / 4096 + 3);
		assert_int_equal(fake.mapped, 0);
	}
	assert_int_equal(create(""), 1);
	assert_err("there is a domain \"web\" already");
	assert_int_equal(fake.created, 1);
}

static void test_paused_and_dry(void **state)
{
	(void)state;
	assert_int_equal(create("-n"), 0);
	assert_json(out_text);
	assert_int_equal(fake.created, 0);
	assert_int_equal(create("-p"), 0);
	assert_int_equal(fake_find(1)->dm.pause_count, 1);
	assert_int_equal(run_tool("create"), 2);
	assert_int_equal(run_tool("create /nowhere/x.cfg"), 1);
	assert_err("can't open \"/nowhere/x.cfg\": No such file or directory");
}

static void test_undo(void **state)
{
	static const struct {
		const char *call, *says;
		unsigned int after;
	} fails[] = {
		{ "create", "the hypervisor did not create it", 0 },
		{ "max_vcpus", "can't give it its vCPUs", 0 },
		{ "set_name", "can't name it", 0 },
		{ "devices", "can't give it its console", 0 },
		{ "set_affinity", "can't pin its vCPUs", 1 },
		{ "max_memory", "can't set its memory's limit", 0 },
		{ "populate", "its memory can't be had: not enough memory", 0 },
		{ "populate", "its memory can't be had", 1 },
		{ "map", "can't reach its memory", 0 },
		{ "map", "can't reach its memory", 2 },
		{ "flush", "can't clean the caches", 1 },
		{ "set_entry", "can't say where it begins", 0 },
		{ "sched_set", "can't set its weight", 0 },
		{ "policy", "can't set its policies", 0 },
		{ "wakeup", "can't set its wake-up sources", 0 },
		{ "unpause", "can't start it", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fails); i++) {
		reset(NULL);
		fake.fail = fails[i].call;
		fake.fail_after = fails[i].after;
		fake.err = ENOMEM;
		assert_int_equal(create(""), 1);
		assert_err(fails[i].says);
		assert_err("web");
		assert_int_equal(fake.nr, 1);
		assert_int_equal(fake.created, fake.destroyed);
		assert_int_equal(fake.mapped, 0);
	}
}

static void test_interrupted(void **state)
{
	static const char *const calls[] = { "populate", "map", "flush" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		reset(NULL);
		fake.fail = calls[i];
		fake.err = EINTR;
		assert_int_equal(create(""), 1);
		assert_err("interrupted; nothing is left of it");
		assert_int_equal(fake.created, 1);
		assert_int_equal(fake.destroyed, 1);
		assert_int_equal(fake.mapped, 0);
	}
}

static void test_bad_files(void **state)
{
	(void)state;
	put_config("memory=4\n");
	assert_int_equal(create(""), 1);
	assert_err("its 4 MiB of memory don't hold the kernel");
	put_config("");
	fake.free_pages = 31 * 256;
	assert_int_equal(create(""), 1);
	assert_err("it needs 32 MiB, but only 31 MiB are free");
	fake.free_pages = 512 * 256;
	put_file("Image", "no kernel", 9);
	assert_int_equal(create(""), 1);
	assert_err("can't be started: it is not an arm64 Image");
	put_config("kernel='/nowhere/Image'\n");
	assert_int_equal(create(""), 1);
	assert_err("can't open the kernel \"/nowhere/Image\": No such file");
	put_config("ramdisk='/dev/null'\n");
	assert_int_equal(create(""), 1);
	assert_err("no regular file");
	put_config("memory=[\n");
	assert_int_equal(create(""), 1);
	assert_err("web.cfg:7:1: error: expected a value");
	assert_err("dormouse: 1 error in ");
	assert_int_equal(fake.created, 0);
	assert_int_equal(fake.nr, 1);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char *command = xformat("rm -rf '%s'", folder);
	int err = system(command);

	(void)state;
	free(command);
	return err;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, tidy)
	const struct CMUnitTest tests[] = {
		TEST(test_tree),      TEST(test_other_trees),    TEST(test_host_tree),
		TEST(test_images),    TEST(test_places),         TEST(test_create),
		TEST(test_balloon),   TEST(test_undo),           TEST(test_interrupted),
		TEST(test_bad_files), TEST(test_paused_and_dry),
	};

	return cmocka_run_group_tests_name("tool_build", tests, make_folder, remove_folder);
}
