/* SPDX-License-Identifier: Apache-2.0 */
/* Operations that trap and come back at once. */
#include "bench.h"

#include "traps.h"

#define XEN_VERSION 17

/* The readings stand right before and behind the operation, whose operands are ready. */

/* x0 (and x16) are set before the first reading. */
#define CALL(insn, x0_, x16_)                                                                        \
	({                                                                                           \
		register uint64_t r0_ __asm__("x0") = (x0_);                                         \
		register uint64_t r16_ __asm__("x16") = (x16_);                                      \
		uint64_t t0_, t1_;                                                                   \
		__asm__ volatile("mrs %[t0], cntvct_el0\n\t" insn "\n\tmrs %[t1], cntvct_el0"        \
				 : [t0] "=&r"(t0_), [t1] "=&r"(t1_), "+r"(r0_), "+r"(r16_)           \
				 :                                                                   \
				 : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10",      \
				   "x11", "x12", "x13", "x14", "x15", "x17", "memory");              \
		result = (int64_t)r0_;                                                               \
		t1_ - t0_;                                                                           \
	})

static int64_t result;

static uint64_t null_hypercall(void)
{
	return CALL("hvc #0xea1", 0, XEN_VERSION);
}

static uint64_t psci_version_hvc(void)
{
	return CALL("hvc #0", PSCI_VERSION, 0);
}

static uint64_t psci_version_smc(void)
{
	return CALL("smc #0", PSCI_VERSION, 0);
}

static uint64_t unknown_call(void)
{
	return CALL("hvc #0", 0x8400ffff, 0);
}

void bench_calls(void)
{
	uint64_t overhead = bench_overhead();

	if (plat.xen_grants) {
		bench_run("null-hypercall", null_hypercall, overhead);
		check_eq(result, 4 << 16 | 17);
	}
	bench_run("psci-version-hvc", psci_version_hvc, overhead);
	checkf(result >= 0x10000, "PSCI_VERSION: 0x%lx", result);
	bench_run("psci-version-smc", psci_version_smc, overhead);
	checkf(result >= 0x10000, "PSCI_VERSION: 0x%lx", result);
	bench_run("unknown-call", unknown_call, overhead);
	check_eq((int32_t)result, -1);
}

static uintptr_t mmio;
static uint32_t mmio_value;

static uint64_t mmio_read(void)
{
	uint64_t t0 = count();
	uint32_t v = read32(mmio);
	uint64_t t1 = count();

	mmio_value = v;
	return t1 - t0;
}

static uint64_t mmio_write(void)
{
	uint32_t v = mmio_value;
	uint64_t t0 = count();

	write32(mmio, v);
	return count() - t0;
}

void bench_mmio(void)
{
	uint64_t overhead = bench_overhead();

	mmio = plat.gicd + GICD_TYPER;
	bench_run("gicd-typer-read", mmio_read, overhead);
	check(mmio_value != 0);
	mmio = plat.gicd + GICD_ISENABLER + 4;
	bench_run("gicd-isenabler-read", mmio_read, overhead);
	mmio_value = 0;
	bench_run("gicd-isenabler-write-0", mmio_write, overhead);
	mmio_value = BIT(8); /* of an interrupt that nobody raises */
	bench_run("gicd-isenabler-write-1", mmio_write, overhead);
	check(read32(mmio) & BIT(8));
	mmio = plat.gicd + GICD_ICENABLER + 4;
	bench_run("gicd-icenabler-write", mmio_write, overhead);
	check(!(read32(mmio) & BIT(8)));
	mmio = gic_reg(GICD_IPRIORITYR, 8, 40) & ~3ul;
	mmio_value = 0xa0a0a0a0;
	bench_run("gicd-ipriorityr-write", mmio_write, overhead);
}

#define READ(name, reg)                            \
	static uint64_t read_##name(void)          \
	{                                          \
		uint64_t t0 = count();             \
		uint64_t v = sysreg_read(reg);     \
		uint64_t t1 = count();             \
                                                   \
		__asm__ volatile("" ::"r"(v));     \
		return t1 - t0;                    \
	}
#define WRITE(name, reg, value)                    \
	static uint64_t write_##name(void)         \
	{                                          \
		uint64_t v = (value);              \
		uint64_t t0;                       \
                                                   \
		__asm__ volatile("" : "+r"(v));    \
		t0 = count();                      \
		sysreg_write(reg, v);              \
		return count() - t0;               \
	}

READ(id, id_aa64pfr0_el1)
READ(cntp_ctl, cntp_ctl_el0)
WRITE(cntp_ctl, cntp_ctl_el0, 0)
WRITE(cntp_cval, cntp_cval_el0, ~0ul)
WRITE(sgi1r, S3_0_C12_C11_5, 1ul << 40 | 1ul << 24) /* all but self: with one CPU on, nobody */
READ(oslsr, oslsr_el1)
WRITE(mdscr, mdscr_el1, 0)

void bench_sysregs(void)
{
	uint64_t overhead = bench_overhead();

	bench_run("id-aa64pfr0-read", read_id, overhead);
	bench_run("cntp-ctl-read", read_cntp_ctl, overhead);
	bench_run("cntp-ctl-write", write_cntp_ctl, overhead);
	bench_run("cntp-cval-write", write_cntp_cval, overhead);
	bench_run("oslsr-read", read_oslsr, overhead);
	bench_run("mdscr-write", write_mdscr, overhead);
	if (plat.gic_version == 3)
		bench_run("icc-sgi1r-nobody", write_sgi1r, overhead);
	check(read_id() > 0);
}
