/* SPDX-License-Identifier: Apache-2.0 */
/* The table of trapped registers and the allow-list of CPU features. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "dev/gic/gic.h"
#include "fake_sysreg.h"
#include "virt/idregs.h"
#include "virt/sysregs.h"
#include "virt/trap_exit.h"
#include "virt/vgic/vgic.h"
#include "virt/vtimer.h"

static struct gic_ops fake_gic = { .version = 3 };
const struct gic_ops *gic = &fake_gic;

static struct vcpu v = { .power = VCPU_ON };
static unsigned int undefined;

bool trap_undefined(struct guest_regs *r, uint64_t esr)
{
	assert_ptr_equal(r, &v.regs);
	undefined++;
	return true;
}

/* Was it emulated? Then it went on behind the instruction. */
static bool emulated(uint64_t iss)
{
	uint64_t pc = v.regs.pc;

	undefined = 0;
	assert_true(sysreg_trap(&v.regs, iss));
	assert_int_equal(v.regs.pc, undefined ? pc : pc + 4);
	return !undefined;
}
static uint64_t sgi, timer[3];
static unsigned int sgis;

void vgic_sgi_sysreg(struct vcpu *who, uint64_t value)
{
	assert_ptr_equal(who, &v);
	sgi = value;
	sgis++;
}

uint64_t vtimer_read(struct vcpu *who, enum vtimer_reg reg)
{
	return timer[reg];
}

void vtimer_write(struct vcpu *who, enum vtimer_reg reg, uint64_t value)
{
	timer[reg] = value;
}

/* The syndrome of an access to that register (Arm ARM D17.2.37). */
static uint64_t iss_of(uint32_t key, unsigned int rt, bool read)
{
	return FIELD(key, 15, 14) << 20 | FIELD(key, 2, 0) << 17 | FIELD(key, 13, 11) << 14 | FIELD(key, 10, 7) << 10 |
	       rt << 5 | FIELD(key, 6, 3) << 1 | read;
}

/* With the host's as they are now. */
static uint64_t id_reg(unsigned int crm, unsigned int op2)
{
	idregs_init();
	return idreg_read(crm, op2);
}

static int setup(void **state)
{
	fake_sysreg_reset();
	idregs_init();
	fake_gic.version = 3;
	memset(&v, 0, sizeof(v));
	v.power = VCPU_ON;
	sgis = 0;
	return 0;
}

static bool get(uint32_t key, uint64_t *value)
{
	bool ok;

	v.regs.x[3] = 0x5555;
	ok = emulated(iss_of(key, 3, true));
	*value = v.regs.x[3];
	return ok;
}

static bool put(uint32_t key, uint64_t value)
{
	v.regs.x[4] = value;
	return emulated(iss_of(key, 4, false));
}

static void table_is_sorted(void **state)
{
	for (unsigned int i = 0; i < nr_sysreg_rows; i++) {
		const struct sysreg_row *r = &sysreg_rows[i];

		assert_true(r->first <= r->last);
		assert_true(r->read || r->write);
		if (i)
			assert_true(sysreg_rows[i - 1].last < r->first);
	}
}

/* All 65536 registers: found exactly where a row says so, and nothing but UNDEFINED elsewhere. */
static void denied_by_default(void **state)
{
	for (uint32_t key = 0; key < 0x10000; key++) {
		const struct sysreg_row *row = NULL;
		uint64_t value;

		for (unsigned int i = 0; i < nr_sysreg_rows; i++)
			if (key >= sysreg_rows[i].first && key <= sysreg_rows[i].last)
				row = &sysreg_rows[i];
		assert_int_equal(get(key, &value), row && row->read);
		if (!row || !row->read)
			assert_int_equal(value, 0x5555);
		assert_int_equal(put(key, 0), row && row->write);
	}
}

static void decoding(void **state)
{
	timer[VTIMER_CNTP_CTL] = 0x77;
	/* MRS x7, CNTP_CTL_EL0: op0 3, op1 3, CRn 14, CRm 2, op2 1 */
	assert_true(emulated(3ULL << 20 | 1ULL << 17 | 3ULL << 14 | 14ULL << 10 | 7ULL << 5 | 2ULL << 1 | 1));
	assert_int_equal(v.regs.x[7], 0x77);
	/* MSR OSLAR_EL1, xzr: op0 2, op1 0, CRn 1, CRm 0, op2 4; it can't be read */
	assert_true(emulated(2ULL << 20 | 4ULL << 17 | 1ULL << 10 | 31ULL << 5));
	assert_false(emulated(2ULL << 20 | 4ULL << 17 | 1ULL << 10 | 31ULL << 5 | 1));
}

static void zero_register(void **state)
{
	struct guest_regs before = v.regs;

	assert_true(emulated(iss_of(SYSREG_KEY(3, 0, 1, 0, 1), 31, true)));
	before.pc += 4;
	assert_memory_equal(&before, &v.regs, sizeof(before));
	timer[VTIMER_CNTP_CVAL] = 77;
	assert_true(emulated(iss_of(SYSREG_KEY(3, 3, 14, 2, 2), 31, false)));
	assert_int_equal(timer[VTIMER_CNTP_CVAL], 0);
}

static void timers(void **state)
{
	uint64_t value;

	assert_true(put(SYSREG_KEY(3, 3, 14, 2, 0), 10));
	assert_true(put(SYSREG_KEY(3, 3, 14, 2, 1), 11));
	assert_true(put(SYSREG_KEY(3, 3, 14, 2, 2), 12));
	assert_int_equal(timer[VTIMER_CNTP_TVAL], 10);
	assert_int_equal(timer[VTIMER_CNTP_CTL], 11);
	assert_int_equal(timer[VTIMER_CNTP_CVAL], 12);
	assert_true(get(SYSREG_KEY(3, 3, 14, 2, 1), &value));
	assert_int_equal(value, 11);
	assert_false(get(SYSREG_KEY(3, 3, 14, 2, 3), &value));
}

static void sgis_of_group_1_only(void **state)
{
	assert_true(put(SYSREG_KEY(3, 0, 12, 11, 5), 0x01000001));
	assert_int_equal(sgi, 0x01000001);
	assert_true(put(SYSREG_KEY(3, 0, 12, 11, 6), 1));
	assert_true(put(SYSREG_KEY(3, 0, 12, 11, 7), 1));
	assert_int_equal(sgis, 1);
	fake_gic.version = 2;
	assert_false(put(SYSREG_KEY(3, 0, 12, 11, 5), 1));
	assert_int_equal(sgis, 1);
}

static void debug_registers(void **state)
{
	uint64_t value;

	/* Software step goes to the hardware, breakpoints don't. */
	assert_true(put(SYSREG_KEY(2, 0, 0, 2, 2), ~0ULL));
	assert_int_equal(*fake_sysreg(mdscr_el1), BIT(0) | BIT(12) | BIT(13));
	assert_true(get(SYSREG_KEY(2, 0, 0, 2, 2), &value));
	assert_int_equal(value, BIT(0) | BIT(12) | BIT(13));
	assert_true(get(SYSREG_KEY(2, 0, 1, 1, 4), &value)); /* OSLSR_EL1: there, unlocked */
	assert_int_equal(value, 8);
	for (unsigned int op2 = 4; op2 < 8; op2++) {
		for (unsigned int n = 0; n < 16; n++) {
			assert_int_equal(put(SYSREG_KEY(2, 0, 0, n, op2), 0), n < 2);
			assert_int_equal(get(SYSREG_KEY(2, 0, 0, n, op2), &value), n < 2);
		}
	}
}

static void the_rule(void **state)
{
	assert_int_equal(idreg_limit(0x123456789abcdef0, 0, 0), 0);
	assert_int_equal(idreg_limit(0x123456789abcdef0, ~0ULL, 0), 0x123456789abcdef0);
	assert_int_equal(idreg_limit(0x5, 0x2, 0), 2);
	assert_int_equal(idreg_limit(0xf, 0x2, 0), 2);     /* 15 is a high version ... */
	assert_int_equal(idreg_limit(0xf, 0x2, 0xf), 0xf); /* ... or "absent", where it says so */
	assert_int_equal(idreg_limit(0xe, 0x0, 0xf), 0);
}

/*
 * No field shows more than the host has, whatever it has; and a CPU of ones shows what the list
 * says.
 */
static void never_more_than_the_host(void **state)
{
	static const uint64_t hosts[] = { 0,
		                          ~0ULL,
		                          0x1111111111111111,
		                          0x2222222222222222,
		                          0x7777777777777777,
		                          0x0f0f0f0f0f0f0f0f };

	for (unsigned int h = 0; h < ARRAY_SIZE(hosts); h++) {
		uint64_t host = hosts[h];

#define SET(m, n) *fake_sysreg(S3_0_C0_C##m##_##n) = host
#define SET_ROW(m) \
	SET(m, 0), SET(m, 1), SET(m, 2), SET(m, 3), SET(m, 4), SET(m, 5), SET(m, 6), SET(m, 7)
		SET_ROW(1), SET_ROW(2), SET_ROW(3), SET_ROW(4), SET_ROW(5), SET_ROW(6), SET_ROW(7);
		for (unsigned int i = 8; i < 64; i++) {
			uint64_t seen = id_reg(i >> 3, i & 7);

			for (unsigned int lo = 0; lo < 64; lo += 4)
				assert_true(((seen >> lo) & 0xf) <= ((host >> lo) & 0xf));
		}
	}
}

static void hidden(void **state)
{
	static const struct {
		uint8_t crm, op2, lo;
	} fields[] = {
		{ 4, 0, 8 },  { 4, 0, 12 }, { 4, 0, 28 },
		{ 4, 0, 32 }, /* EL2 EL3 RAS SVE */
		{ 4, 0, 36 }, { 4, 0, 40 }, { 4, 0, 44 },
		{ 4, 0, 52 },               /* SEL2 MPAM AMU RME */
		{ 4, 1, 8 },  { 4, 1, 24 }, /* MTE SME */
		{ 5, 0, 4 },  { 5, 0, 8 },  { 5, 0, 32 },
		{ 5, 0, 40 },               /* trace PMU SPE TraceFilt */
		{ 5, 0, 44 }, { 5, 0, 28 }, /* TRBE CTX_CMPs */
		{ 6, 1, 4 },  { 6, 1, 8 },  { 6, 1, 24 },
		{ 6, 1, 28 }, /* APA API GPA GPI */
		{ 6, 1, 60 }, { 6, 2, 8 },  { 6, 2, 12 },
		{ 6, 2, 16 }, /* LS64 GPA3 APA3 MOPS */
		{ 7, 0, 56 }, { 7, 1, 4 },  { 7, 1, 8 },
		{ 7, 1, 16 },                             /* FGT VMIDBits VH LO */
		{ 7, 2, 24 }, { 7, 2, 40 }, { 7, 2, 56 }, /* NV FWB EVT */
		{ 1, 2, 24 }, { 1, 0, 20 }, { 1, 0, 28 },
		{ 1, 1, 12 }, /* AArch32: PMU AMU RAS virt. */
	};

	*fake_sysreg(S3_0_C0_C4_0) = 0x7777777777777772;
#define ONES(m, n) *fake_sysreg(S3_0_C0_C##m##_##n) = 0x7777777777777777
	ONES(4, 1), ONES(5, 0), ONES(6, 0), ONES(6, 1), ONES(6, 2), ONES(7, 0), ONES(7, 1),
	        ONES(7, 2);
	ONES(1, 0), ONES(1, 1), ONES(1, 2), ONES(4, 2), ONES(4, 4), ONES(4, 5), ONES(5, 1),
	        ONES(7, 3);
	for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++)
		assert_int_equal((id_reg(fields[i].crm, fields[i].op2) >> fields[i].lo) & 0xf,
		                 0);
	/* Whole registers: PFR2, ZFR0, SMFR0, DFR1, MMFR3. */
	assert_int_equal(id_reg(4, 2) | id_reg(4, 4) | id_reg(4, 5) | id_reg(5, 1) |
	                         id_reg(7, 3),
	                 0);
	/* And what a kernel counts on. */
	assert_int_equal(id_reg(4, 0) & 0xff, 0x12);      /* EL0 with AArch32, EL1 without */
	assert_int_equal(FIELD(id_reg(5, 0), 15, 12), 1); /* two breakpoints */
	assert_int_equal(FIELD(id_reg(5, 0), 23, 20), 1); /* two watchpoints */
	assert_int_equal(FIELD(id_reg(5, 0), 3, 0), 6);
	assert_int_equal(FIELD(id_reg(7, 0), 31, 28), 0); /* 4 KiB, without LPA2 */
	assert_int_equal(FIELD(id_reg(7, 0), 3, 0), 2);   /* 40 bits */
}

static void absent_stays_absent(void **state)
{
	*fake_sysreg(S3_0_C0_C4_0) = 0x00ff0011;
	assert_int_equal(id_reg(4, 0), 0x00ff0011); /* no FP, no AdvSIMD */
	*fake_sysreg(S3_0_C0_C7_0) = 0xff000000;
	assert_int_equal(id_reg(7, 0), 0xff000000); /* neither 64 KiB nor 4 KiB */
}

static void aarch32_registers(void **state)
{
	*fake_sysreg(S3_0_C0_C2_0) = 0x02101110;
	*fake_sysreg(S3_0_C0_C4_0) = 0x12;
	assert_int_equal(id_reg(2, 0), 0x02101110);
	*fake_sysreg(S3_0_C0_C4_0) = 0x11;
	assert_int_equal(id_reg(2, 0), 0);
}

static void gic_field(void **state)
{
	*fake_sysreg(S3_0_C0_C4_0) = 0x03000011;
	assert_int_equal(id_reg(4, 0), 0x01000011);
	fake_gic.version = 2;
	assert_int_equal(id_reg(4, 0), 0x00000011);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(table_is_sorted, setup),
		cmocka_unit_test_setup(denied_by_default, setup),
		cmocka_unit_test_setup(decoding, setup),
		cmocka_unit_test_setup(zero_register, setup),
		cmocka_unit_test_setup(timers, setup),
		cmocka_unit_test_setup(sgis_of_group_1_only, setup),
		cmocka_unit_test_setup(debug_registers, setup),
		cmocka_unit_test_setup(the_rule, setup),
		cmocka_unit_test_setup(never_more_than_the_host, setup),
		cmocka_unit_test_setup(hidden, setup),
		cmocka_unit_test_setup(absent_stays_absent, setup),
		cmocka_unit_test_setup(aarch32_registers, setup),
		cmocka_unit_test_setup(gic_field, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
