/* SPDX-License-Identifier: Apache-2.0 */
/* PSCI and SMCCC for guests: every function with good and bad arguments, by its 32- and 64-bit id.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "abi/psci.h"
#include "abi/smccc.h"
#include "arch/counter.h"
#include "core/domain_power.h"
#include "dev/psci/psci.h"
#include "fake_cpu.h"
#include "lib/err.h"
#include "suspend/suspend.h"
#include "virt/vgic/vgic.h"
#include "virt/vpsci.h"

#define RAM      0x40000000UL
#define RAM_SIZE 0x10000000UL
#define DEVICE   0x09000000UL
#define ENTRY    (RAM + 0x80000)

#define NR_VCPUS 34 /* the third cluster has two */
static struct vcpu vcpus[NR_VCPUS];
static struct vcpu *table[NR_VCPUS];
static struct domain dom;
static struct vcpu *v; /* the caller */

static bool supported, has_pending, loaded_reset;
static int64_t suspend_answer;
static uint64_t suspend_entry, suspend_context;
static unsigned int suspends, off, unblocks;
static int shutdown_reason;
static int64_t firmware_answer;
static uint32_t firmware_fid;
static uint64_t firmware_a1;

int stage2_lookup(struct stage2 *s2, ipa_t ipa, struct stage2_entry *out)
{
	assert_ptr_equal(s2, &dom.s2);
	if (ipa.raw >= RAM && ipa.raw < RAM + RAM_SIZE)
		out->type = STAGE2_RAM;
	else if (ipa.raw >= DEVICE && ipa.raw < DEVICE + 0x1000)
		out->type = STAGE2_DEVICE;
	else
		return -ENOENT;
	return 0;
}

bool suspend_supported(void)
{
	return supported;
}

int64_t suspend_request(struct vcpu *who, uint64_t entry, uint64_t context_id)
{
	assert_ptr_equal(who, v);
	suspends++;
	suspend_entry = entry;
	suspend_context = context_id;
	if (!suspend_answer)
		v->regs.x[0] = 0x5151; /* as if the boot CPU were done already */
	return suspend_answer;
}

static unsigned int guest_suspends;
static uint32_t wake_pending; /* 0: nothing */
static uint32_t woken_by;

int domain_suspend(struct vcpu *who, uint64_t entry, uint64_t context_id)
{
	assert_ptr_equal(who, v);
	if (dom.state != DOMAIN_RUNNING)
		return -EBUSY;
	guest_suspends++;
	suspend_entry = entry;
	suspend_context = context_id;
	dom.state = DOMAIN_SUSPENDED;
	return 0;
}

bool domain_wake_pending(struct domain *d, uint32_t *vintid)
{
	/* Before, what comes in between would be lost. */
	assert_int_equal(d->state, DOMAIN_SUSPENDED);
	*vintid = wake_pending;
	return wake_pending;
}

bool domain_wake(struct domain *d, uint32_t vintid, bool slept)
{
	assert_int_equal(d->state, DOMAIN_SUSPENDED);
	assert_false(slept);
	woken_by = vintid;
	d->state = DOMAIN_RUNNING;
	v->regs.x[0] = 0x5151; /* as if it had gone on already */
	return true;
}

bool vgic_pending(struct vcpu *who)
{
	assert_ptr_equal(who, v);
	return has_pending;
}

void vcpu_block(struct vcpu *who, enum vcpu_block why)
{
	assert_ptr_equal(who, v);
	assert_int_equal(why, VCPU_BLOCK_WFI);
	who->blocked |= BIT(why);
}

void vcpu_unblock(struct vcpu *who, enum vcpu_block why)
{
	assert_true(who->blocked & BIT(why));
	who->blocked &= ~BIT(why);
	unblocks++;
}

int vcpu_power_on(struct vcpu *who, uint64_t entry, uint64_t context_id)
{
	if (who->power == VCPU_ON)
		return -EEXIST;
	if (who->power == VCPU_ON_PENDING)
		return -EBUSY;
	who->power = VCPU_ON_PENDING;
	who->entry = entry;
	who->context_id = context_id;
	return 0;
}

void vcpu_power_off(struct vcpu *who)
{
	assert_ptr_equal(who, v);
	off++;
}

void domain_shutdown(struct domain *d, enum domain_shutdown_reason reason)
{
	assert_ptr_equal(d, &dom);
	shutdown_reason = reason;
}

int64_t psci_call(uint32_t fid, uint64_t a1, uint64_t a2, uint64_t a3)
{
	assert_int_equal(a2 | a3, 0);
	firmware_fid = fid;
	firmware_a1 = a1;
	return firmware_answer;
}

void guest_sysregs_reset(struct guest_sysregs *s)
{
	memset(s, 0, sizeof(*s));
	s->sctlr = GUEST_SCTLR_RESET;
}

void guest_sysregs_load(const struct guest_sysregs *s)
{
	loaded_reset = s->sctlr == GUEST_SCTLR_RESET;
}

void guest_fp_load(const struct guest_fp *fp)
{
	for (unsigned int i = 0; i < 32; i++)
		assert_true(!fp->v[i]);
}

static int setup(void **state)
{
	memset(vcpus, 0, sizeof(vcpus));
	memset(&dom, 0, sizeof(dom));
	for (unsigned int i = 0; i < NR_VCPUS; i++) {
		table[i] = &vcpus[i];
		vcpus[i].domain = &dom;
		vcpus[i].id = i;
	}
	dom.nr_vcpus = NR_VCPUS;
	dom.vcpus = table;
	dom.privileged = true;
	v = &vcpus[0];
	v->power = VCPU_ON;
	supported = true;
	has_pending = loaded_reset = false;
	suspend_answer = 0;
	suspends = off = unblocks = 0;
	shutdown_reason = -1;
	firmware_answer = SMCCC_NOT_SUPPORTED;
	firmware_fid = 0;
	return 0;
}

#define PC 0x40001234

static int64_t call(uint64_t fid, uint64_t a1, uint64_t a2, uint64_t a3)
{
	for (unsigned int i = 0; i < 31; i++)
		v->regs.x[i] = 0xaaaa0000 + i;
	v->regs.x[0] = fid;
	v->regs.x[1] = a1;
	v->regs.x[2] = a2;
	v->regs.x[3] = a3;
	v->regs.pc = PC;
	vpsci_trap(&v->regs);
	assert_int_equal(fake_locks_held, 0);
	return (int64_t)v->regs.x[0];
}

/* The arguments and all else stay in the registers, the PC where it was. */
static void check_untouched(uint64_t a1, uint64_t a2, uint64_t a3)
{
	assert_int_equal(v->regs.x[1], a1);
	assert_int_equal(v->regs.x[2], a2);
	assert_int_equal(v->regs.x[3], a3);
	for (unsigned int i = 4; i < 31; i++)
		assert_int_equal(v->regs.x[i], 0xaaaa0000 + i);
	assert_int_equal(v->regs.pc, PC);
}

static const uint32_t offered[] = {
	SMCCC_VERSION,        SMCCC_ARCH_FEATURES,    PSCI_VERSION,
	PSCI_CPU_SUSPEND,     PSCI_CPU_SUSPEND64,     PSCI_CPU_OFF,
	PSCI_CPU_ON,          PSCI_CPU_ON64,          PSCI_AFFINITY_INFO,
	PSCI_AFFINITY_INFO64, PSCI_MIGRATE_INFO_TYPE, PSCI_SYSTEM_OFF,
	PSCI_SYSTEM_RESET,    PSCI_FEATURES,          PSCI_NODE_HW_STATE,
	PSCI_NODE_HW_STATE64, PSCI_SYSTEM_SUSPEND,    PSCI_SYSTEM_SUSPEND64,
	PSCI_STAT_RESIDENCY,  PSCI_STAT_RESIDENCY64,  PSCI_STAT_COUNT,
	PSCI_STAT_COUNT64,    PSCI_SYSTEM_RESET2,     PSCI_SYSTEM_RESET2_64,
};

static bool is_offered(uint32_t fid)
{
	for (size_t i = 0; i < ARRAY_SIZE(offered); i++)
		if (offered[i] == fid)
			return true;
	return false;
}

/* Of all fast calls of both widths in the first functions of every owner, exactly these are known.
 */
static void test_unknown_functions(void **state)
{
	for (uint32_t top = 0; top < 256; top++) {
		for (uint32_t low = 0; low < 256; low++) {
			uint32_t fid = top << 24 | low;

			if (is_offered(fid))
				continue;
			assert_int_equal(call(fid, 1, 2, 3), -1);
			check_untouched(1, 2, 3);
		}
	}
	/* Width where there is only one, the SVE hint, junk between: no function of ours. */
	assert_int_equal(call(PSCI_VERSION | SMCCC_64, 0, 0, 0), -1);
	assert_int_equal(call(PSCI_VERSION | SMCCC_SVE_HINT, 0, 0, 0), -1);
	assert_int_equal(call(PSCI_VERSION | 0x100, 0, 0, 0), -1);
	assert_int_equal(firmware_fid, 0);
}

static void test_fid_is_w0(void **state)
{
	assert_int_equal(call(0xffffffff00000000 | PSCI_VERSION, 0, 0, 0), PSCI_VERSION_1_1);
}

static void test_versions(void **state)
{
	assert_int_equal(call(PSCI_VERSION, 1, 2, 3), 0x10001);
	check_untouched(1, 2, 3);
	assert_int_equal(call(SMCCC_VERSION, 0, 0, 0), 0x10002);
	assert_int_equal(call(PSCI_MIGRATE_INFO_TYPE, 0, 0, 0), 2);
}

static bool features_may_know(uint32_t fid)
{
	return fid != SMCCC_ARCH_FEATURES && is_offered(fid);
}

static void test_features(void **state)
{
	for (uint32_t low = 0; low < 0x40; low++) {
		static const uint32_t tops[] = { 0x80, 0x84, 0xc0, 0xc4, 0x04, 0x86 };

		for (size_t i = 0; i < ARRAY_SIZE(tops); i++) {
			uint32_t fid = tops[i] << 24 | low;

			assert_int_equal(call(PSCI_FEATURES, fid, 0, 0),
			                 features_may_know(fid) ? 0 : PSCI_NOT_SUPPORTED);
		}
	}
	assert_int_equal(call(PSCI_FEATURES, 0xffffffff00000000 | PSCI_CPU_ON, 0, 0), 0);
}

static void test_cpu_on(void **state)
{
	assert_int_equal(call(PSCI_CPU_ON64, 0x102, ENTRY, 0x123456789a), PSCI_SUCCESS);
	check_untouched(0x102, ENTRY, 0x123456789a);
	assert_int_equal(vcpus[18].power, VCPU_ON_PENDING);
	assert_int_equal(vcpus[18].entry, ENTRY);
	assert_int_equal(vcpus[18].context_id, 0x123456789a);
	assert_int_equal(call(PSCI_CPU_ON64, 0x102, ENTRY, 0), PSCI_ON_PENDING);
	vcpus[18].power = VCPU_ON;
	assert_int_equal(call(PSCI_CPU_ON64, 0x102, ENTRY, 0), PSCI_ALREADY_ON);
	assert_int_equal(call(PSCI_CPU_ON64, 0, ENTRY, 0), PSCI_ALREADY_ON);
}

static void test_cpu_on_narrow(void **state)
{
	const uint64_t junk = 0xdeadbeef00000000;

	assert_int_equal(call(PSCI_CPU_ON, junk | 1, junk | ENTRY, junk | 7), PSCI_SUCCESS);
	assert_int_equal(vcpus[1].entry, ENTRY);
	assert_int_equal(vcpus[1].context_id, 7);
	assert_int_equal(call(PSCI_CPU_ON64, junk | 2, ENTRY, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(call(PSCI_CPU_ON64, 2, junk | ENTRY, 0), PSCI_INVALID_ADDRESS);
}

static void test_every_affinity(void **state)
{
	for (uint64_t bit = 0; bit < 64; bit++) {
		static const unsigned int by_bit[] = { 1, 2, 4, 8, 99, 99, 99, 99, 16, 32 };
		unsigned int n = bit < ARRAY_SIZE(by_bit) ? by_bit[bit] : 99;
		bool valid = n < NR_VCPUS;

		setup(state);
		assert_int_equal(call(PSCI_CPU_ON64, BIT(bit), ENTRY, 0),
		                 valid ? PSCI_SUCCESS : PSCI_INVALID_PARAMETERS);
		for (unsigned int i = 1; i < NR_VCPUS; i++)
			assert_int_equal(vcpus[i].power, i == n ? VCPU_ON_PENDING : VCPU_OFF);
	}
	assert_int_equal(call(PSCI_CPU_ON64, 0x201, ENTRY, 0), PSCI_SUCCESS);
	assert_int_equal(call(PSCI_CPU_ON64, 0x202, ENTRY, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(call(PSCI_CPU_ON64, 0x10, ENTRY, 0), PSCI_INVALID_PARAMETERS);
	/* MPIDR_EL1 as it is read, with its RES1 bit 31, is no target. */
	assert_int_equal(call(PSCI_CPU_ON64, BIT(31) | 3, ENTRY, 0), PSCI_INVALID_PARAMETERS);
}

static const uint64_t bad_entries[] = {
	0,      ENTRY + 1, ENTRY + 2, ENTRY + 3, RAM - 4, RAM + RAM_SIZE,
	DEVICE, 0x50001,   1UL << 40, ~0UL,      ~3UL,
};

static void test_bad_entries(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_entries); i++) {
		uint64_t e = bad_entries[i];

		assert_int_equal(call(PSCI_CPU_ON64, 1, e, 0), PSCI_INVALID_ADDRESS);
		assert_int_equal(vcpus[1].power, VCPU_OFF);
		assert_int_equal(call(PSCI_SYSTEM_SUSPEND64, e, 0, 0), PSCI_INVALID_ADDRESS);
		assert_int_equal(call(PSCI_CPU_SUSPEND64, PSCI_POWER_STATE_POWERDOWN, e, 0),
		                 PSCI_INVALID_ADDRESS);
		check_untouched(PSCI_POWER_STATE_POWERDOWN, e, 0);
	}
	assert_int_equal(suspends, 0);
	assert_int_equal(v->blocked, 0);
	assert_int_equal(call(PSCI_CPU_ON64, 1, RAM, 0), PSCI_SUCCESS);
	assert_int_equal(call(PSCI_CPU_ON64, 2, RAM + RAM_SIZE - 4, 0), PSCI_SUCCESS);
}

static void test_cpu_off(void **state)
{
	call(PSCI_CPU_OFF, 1, 2, 3);
	assert_int_equal(off, 1);
}

static void test_affinity_info(void **state)
{
	vcpus[1].power = VCPU_ON_PENDING;
	vcpus[20].power = VCPU_ON;
	assert_int_equal(call(PSCI_AFFINITY_INFO64, 0, 0, 0), PSCI_AFFINITY_ON);
	assert_int_equal(call(PSCI_AFFINITY_INFO64, 1, 0, 0), PSCI_AFFINITY_ON_PENDING);
	assert_int_equal(call(PSCI_AFFINITY_INFO64, 2, 0, 0), PSCI_AFFINITY_OFF);
	assert_int_equal(call(PSCI_AFFINITY_INFO64, 0x104, 0, 0), PSCI_AFFINITY_ON);
	assert_int_equal(call(PSCI_AFFINITY_INFO64, 0x202, 0, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(call(PSCI_AFFINITY_INFO64, 0x10, 0, 0), PSCI_INVALID_PARAMETERS);
	/* Clusters. */
	assert_int_equal(call(PSCI_AFFINITY_INFO64, 0, 1, 0), PSCI_AFFINITY_ON);
	assert_int_equal(call(PSCI_AFFINITY_INFO64, 0x1ff, 1, 0), PSCI_AFFINITY_ON);
	assert_int_equal(call(PSCI_AFFINITY_INFO64, 0x200, 1, 0), PSCI_AFFINITY_OFF);
	assert_int_equal(call(PSCI_AFFINITY_INFO64, 0x300, 1, 0), PSCI_INVALID_PARAMETERS);
	vcpus[0].power = VCPU_OFF;
	assert_int_equal(call(PSCI_AFFINITY_INFO64, 0, 1, 0), PSCI_AFFINITY_ON_PENDING);
	assert_int_equal(call(PSCI_AFFINITY_INFO64, 0, 2, 0), PSCI_AFFINITY_ON);
	assert_int_equal(call(PSCI_AFFINITY_INFO64, 0, 3, 0), PSCI_AFFINITY_ON);
	assert_int_equal(call(PSCI_AFFINITY_INFO64, BIT(32), 2, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(call(PSCI_AFFINITY_INFO64, BIT(32), 3, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(call(PSCI_AFFINITY_INFO64, 0x10000, 2, 0), PSCI_INVALID_PARAMETERS);
	for (unsigned int level = 4; level < 64; level++)
		assert_int_equal(call(PSCI_AFFINITY_INFO64, 0, level, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(call(PSCI_AFFINITY_INFO64, 0, 0xffffffff, 0), PSCI_INVALID_PARAMETERS);
	/* The level is 32 bits wide in both; the affinity isn't. */
	assert_int_equal(call(PSCI_AFFINITY_INFO64, 1, BIT(40), 0), PSCI_AFFINITY_ON_PENDING);
	assert_int_equal(call(PSCI_AFFINITY_INFO64, BIT(40) | 1, 0, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(call(PSCI_AFFINITY_INFO, BIT(40) | 1, 0, 0), PSCI_AFFINITY_ON_PENDING);
	assert_int_equal(call(PSCI_AFFINITY_INFO, BIT(24) | 1, 0, 0), PSCI_INVALID_PARAMETERS);
}

static void test_node_hw_state(void **state)
{
	vcpus[1].power = VCPU_ON_PENDING;
	assert_int_equal(call(PSCI_NODE_HW_STATE64, 0, 0, 0), PSCI_HW_ON);
	assert_int_equal(call(PSCI_NODE_HW_STATE64, 1, 0, 0), PSCI_HW_OFF);
	assert_int_equal(call(PSCI_NODE_HW_STATE, 2, 0, 0), PSCI_HW_OFF);
	assert_int_equal(call(PSCI_NODE_HW_STATE, 0x300, 0, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(call(PSCI_NODE_HW_STATE, 0, 1, 0), PSCI_INVALID_PARAMETERS);
}

static void test_bad_power_states(void **state)
{
	for (unsigned int bit = 16; bit < 32; bit++) {
		bool valid = bit == 16;

		setup(state);
		assert_int_equal(
		        call(PSCI_CPU_SUSPEND64, BIT(bit) & ~PSCI_POWER_STATE_POWERDOWN, 0, 0),
		        valid ? PSCI_SUCCESS : PSCI_INVALID_PARAMETERS);
		assert_int_equal(v->blocked, valid ? BIT(VCPU_BLOCK_WFI) : 0);
		assert_int_equal(call(PSCI_STAT_COUNT64, 0, BIT(bit), 0), valid);
	}
}

static void test_standby(void **state)
{
	fake_counter_step = 0;
	assert_int_equal(call(PSCI_CPU_SUSPEND64, 5, 1, 2), PSCI_SUCCESS);
	check_untouched(5, 1, 2);
	assert_int_equal(v->blocked, BIT(VCPU_BLOCK_WFI));
	assert_false(loaded_reset);
	fake_counter += 250000;
	vpsci_vcpu_module.enter(v);
	fake_counter += 999000;
	vpsci_vcpu_module.enter(v);
	assert_int_equal(call(PSCI_STAT_COUNT64, 0, 0, 0), 1);
	assert_int_equal(call(PSCI_STAT_RESIDENCY64, 0, 0, 0), 250);
	assert_int_equal(call(PSCI_STAT_COUNT, 1, 0, 0), 0);
	assert_int_equal(call(PSCI_STAT_COUNT, 0x300, 0, 0), 0);
	fake_counter_step = 100;
}

static void test_standby_with_interrupt(void **state)
{
	has_pending = true;
	assert_int_equal(call(PSCI_CPU_SUSPEND, 0, 0, 0), PSCI_SUCCESS);
	assert_int_equal(v->blocked, 0);
	assert_int_equal(unblocks, 1);
	assert_int_equal(v->stat_since, 0);
}

static void test_power_down(void **state)
{
	v->sysregs.sctlr = 0x1234;
	v->sysregs.vbar = 0x5678;
	v->fp.v[3] = 1;
	v->regs.host_sp = 0x9abc;
	call(PSCI_CPU_SUSPEND64, PSCI_POWER_STATE_POWERDOWN | 3, ENTRY, 0x77);
	/* With an interrupt pending it goes on in the guest at once: the way back from its next trap is EL2's. */
	assert_int_equal(v->regs.host_sp, 0x9abc);
	assert_int_equal(v->regs.pc, ENTRY);
	assert_int_equal(v->regs.x[0], 0x77);
	for (unsigned int i = 1; i < 31; i++)
		assert_int_equal(v->regs.x[i], 0);
	assert_int_equal(v->regs.pstate, GUEST_PSTATE_RESET);
	assert_true(loaded_reset);
	assert_int_equal(v->sysregs.vbar, 0);
	assert_int_equal(v->blocked, BIT(VCPU_BLOCK_WFI));
}

static void test_system_off_and_reset(void **state)
{
	call(PSCI_SYSTEM_OFF, 0, 0, 0);
	assert_int_equal(shutdown_reason, DOMAIN_POWEROFF);
	call(PSCI_SYSTEM_RESET, 0, 0, 0);
	assert_int_equal(shutdown_reason, DOMAIN_REBOOT);
	for (unsigned int bit = 0; bit < 32; bit++) {
		shutdown_reason = -1;
		assert_int_equal(call(PSCI_SYSTEM_RESET2_64, BIT(bit), 0, 0),
		                 PSCI_INVALID_PARAMETERS);
		assert_int_equal(shutdown_reason, -1);
	}
	call(PSCI_SYSTEM_RESET2, 0, 0x1234, 0);
	assert_int_equal(shutdown_reason, DOMAIN_REBOOT);
}

static void test_system_suspend(void **state)
{
	call(PSCI_SYSTEM_SUSPEND64, ENTRY, 0x123456789a, 0);
	assert_int_equal(suspends, 1);
	assert_int_equal(suspend_entry, ENTRY);
	assert_int_equal(suspend_context, 0x123456789a);
	/* Accepted: x0 belongs to whoever brings the vCPU back, who may have done so already. */
	assert_int_equal(v->regs.x[0], 0x5151);
	call(PSCI_SYSTEM_SUSPEND, BIT(32) | ENTRY, BIT(33) | 5, 0);
	assert_int_equal(suspends, 2);
	assert_int_equal(suspend_entry, ENTRY);
	assert_int_equal(suspend_context, 5);
	suspend_answer = PSCI_DENIED;
	assert_int_equal(call(PSCI_SYSTEM_SUSPEND64, ENTRY, 1, 2), PSCI_DENIED);
	check_untouched(ENTRY, 1, 2);
}

static void test_system_suspend_with_others_on(void **state)
{
	for (unsigned int i = 1; i < NR_VCPUS; i++) {
		for (unsigned int p = VCPU_ON_PENDING; p <= VCPU_ON; p++) {
			vcpus[i].power = p;
			assert_int_equal(call(PSCI_SYSTEM_SUSPEND64, ENTRY, 0, 0), PSCI_DENIED);
		}
		vcpus[i].power = VCPU_OFF;
	}
	assert_int_equal(suspends, 0);
	/* From any vCPU, as long as it is the last. */
	vcpus[0].power = VCPU_OFF;
	v = &vcpus[7];
	v->power = VCPU_ON;
	call(PSCI_SYSTEM_SUSPEND64, ENTRY, 0, 0);
	assert_int_equal(suspends, 1);
}

/* FEATURES and the call agree. */
static void test_system_suspend_not_offered(void **state)
{
	for (unsigned int i = 0; i < 2; i++) {
		supported = i;
		assert_int_equal(call(PSCI_FEATURES, PSCI_SYSTEM_SUSPEND64, 0, 0),
		                 supported ? 0 : PSCI_NOT_SUPPORTED);
		if (!supported)
			assert_int_equal(call(PSCI_SYSTEM_SUSPEND64, ENTRY, 0, 0),
			                 PSCI_NOT_SUPPORTED);
	}
	assert_int_equal(suspends, 0);
}

/* Whatever the machine can: another domain's sleep is its own. */
static void test_guest_suspend(void **state)
{
	dom.privileged = false;
	supported = false;
	dom.state = DOMAIN_RUNNING;
	guest_suspends = 0;
	woken_by = wake_pending = 0;
	assert_int_equal(call(PSCI_FEATURES, PSCI_SYSTEM_SUSPEND, 0, 0), 0);
	assert_int_equal(call(PSCI_FEATURES, PSCI_SYSTEM_SUSPEND64, 0, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad_entries); i++)
		assert_int_equal(call(PSCI_SYSTEM_SUSPEND64, bad_entries[i], 0, 0),
		                 PSCI_INVALID_ADDRESS);
	vcpus[7].power = VCPU_ON_PENDING;
	assert_int_equal(call(PSCI_SYSTEM_SUSPEND64, ENTRY, 0, 0), PSCI_DENIED);
	vcpus[7].power = VCPU_OFF;
	assert_int_equal(guest_suspends, 0);

	call(PSCI_SYSTEM_SUSPEND64, ENTRY, 0x123456789a, 0);
	assert_int_equal(guest_suspends, 1);
	assert_int_equal(suspend_entry, ENTRY);
	assert_int_equal(suspend_context, 0x123456789a);
	assert_int_equal(dom.state, DOMAIN_SUSPENDED);
	/* It isn't running any more. */
	dom.state = DOMAIN_SHUTDOWN;
	assert_int_equal(call(PSCI_SYSTEM_SUSPEND64, ENTRY, 0, 0), PSCI_DENIED);

	dom.state = DOMAIN_RUNNING;
	wake_pending = 40;
	call(PSCI_SYSTEM_SUSPEND, BIT(32) | ENTRY, BIT(33) | 5, 0);
	assert_int_equal(guest_suspends, 2);
	assert_int_equal(suspend_entry, ENTRY);
	assert_int_equal(suspend_context, 5);
	assert_int_equal(woken_by, 40);
	assert_int_equal(v->regs.x[0], 0x5151);
	assert_int_equal(suspends, 0); /* the machine's */
}

static void test_arch_features(void **state)
{
	assert_int_equal(call(SMCCC_ARCH_FEATURES, SMCCC_VERSION, 0, 0), 0);
	assert_int_equal(call(SMCCC_ARCH_FEATURES, SMCCC_ARCH_FEATURES, 0, 0), 0);
	assert_int_equal(call(SMCCC_ARCH_FEATURES, SMCCC_ARCH_SOC_ID, 0, 0), SMCCC_NOT_SUPPORTED);
	assert_int_equal(call(SMCCC_ARCH_FEATURES, PSCI_VERSION, 0, 0), SMCCC_NOT_SUPPORTED);
	assert_int_equal(call(SMCCC_ARCH_FEATURES, SMCCC_TRNG_VERSION, 0, 0), SMCCC_NOT_SUPPORTED);
}

/* The firmware's word counts; without it a guest can't have one executed either. */
static void test_workarounds(void **state)
{
	static const uint32_t fids[] = { SMCCC_ARCH_WORKAROUND_1, SMCCC_ARCH_WORKAROUND_3 };
	static const int64_t answers[] = { 0, 1, SMCCC_NOT_SUPPORTED, SMCCC_NOT_REQUIRED };

	for (size_t i = 0; i < ARRAY_SIZE(fids) * ARRAY_SIZE(answers); i++) {
		uint32_t fid = fids[i % 2];
		int64_t answer = answers[i / 2];

		firmware_answer = answer;
		assert_int_equal(call(SMCCC_ARCH_FEATURES, fid, 0, 0), answer);
		assert_int_equal(firmware_fid, SMCCC_ARCH_FEATURES);
		assert_int_equal(firmware_a1, fid);
		assert_int_equal(call(fid, 1, 2, 3), answer < 0 ? SMCCC_NOT_SUPPORTED : 0);
		assert_int_equal(firmware_fid, answer < 0 ? SMCCC_ARCH_FEATURES : fid);
		firmware_answer = answer;
		assert_int_equal(call(SMCCC_ARCH_FEATURES, SMCCC_ARCH_WORKAROUND_2, 0, 0),
		                 answer == SMCCC_NOT_SUPPORTED ? SMCCC_NOT_SUPPORTED
		                                               : SMCCC_NOT_REQUIRED);
		assert_int_equal(call(SMCCC_ARCH_WORKAROUND_2, 0, 0, 0), SMCCC_NOT_SUPPORTED);
		assert_int_equal(call(PSCI_FEATURES, fid, 0, 0), PSCI_NOT_SUPPORTED);
	}
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup(fn, setup)
	const struct CMUnitTest tests[] = {
		TEST(test_unknown_functions),
		TEST(test_fid_is_w0),
		TEST(test_versions),
		TEST(test_features),
		TEST(test_cpu_on),
		TEST(test_cpu_on_narrow),
		TEST(test_every_affinity),
		TEST(test_bad_entries),
		TEST(test_cpu_off),
		TEST(test_affinity_info),
		TEST(test_node_hw_state),
		TEST(test_bad_power_states),
		TEST(test_standby),
		TEST(test_standby_with_interrupt),
		TEST(test_power_down),
		TEST(test_system_off_and_reset),
		TEST(test_system_suspend),
		TEST(test_system_suspend_with_others_on),
		TEST(test_system_suspend_not_offered),
		TEST(test_guest_suspend),
		TEST(test_arch_features),
		TEST(test_workarounds),
	};

	return cmocka_run_group_tests_name("vpsci", tests, NULL, NULL);
}
