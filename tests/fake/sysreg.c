/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>
#include "fake_cpu.h"
#include "fake_sysreg.h"

#define MAX_REGS 256

static struct reg {
	char name[32];
	uint64_t value[FAKE_CPUS];
	fake_sysreg_read_fn *read;
	fake_sysreg_write_fn *write;
	void *ctx;
} regs[MAX_REGS];
static unsigned int nr_regs;
static fake_sysreg_watch_fn *watch;

/* Names are literals, nearly all, so that the same name is mostly the same pointer. A hint only. */
static struct reg *seen[1024];

static bool same(const char *a, const char *b)
{
	while (*a && (*a | 0x20) == (*b | 0x20)) {
		a++;
		b++;
	}
	return *a == *b;
}

static struct reg **hint(const char *name)
{
	return &seen[((uintptr_t)name ^ (uintptr_t)name >> 10) % 1024];
}

static struct reg *find_slowly(const char *name)
{
	struct reg *r;

	for (unsigned int i = 0; i < nr_regs; i++)
		if (same(regs[i].name, name))
			return &regs[i];
	if (nr_regs == MAX_REGS || strlen(name) >= sizeof(r->name))
		fake_die("no room for system register %s", name);
	r = &regs[nr_regs++];
	memset(r, 0, sizeof(*r));
	strcpy(r->name, name);
	return r;
}

static struct reg *find(const char *name)
{
	struct reg **at = hint(name);

	if (!*at || *at >= &regs[nr_regs] || !same((*at)->name, name))
		*at = find_slowly(name);
	return *at;
}

uint64_t *fake_sysreg_var(const char *name)
{
	return &find(name)->value[fake_cpu];
}

void fake_sysreg_hook_named(const char *name, fake_sysreg_read_fn *read,
                            fake_sysreg_write_fn *write, void *ctx)
{
	struct reg *r = find(name);

	r->read = read;
	r->write = write;
	r->ctx = ctx;
}

void fake_sysreg_reset(void)
{
	nr_regs = 0;
	watch = NULL;
}

void fake_sysreg_watch(fake_sysreg_watch_fn *fn)
{
	watch = fn;
}

uint64_t fake_sysreg_read(const char *name)
{
	struct reg *r;
	uint64_t v;

	/* Asked for on every turn, and a pointer, not a value to compare or to lose. */
	if (same(name, "tpidr_el2"))
		return (uint64_t)(uintptr_t)fake_cpu_arch[fake_cpu];
	r = find(name);
	v = r->read ? r->read(&r->value[fake_cpu], r->ctx) : r->value[fake_cpu];
	if (watch)
		watch(false, name, v);
	return v;
}

void fake_sysreg_write(const char *name, uint64_t v)
{
	struct reg *r;

	if (same(name, "tpidr_el2")) {
		fake_cpu_arch[fake_cpu] = (struct arch_cpu *)(uintptr_t)v;
		return;
	}
	r = find(name);
	if (r->write)
		r->write(&r->value[fake_cpu], v, r->ctx);
	else
		r->value[fake_cpu] = v;
	if (watch)
		watch(true, name, v);
}
