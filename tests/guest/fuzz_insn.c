/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions: system registers, loads and stores where there is a device or nothing, fetches from there, exceptions. */
#include "abi/domu.h"
#include "fuzz.h"
#include "sysreg.h"
#include "timer.h"

#define GIB   (1ul << 30)
#define ALIAS 200 /* GiB: the first one again, executable */

/* Words are the Arm ARM's, C6.2: x0 the address, x1 the value, x2 another one, x3 a status. */
static const uint32_t accesses[] = {
	0x39400001, /* ldrb w1, [x0] */
	0x79400001, 0xb9400001, 0xf9400001, 0xb9400001, 0xb9400001,
	0x39000001, /* strb */
	0x79000001, 0xb9000001, 0xf9000001, 0xb9000001, 0xb9000001,
	0x39800001, 0x39c00001, 0x79800001, 0x79c00001, 0xb9800001, /* sign-extending */
	0xa9400801, /* ldp x1, x2, [x0] */
	0xa9000801, 0x29400801, 0x29000801, 0xa8400801, 0xa8000801, 0x69400801,
	0xf8408401, /* ldr x1, [x0], #8 */
	0xb8404c01, 0xf8008401, 0xb8004c01, 0xa8c10801, 0xa9bf0801,
	0xf8617801, /* ldr x1, [x0, x1, lsl #3] */
	0xf8400801, 0xf8000801, /* ldtr, sttr */
	0xc85f7c01, /* ldxr */
	0xc8037c01, 0xc87f0801, 0xc8230801, 0x885ffc01, 0x8803fc01,
	0xc8dffc01, 0xc89ffc01, 0x08dffc01, /* ldar, stlr, ldarb */
	0xf8230001, 0xf8238001, 0xc8e3fc01, 0x48237c02, /* ldadd, swp, cas, casp */
	0x3dc00000, /* ldr q0 */
	0x3d800000, 0xad400400, 0xad000400, 0x4c407000, 0x4c007000, 0x0d400000, 0xfd400000, 0xbd000000,
	0xf9800000, /* prfm */
	0xd50b7420, 0xd50b7e20, 0xd5087620, 0xd50b7a20, 0xd50b7520, /* dc zva, civac, ivac, cvac; ic ivau */
	0xd5087800, 0xd5087820, /* at s1e1r, s1e1w */
};

static uint64_t device_address(struct fuzzer *f)
{
	const uint64_t bases[] = {
		plat.gicd, plat.gicd, plat.gicd, plat.gicc ? plat.gicc : plat.gicr, plat.gicr ? plat.gicr : plat.gicc,
		DOMU_UART, DOMU_RTC, DOMU_GPIO, DOMU_GRANTS, 0x08000000, 0x09000000, 0x0a000000,
		fuzz_random(f) % (512 * GIB),
	};
	uint64_t a = bases[fuzz_below(f, ARRAY_SIZE(bases))];

	/* Not its own RAM, but what is just before and behind it. */
	if (!fuzz_below(f, 32))
		a = plat.ram_base - 16;
	else if (!fuzz_below(f, 32))
		a = plat.ram_base + plat.ram_size - 16;
	a += fuzz_below(f, 2) ? fuzz_below(f, 0x1000) : fuzz_below(f, 0x40000);
	return fuzz_below(f, 8) ? a & ~3ul : a;
}

static bool in_ram(uint64_t a)
{
	return a + 4096 >= plat.ram_base && a < plat.ram_base + plat.ram_size;
}

void fuzz_device(struct fuzzer *f)
{
	uint32_t word = accesses[fuzz_below(f, ARRAY_SIZE(accesses))];
	uint64_t a = device_address(f);

	if (!in_ram(a))
		fuzz_execute(f, &word, 1, a, fuzz_value(f));
}

void fuzz_map_alias(void)
{
	page_table[ALIAS] = 1ul | 3ul << 8 | 1ul << 10; /* of the address 0 */
	dsb();
	__asm__ volatile("tlbi vmalle1is" ::: "memory");
	dsb();
	isb();
}

/* From a device, or from nothing. */
void fuzz_fetch(struct fuzzer *f)
{
	uint64_t a = device_address(f) % GIB;

	exc_arm();
	fuzz_call((void *)(ALIAS * GIB + (fuzz_below(f, 8) ? a & ~3ul : a)), 0, 0);
	exc_disarm();
}

#define FIELD(v, h, l) ((v) >> (l) & ((1u << ((h) - (l) + 1)) - 1))

/* Without these this guest is blind, deaf or lost. */
static bool is_vital(uint32_t word)
{
	uint32_t op0 = FIELD(word, 20, 19), op1 = FIELD(word, 18, 16), crn = FIELD(word, 15, 12);
	uint32_t crm = FIELD(word, 11, 8), op2 = FIELD(word, 7, 5);

	if (word & 1u << 21)
		return false;
	if (op0 == 2)
		return crn == 0 && crm == 2 && op2 == 2; /* MDSCR */
	if (op0 != 3 || op1)
		return false;
	return (crn == 1 && op2 != 2) || crn == 2 || (crn == 4 && crm != 6) || crn == 10 || (crn == 12 && crm == 0) ||
	       (crn == 13 && op2 == 4);
}

/*
 * Writes of ICC_BPR0_EL1, ICC_BPR1_EL1 and ICC_CTLR_EL1 (CBPR): QEMU 7.2's virtual CPU interface doesn't get over some of what
 * they may hold together, and ends the machine ("icv_gprio_mask: Assertion `bpr > 0' failed").
 */
static bool ends_qemu(uint32_t word)
{
	uint32_t encoding = word & 0x1fffe0;

	return !(word & 1u << 21) && (encoding == 0x18c860 || encoding == 0x18cc60 || encoding == 0x18cc80);
}

static bool waits(uint32_t word)
{
	return (word & 0xfffff01f) == 0xd503201f; /* a hint: WFI, WFE, ... */
}

void fuzz_sysreg(struct fuzzer *f)
{
	static const uint8_t op0s[] = { 0, 1, 1, 2, 2, 3, 3, 3, 3, 3, 3 };
	uint32_t word;

	do {
		word = 0xd5000001 | (uint32_t)(fuzz_random(f) & 0x27ffe0);
		word |= (uint32_t)op0s[fuzz_below(f, ARRAY_SIZE(op0s))] << 19;
		if (!(word >> 19 & 3))
			word |= 0x1f; /* hints, barriers, PSTATE */
		else if (fuzz_below(f, 2)) /* the crowded corners */
			word = (word & ~0xf000u) | (uint32_t)(fuzz_below(f, 2) ? 12 : fuzz_below(f, 2) ? 14 : 9) << 12;
	} while (ends_qemu(word) || (is_vital(word) && !f->deadly) || (waits(word) && !f->cpu));
	fuzz_execute(f, &word, 1, fuzz_value(f), fuzz_value(f));
}

void fuzz_exception(struct fuzzer *f)
{
	uint32_t word, kind = fuzz_below(f, 6);
	uint32_t imm = fuzz_below(f, 4) ? 1 + fuzz_below(f, 0xffff) : 0xea1;

	if (imm == 0xea1)
		imm = 0xea2;
	switch (kind) {
	case 0:
		word = 0xd4000002 | imm << 5; /* hvc */
		break;
	case 1:
		word = 0xd4000003 | imm << 5; /* smc */
		break;
	case 2:
		word = 0xd4200000 | imm << 5; /* brk */
		break;
	case 3:
		word = 0xd4400000 | imm << 5; /* hlt */
		break;
	case 4:
		word = imm; /* udf, and what isn't allocated below 1 << 25 */
		break;
	default:
		word = 0x04000000 | (uint32_t)(fuzz_random(f) & 0x01ffffff); /* SVE */
		break;
	}
	fuzz_execute(f, &word, 1, fuzz_value(f), fuzz_value(f));
}
