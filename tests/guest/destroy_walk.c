/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every encoding of MRS and MSR in the space that EL1 may have, tried: what answers, and what of it
 * keeps a value. Whether it may is the harness's to judge, which has the table of what the
 * architecture defines. MMU and caches are off meanwhile, so that the translation's registers can
 * be tried as well.
 */
#include "code.h"
#include "destroy.h"

#define MOV(d, m)   (0xaa0003e0 | (uint32_t)(m) << 16 | (d))
#define MRS(t, enc) (0xd5200000 | (enc) | (t))
#define MSR(t, enc) (0xd5000000 | (enc) | (t))
#define ISB         0xd5033fdf

/* What must not be tried with arbitrary values: it would end the trial, not the register. */
static const struct {
	uint8_t op0, op1, crn, crm_first, crm_last, op2;
	uint64_t mask; /* bits to change; 0: it is only read */
} delicate[] = {
	{ 3, 0, 1, 0, 0, 0,
	  ~(BIT(0) | BIT(1) | BIT(2) | BIT(12) | BIT(25)) }, /* SCTLR_EL1: M, A, C, I, EE */
	{ 3, 0, 4, 2, 3, 8, 0 },   /* PSTATE fields; harmless, and saved with SPSR_EL2 */
	{ 3, 3, 4, 2, 2, 8, 0 },   /* NZCV, DAIF, SVCR */
	{ 3, 0, 12, 8, 15, 8, 0 }, /* the GIC's CPU interface: reading acknowledges, writing ends */
	{ 3, 3, 14, 2, 3, 8, 0 },  /* timers: tested by hold(), and they'd fire */
	{ 2, 0, 1, 0, 15, 8, 0 },  /* OS lock, power-down request */
};

/* 8 for op2: all of them. Also what reading has an effect. */
static bool delicacy(uint32_t enc, uint64_t *mask)
{
	unsigned int op0 = enc >> 19 & 3, op1 = enc >> 16 & 7, crn = enc >> 12 & 15,
	             crm = enc >> 8 & 15, op2 = enc >> 5 & 7;

	*mask = ~0ul;
	for (unsigned int i = 0; i < ARRAY_SIZE(delicate); i++) {
		if (delicate[i].op0 != op0 || delicate[i].op1 != op1 || delicate[i].crn != crn ||
		    crm < delicate[i].crm_first || crm > delicate[i].crm_last ||
		    (delicate[i].op2 != 8 && delicate[i].op2 != op2))
			continue;
		*mask = delicate[i].mask;
		return true;
	}
	return false;
}

/* Writes v ^ flip, reads it back, and puts v there again: what of flip it took. */
static uint64_t try_bits(uint32_t enc, uint64_t v, uint64_t flip)
{
	const uint32_t code[] = { MSR(1, enc), ISB, MRS(2, enc), MSR(0, enc), ISB, MOV(0, 2) };

	return (code_put(code, ARRAY_SIZE(code))(v, v ^ flip) ^ v) & flip;
}

static void one(uint32_t enc)
{
	uint64_t v = 0, again, mask, kept = 0;
	bool readable = !sys_read(enc, &v).taken, writable, delicate_one = delicacy(enc, &mask);
	const char *class;

	if (delicate_one && !mask) {
		if (readable)
			print("destroy: sys 0x%x delicate 0x%lx;\n", enc, v);
		return;
	}
	writable = !sys_write(enc, v).taken;
	if (readable && writable) {
		kept = try_bits(enc, v, mask);
		if (sys_read(enc, &again).taken)
			kept = 0;
	}
	class = !readable ? "write-only" : !writable ? "read-only" : kept ? "keeps" : "ignores";
	if (readable || writable)
		print("destroy: sys 0x%x %s 0x%lx;\n", enc, class, readable && writable ? kept : v);
}

static void list_encodings(void)
{
#define SAY(field, reg, reset)                                                   \
	print("destroy: list %u " #field " 0x%x;\n", (unsigned int)LIST_##field, \
	      list_words[LIST_##field] & 0x1fffe0);
	GUEST_SYSREGS(SAY)
#undef SAY
#define SAY(field, reg, guest_reg, has, reset)                                  \
	print("destroy: list %u " #field " 0x%x;\n", NR_LIST + FEATURE_##field, \
	      list_words[NR_LIST + FEATURE_##field] & 0x1fffe0);
	GUEST_FEATURE_SYSREGS(SAY)
#undef SAY
}

void walk(void)
{
	static const struct {
		uint8_t op0, op1;
	} spaces[] = { { 2, 0 }, { 2, 3 }, { 3, 0 }, { 3, 1 }, { 3, 2 }, { 3, 3 }, { 3, 7 } };
	uint64_t sctlr = sysreg_read(sctlr_el1), cpacr = sysreg_read(cpacr_el1);
	unsigned int tried = 0;

	list_encodings();
	irq_disable();
	sysreg_write(cpacr_el1,
	             3 << 24 | 3 << 20 | 3 << 16); /* so that no trap of our own hides one */
	sysreg_write(sctlr_el1, sctlr & ~(BIT(0) | BIT(2) | BIT(12)));
	isb();
	for (unsigned int s = 0; s < ARRAY_SIZE(spaces); s++) {
		for (uint32_t rest = 0; rest < 1u << 11; rest++, tried++)
			one((uint32_t)spaces[s].op0 << 19 | (uint32_t)spaces[s].op1 << 16 |
			    rest << 5);
	}
	__asm__ volatile("tlbi vmalle1" ::: "memory");
	dsb();
	isb();
	sysreg_write(sctlr_el1, sctlr);
	sysreg_write(cpacr_el1, cpacr);
	isb();
	print("destroy: walked %u;\n", tried);
}
