/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Domains for the hypervisor. Each fw_cfg file opt/dormouse/module/DOMAIN/KIND becomes a module
 * node as Xen's device tree bindings describe them (docs/misc/arm/device-tree/booting.txt there):
 * dom0's directly in /chosen, any other domain's in a node of its own.
 */
#include <libfdt.h>
#include "boot.h"
#include "dt.h"
#include "fwcfg.h"
#include "lib/string.h"
#include "lib/print.h"
#include "log.h"

#define PREFIX	    "opt/dormouse/module/"
#define PREFIX_LEN  (sizeof(PREFIX) - 1)
#define DOM0	    "dom0"
#define BOOTARGS_MAX 4096
#define CONFIG_MAX  8192

/* The DOMAIN part's length in a file's name, 0 if the file is no module. */
static size_t domain_length(const char *name)
{
	const char *slash;

	if (strncmp(name, PREFIX, PREFIX_LEN) != 0)
		return 0;
	slash = strchr(name + PREFIX_LEN, '/');
	return slash ? (size_t)(slash - name) - PREFIX_LEN : 0;
}

bool modules_present(void)
{
	for (unsigned int i = 0; i < fwcfg_files(); i++) {
		if (domain_length(fwcfg_file(i)->name))
			return true;
	}
	return false;
}

/* The node to which @domain's modules belong: found again each time, as offsets move. */
static int domain_node(const char *domain)
{
	int node, chosen = dt_chosen();

	if (!strcmp(domain, DOM0))
		return chosen;
	node = fdt_subnode_offset(dt_blob, chosen, domain);
	if (node >= 0)
		return node;
	node = dt_add_node(chosen, domain);
	dt_set_u32(node, "#address-cells", 2);
	dt_set_u32(node, "#size-cells", 2);
	dt_set_string(node, "compatible", "xen,domain");
	return node;
}

static const struct fwcfg_file *find(const char *domain, const char *kind)
{
	char name[FWCFG_NAME_MAX];

	print_format(name, sizeof(name), PREFIX "%s/%s", domain, kind);
	return fwcfg_find(name);
}

/* Adds the node of a loaded module; returns its offset. */
static int add_module(const char *domain, const char *type, const struct loaded *l)
{
	fdt64_t reg[2] = { cpu_to_fdt64(l->addr), cpu_to_fdt64(l->size) };
	char name[32], compatible[64];
	size_t len;
	int node;

	print_format(name, sizeof(name), "module@%lx", (unsigned long)l->addr);
	len = print_format(compatible, sizeof(compatible), "multiboot,%s%cmultiboot,module", type, 0);
	node = dt_add_node(domain_node(domain), name);
	dt_set(node, "compatible", compatible, (int)len + 1);
	dt_set(node, "reg", reg, sizeof(reg));
	return node;
}

static void add_bootargs(int node, const struct fwcfg_file *f)
{
	static char args[BOOTARGS_MAX];

	if (f->size >= sizeof(args))
		fatal("%s: longer than %u bytes", f->name, BOOTARGS_MAX - 1);
	fwcfg_read(f->key, args, f->size);
	args[f->size] = '\0';
	/* A file written by an editor ends in a newline. */
	for (size_t n = strlen(args); n && args[n - 1] == '\n'; n--)
		args[n - 1] = '\0';
	dt_set_string(node, "bootargs", args);
}

/* Copies the root properties of a small device tree into the domain's node. */
static void add_config(const char *domain, const struct fwcfg_file *f)
{
	static char config[CONFIG_MAX] __attribute__((aligned(8)));
	int prop;

	if (!strcmp(domain, DOM0))
		fatal("%s: dom0 has no node for it", f->name);
	if (f->size > sizeof(config))
		fatal("%s: longer than %u bytes", f->name, CONFIG_MAX);
	fwcfg_read(f->key, config, f->size);
	if (f->size < sizeof(struct fdt_header) || fdt_check_header(config) ||
	    fdt_totalsize(config) > f->size)
		fatal("%s: not a device tree blob", f->name);
	fdt_for_each_property_offset(prop, config, 0) {
		const char *name;
		int len;
		const void *value = fdt_getprop_by_offset(config, prop, &name, &len);

		if (!value)
			fatal("%s: broken device tree blob", f->name);
		dt_set(domain_node(domain), name, value, len);
	}
}

static void load_domain(const char *domain)
{
	const struct fwcfg_file *kernel = find(domain, "kernel"), *f;
	struct loaded l;

	if (!kernel)
		fatal(PREFIX "%s: has no kernel", domain);
	f = find(domain, "config");
	if (f)
		add_config(domain, f);
	l = load_image(kernel->name, kernel->key, kernel->size);
	add_module(domain, "kernel", &l);
	f = find(domain, "bootargs");
	if (f) {
		char name[32];

		print_format(name, sizeof(name), "module@%lx", (unsigned long)l.addr);
		add_bootargs(dt_add_node(domain_node(domain), name), f);
	}
	f = find(domain, "ramdisk");
	if (f) {
		l = load_blob(f->name, f->key, f->size);
		add_module(domain, "ramdisk", &l);
	}
	f = find(domain, "dtb");
	if (f) {
		l = load_blob(f->name, f->key, f->size);
		add_module(domain, "device-tree", &l);
	}
}

/* Whether a later file belongs to the same domain. */
static bool seen(unsigned int index, const char *name, size_t len)
{
	for (unsigned int i = index + 1; i < fwcfg_files(); i++) {
		const char *other = fwcfg_file(i)->name;

		if (domain_length(other) == len && !memcmp(other + PREFIX_LEN, name, len))
			return true;
	}
	return false;
}

static void check_kind(const struct fwcfg_file *f, const char *kind)
{
	static const char *const kinds[] = { "kernel", "ramdisk", "bootargs", "dtb", "config" };

	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!strcmp(kind, kinds[i]))
			return;
	}
	fatal("%s: unknown kind of module", f->name);
}

void modules_load(void)
{
	int chosen = dt_chosen();

	dt_set_u32(chosen, "#address-cells", 2);
	dt_set_u32(dt_chosen(), "#size-cells", 2);
	/* A new node goes before its brothers: the files' order becomes the nodes'. */
	for (unsigned int i = fwcfg_files(); i-- > 0;) {
		const struct fwcfg_file *f = fwcfg_file(i);
		size_t len = domain_length(f->name);
		char domain[FWCFG_NAME_MAX];

		if (!len)
			continue;
		check_kind(f, f->name + PREFIX_LEN + len + 1);
		if (seen(i, f->name + PREFIX_LEN, len))
			continue;
		memcpy(domain, f->name + PREFIX_LEN, len);
		domain[len] = '\0';
		load_domain(domain);
	}
}
