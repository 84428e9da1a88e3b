/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libfdt.h>
#include "boot_dt.h"

#include "boot/dt.h"

const struct dt_case dt_cases[] = {
	{ 2, 1, 512 },  { 2, 4, 512 },  { 2, 8, 512 },  { 2, 1, 1024 },  { 2, 4, 1024 },
	{ 2, 8, 1024 }, { 2, 1, 8192 }, { 2, 4, 8192 }, { 2, 8, 8192 },  { 3, 1, 512 },
	{ 3, 4, 512 },  { 3, 8, 512 },  { 3, 1, 1024 }, { 3, 4, 1024 },  { 3, 8, 1024 },
	{ 3, 1, 8192 }, { 3, 4, 8192 }, { 3, 8, 8192 }, { 3, 16, 2048 },
};
const size_t dt_case_count = ARRAY_SIZE(dt_cases);

int dt_must(int err)
{
	if (err < 0)
		fail_msg("libfdt: %s", fdt_strerror(err));
	return err;
}

int dt_node(const void *fdt, const char *path)
{
	int node = fdt_path_offset(fdt, path);

	if (node < 0)
		fail_msg("%s: %s", path, fdt_strerror(node));
	return node;
}

void *dt_load_raw(unsigned int gic_version, unsigned int cpu_count, unsigned int mib)
{
	char name[128];
	struct fdt_header head;
	FILE *f;
	void *fdt;

	dt_index(NULL); /* this one may get the memory of one that was listed */
	snprintf(name, sizeof(name), DTB_DIR "/g%u-c%u-m%u.dtb", gic_version, cpu_count, mib);
	f = fopen(name, "rb");
	if (!f || fread(&head, sizeof(head), 1, f) != 1)
		fail_msg("%s: cannot read; make builds it", name);
	/*
	 * QEMU's dump is 1 MiB with a lot of nothing: pack it, so that reads beyond its end are
	 * seen.
	 */
	fdt = malloc(fdt_totalsize(&head));
	rewind(f);
	assert_int_equal(fread(fdt, 1, fdt_totalsize(&head), f), fdt_totalsize(&head));
	fclose(f);
	dt_must(fdt_pack(fdt));
	return realloc(fdt, fdt_totalsize(fdt));
}

void dt_add_module(void *fdt, const char *name, const char *compatible, int len, uint64_t base,
                   uint64_t size, const char *bootargs)
{
	int node = dt_must(fdt_add_subnode(fdt, dt_node(fdt, "/chosen"), name));

	dt_must(fdt_setprop(fdt, node, "compatible", compatible, len));
	dt_must(fdt_appendprop_u64(fdt, node, "reg", base));
	dt_must(fdt_appendprop_u64(fdt, node, "reg", size));
	if (bootargs)
		dt_must(fdt_setprop_string(fdt, node, "bootargs", bootargs));
}

void *dt_load(unsigned int gic_version, unsigned int cpu_count, unsigned int mib)
{
	static const char kernel[] = "multiboot,kernel\0multiboot,module";
	static const char ramdisk[] = "multiboot,ramdisk\0multiboot,module";
	static const char psci[] = "arm,psci-1.0\0arm,psci-0.2";
	void *raw = dt_load_raw(gic_version, cpu_count, mib);
	void *fdt = malloc(DT_ROOM);
	int node;

	dt_must(fdt_open_into(raw, fdt, DT_ROOM));
	free(raw);
	fdt_del_node(fdt, fdt_path_offset(fdt, "/psci"));
	node = dt_must(fdt_add_subnode(fdt, 0, "psci"));
	dt_must(fdt_setprop(fdt, node, "compatible", psci, sizeof(psci)));
	dt_must(fdt_setprop_string(fdt, node, "method", "smc"));
	dt_must(fdt_setprop_empty(fdt, dt_node(fdt, "/gpio-keys/poweroff"), "wakeup-source"));
	node = dt_node(fdt, "/chosen");
	dt_must(fdt_setprop_u32(fdt, node, "#address-cells", 2));
	dt_must(fdt_setprop_u32(fdt, node, "#size-cells", 2));
	dt_must(fdt_setprop_string(fdt, node, "xen,xen-bootargs", "loglevel=info"));
	/* libfdt adds in front. */
	dt_add_module(fdt, "module@1", ramdisk, sizeof(ramdisk), DT_INITRD, DT_INITRD_SIZE, NULL);
	dt_add_module(fdt, "module@0", kernel, sizeof(kernel), DT_KERNEL, DT_KERNEL_SIZE,
	              "console=ttyAMA0 quiet");
	return fdt;
}
