/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System registers of host tests: a plain variable each, banked by the fake CPU (fake_cpu.h), 0 at
 * first. Names are compared without regard to case and after macro expansion: what
 * sysreg_read(ICC_X) reads, fake_sysreg(ICC_X) names, whether ICC_X is a macro for S3_... or not.
 */
#ifndef FAKE_SYSREG_H
#define FAKE_SYSREG_H

#include "arch/sysreg.h"

/* The register's variable on the current fake CPU: *fake_sysreg(hcr_el2) = 1. Hooks aren't called.
 */
#define fake_sysreg(reg) fake_sysreg_var(DM_STR(reg))
uint64_t *fake_sysreg_var(const char *reg);

/* A register that behaves: read gets and write sets the value through *var as it likes. NULL:
 * plain. */
typedef uint64_t fake_sysreg_read_fn(uint64_t *var, void *ctx);
typedef void fake_sysreg_write_fn(uint64_t *var, uint64_t v, void *ctx);
#define fake_sysreg_hook(reg, read, write, ctx) \
	fake_sysreg_hook_named(DM_STR(reg), read, write, ctx)
void fake_sysreg_hook_named(const char *reg, fake_sysreg_read_fn *read, fake_sysreg_write_fn *write,
                            void *ctx);

/* Forgets all values and hooks. */
void fake_sysreg_reset(void);

/* Called after each access; NULL: nobody watches. */
typedef void fake_sysreg_watch_fn(bool write, const char *reg, uint64_t v);
void fake_sysreg_watch(fake_sysreg_watch_fn *fn);

#endif
