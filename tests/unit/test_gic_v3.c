/* SPDX-License-Identifier: Apache-2.0 */
/* The GICv3 driver against a model that loses its state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "dev/gic/gic.h"
#include "fake_cpu.h"
#include "fake_mmio.h"
#include "fake_sysreg.h"
#include "gic_v3_model.h"
#include "lib/bitmap.h"
#include "lib/err.h"
#include "mm/page.h"

static struct gic_v3_model m;
static struct gic_config cfg;
static struct snapshot before, after;
static uint64_t wake[16];

#define REG(name) (*gic_v3_model_reg(name))

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	fake_mmio_reset();
	fake_sysreg_reset();
	fake_pages_reset();
	fake_counter_step = 100000; /* a bounded wait is some thousand polls */
	memset(wake, 0, sizeof(wake));
	gic = NULL;
	gic_v3_model_init(&m);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_pages_reset();
	if (m.rules.broken)
		fail_msg("%u rules broken, last: %s", m.rules.broken, m.rules.last);
	assert_int_equal(fake_locks_held, 0);
	return 0;
}

static void power_up(void)
{
	fake_mmio_reset();
	fake_sysreg_reset();
	fake_pages_reset();
	gic_v3_model_map(&m, &cfg);
}

static void start(void)
{
	power_up();
	assert_int_equal(gic_init(&cfg), 0);
	assert_int_equal(gic->init_cpu(), 0);
}

/* Nothing on the suspend path allocates. */
static int do_suspend(void)
{
	int err;

	page_forbid(true);
	err = gic->suspend(wake);
	page_forbid(false);
	return err;
}

static int do_resume(void)
{
	int err;

	page_forbid(true);
	err = gic->resume();
	page_forbid(false);
	return err;
}

static void random_wake(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(wake); i++)
		wake[i] = model_random() & model_random();
}

/* Machines of different make; each test of the suspend path runs on all of them. */
static void shape(unsigned int n)
{
	m.nr_lines = n & 1 ? 1024 : 288;
	m.nr_espis = n & 2 ? 1024 : n & 4 ? 32 : 0;
	m.nr_eppis = n & 2 ? 64 : n & 8 ? 32 : 0;
	m.one_state = n & 4;
	m.nr_lrs = n & 1 ? 16 : 4;
	m.prio_bits = n & 8 ? 7 : n & 2 ? 6 : 5;
	m.regions = n & 8 ? 2 : 1;
	m.vlpis = n & 1;
	m.arch = n & 1 ? 4 : 3;
	m.sticky_lpis = n & 2;
}

static void test_init(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < 16; n++) {
		shape(n);
		power_up();
		gic_v3_model_garbage(&m, false);
		assert_int_equal(gic_init(&cfg), 0);
		assert_ptr_equal(gic, &gic_v3_ops);
		assert_int_equal(gic_limits.nr_spis_end, n & 1 ? 1020 : 288);
		assert_int_equal(gic_limits.nr_espis, m.nr_espis);
		assert_int_equal(gic_limits.nr_eppis, m.nr_eppis);
		assert_int_equal(gic_limits.nr_lrs, m.nr_lrs);
		assert_int_equal(gic_limits.nr_prio_bits, m.prio_bits);
		assert_int_equal(m.ctlr, 0x12);
		for (unsigned int i = 32; i < gic_limits.nr_spis_end; i++) {
			assert_false(m.lines[i].enable || m.lines[i].active || m.lines[i].latch);
			assert_int_equal(m.lines[i].config, 0);
			assert_int_equal(m.lines[i].priority, GIC_PRIO_GUEST);
			assert_int_equal(m.routes[i], 0);
			assert_true(!m.one_state || (m.lines[i].group1 && !m.lines[i].group_mod));
		}
		for (unsigned int i = 0; i < m.nr_espis; i++) {
			assert_false(m.espis[i].enable || m.espis[i].active || m.espis[i].latch);
			assert_int_equal(m.espis[i].priority, GIC_PRIO_GUEST);
		}
	}
}

static void test_init_fails(void **state)
{
	(void)state;
	m.arch = 2;
	power_up();
	assert_int_equal(gic_init(&cfg), -ENODEV);

	setup(NULL);
	m.no_sre = true;
	power_up();
	assert_int_equal(gic_init(&cfg), -ENODEV);

	/* No redistributor with this MPIDR; the end is known by the region's size alone. */
	setup(NULL);
	m.no_last = true;
	power_up();
	fake_cpu_arch[0]->mpidr = 0x300;
	assert_int_equal(gic_init(&cfg), -ENODEV);

	setup(NULL);
	power_up();
	cfg.nr_redist_regions = 0;
	assert_int_equal(gic_init(&cfg), -ENODEV);
	cfg.nr_redist_regions = 1;
	cfg.redist[0].size = 0x10000;
	assert_int_equal(gic_init(&cfg), -ENODEV);

	setup(NULL);
	power_up();
	fake_page_budget = 0;
	assert_int_equal(gic_init(&cfg), -ENOMEM);
	fake_page_budget = -1;
	assert_null(gic);

	setup(NULL);
	start();
	fake_cpu = 1;
	fake_cpu_arch[1]->mpidr = 0x100;
	assert_int_equal(gic->init_cpu(), -ENODEV);
	fake_cpu_arch[1]->id = 64;
	assert_int_equal(gic->init_cpu(), -ENODEV);
	fake_cpu_reset();
	fake_cpu = 1;
	m.no_sre = true;
	assert_int_equal(gic->init_cpu(), -ENODEV);
}

/* Each wait of each function, never done: a time-out, and no more than a log line. */
static void test_init_timeouts(void **state)
{
	int n, err;

	(void)state;
	m.one_state = true;
	for (n = 0;; n++) {
		power_up();
		m.waits = 0;
		m.stuck_at = n;
		fake_logs = 0;
		err = gic_init(&cfg);
		if (!err)
			break;
		assert_int_equal(err, -ETIMEDOUT);
		assert_int_equal(fake_logs, 1);
	}
	assert_int_equal(n, 4);
	m.stuck_at = -1;
	for (n = 0;; n++) {
		start();
		gic_v3_model_reset(&m);
		m.ctlr = 0x12;
		m.waits = 0;
		m.stuck_at = n;
		err = gic->init_cpu();
		if (!err)
			break;
		assert_int_equal(err, -ETIMEDOUT);
		m.stuck_at = -1;
	}
	assert_int_equal(n, 4); /* WAKER, GICR_CTLR, disables, enables */
}

static void test_init_cpu(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < 16; n++) {
		struct gic_v3_model_redist *rd = &m.rd[3];

		shape(n);
		start();
		fake_cpu = 3;
		gic_v3_model_garbage(&m, false);
		m.ctlr = 0x12;
		assert_int_equal(gic->init_cpu(), 0);
		for (unsigned int i = 0; i < 32 + m.nr_eppis; i++) {
			assert_int_equal(rd->lines[i].enable, i < 16);
			assert_int_equal(rd->lines[i].priority,
			                 i < 16 ? GIC_PRIO_IPI : GIC_PRIO_GUEST);
			assert_int_equal(rd->lines[i].config, i < 16 ? 2 : 0);
			assert_false(rd->lines[i].active || rd->lines[i].latch);
		}
		assert_int_equal(rd->waker, 0);
		assert_int_equal(REG("ICC_SRE_EL2"), 0xf);
		assert_int_equal(REG("ICC_SRE_EL1"), 7);
		assert_int_equal(REG("ICC_CTLR_EL1") & 0x43, 2);
		assert_int_equal(REG("ICC_PMR_EL1"), 0xf0);
		assert_int_equal(REG("ICC_AP1R0_EL1"), 0);
		assert_int_equal(REG("ICC_IGRPEN1_EL1"), 1);
		assert_int_equal(REG("ICH_HCR_EL2") | REG("ICH_VMCR_EL2") | REG("ICH_LR3_EL2"), 0);

		gic->set_enabled(27, true);
		gic->set_hcr(GIC_HCR_EN);
		gic->exit_cpu();
		for (unsigned int i = 0; i < 32 + m.nr_eppis; i++)
			assert_false(rd->lines[i].enable);
		assert_int_equal(REG("ICC_IGRPEN1_EL1"), 0);
		assert_int_equal(REG("ICH_HCR_EL2"), 0);
		fake_cpu = 0;
	}
}

/* Affinities as big machines have them; a stride that only the device tree knows. */
static void test_affinity(void **state)
{
	(void)state;
	m.mpidr[0] = 0x0100020300;
	m.mpidr[1] = 0x0100020301;
	m.mpidr[2] = 0x0500000012;
	m.regions = 2;
	m.frame_stride = 0x80000;
	for (unsigned int i = 0; i < 3; i++)
		fake_cpu_arch[i]->mpidr = m.mpidr[i];
	start();
	fake_cpu = 2;
	gic->set_target(40, 2); /* not up yet */
	assert_int_equal(m.routes[40], 0x0100020300);
	gic->send_sgi(1, 2);
	assert_int_equal(m.last_sgi1r, 0);
	assert_int_equal(gic->init_cpu(), 0);
	gic->set_target(40, 2);
	assert_int_equal(m.routes[40], 0x0500000012);
	assert_int_equal(m.routes[41], 0x0100020300);
	gic->set_target(20, 2);
	gic->set_target(300, 2);
	gic->set_target(4096, 2); /* none here */
	gic->set_target(40, 64);

	gic->send_sgi(1, 0);
	assert_int_equal(m.last_sgi1r, 0x0001000201030001);
	gic->send_sgi(15, 2); /* Aff0 0x12: range 1, bit 2 */
	assert_int_equal(m.last_sgi1r, 0x000510000f000004 & 0xffffffffffffffff);
}

static void test_lines(void **state)
{
	static const uint32_t ids[] = { 3, 16, 31, 32, 63, 64, 1019, 1056, 1119, 4096, 5119 };

	(void)state;
	shape(3);
	start();
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		uint32_t id = ids[i];
		struct model_line *l = gic_v3_model_line(&m, id);

		gic->set_enabled(id, false);
		gic->set_edge(id, true);
		assert_int_equal(l->config, 2);
		gic->set_enabled(id, true);
		assert_true(l->enable && gic->is_enabled(id));
		gic->set_pending(id, true);
		assert_true(l->latch && gic->is_pending(id));
		gic->set_active(id, true);
		assert_true(l->active && gic->is_active(id));
		gic->set_priority(id, 0x40);
		assert_int_equal(l->priority, 0x40);
		gic->set_active(id, false);
		gic->set_pending(id, false);
		gic->set_enabled(id, false);
		gic->set_edge(id, false);
		assert_false(gic->is_enabled(id) || gic->is_pending(id) || gic->is_active(id));
	}
	assert_int_equal(gic_v3_model_line(&m, 1057)->priority, GIC_PRIO_GUEST);
	gic->set_target(4097, 0);
	for (uint32_t id = 1020; id < 8192; id = id == 1023 ? 1120 : id == 4095 ? 5120 : id + 1) {
		gic->set_enabled(id, true);
		gic->set_pending(id, true);
		assert_false(gic->is_enabled(id) || gic->is_pending(id) || gic->is_active(id));
	}
	/* A disable that never takes effect is logged, not waited for without end. */
	fake_logs = 0;
	m.stuck_at = m.waits;
	gic->set_enabled(40, false);
	assert_int_equal(fake_logs, 1);
	m.gicd_rwp = 0;
	m.stuck_at = m.waits;
	gic->set_enabled(20, false);
	assert_int_equal(fake_logs, 2);
}

static void test_ack(void **state)
{
	(void)state;
	shape(2);
	start();
	assert_int_equal(gic_iar_intid(gic->ack()), GIC_SPURIOUS);
	gic->set_enabled(4100, true);
	gic_v3_model_input(&m, 4100, true);
	assert_int_equal(gic_iar_intid(gic->ack()), 4100);
	assert_int_not_equal(REG("ICC_AP1R0_EL1"), 0);
	gic->eoi(4100);
	assert_int_equal(REG("ICC_AP1R0_EL1"), 0);
	assert_true(gic->is_active(4100));
	gic->deactivate(4100);
	assert_false(gic->is_active(4100));
	assert_int_equal(m.last_eoir, 4100);
	assert_int_equal(m.last_dir, 4100);
}

static void test_virtual(void **state)
{
	static const struct {
		struct gic_lr lr;
		uint64_t raw;
	} cases[] = {
		{ { .vintid = 27,
		    .pintid = 4100,
		    .priority = 0xa4,
		    .state = GIC_LR_PENDING,
		    .hw = true,
		    .group1 = true },
		  0x70a410040000001b },
		{ { .vintid = 5, .priority = 0xf8, .state = GIC_LR_ACTIVE }, 0x80f8000000000005 },
		{ { .vintid = 4096, .state = GIC_LR_PENDING_ACTIVE, .eoi = true },
		  0xc000020000001000 },
	};
	struct gic_vcpu_state s;
	struct gic_lr lr;

	(void)state;
	m.nr_lrs = 16;
	m.prio_bits = 7;
	start();
	for (unsigned int n = 0; n < 16; n++) {
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			gic->write_lr(n, cases[i].lr);
			assert_int_equal(gic->empty_lrs(), 0xffff & ~(1u << n));
			lr = gic->read_lr(n);
			assert_memory_equal(&lr, &cases[i].lr, sizeof(lr));
		}
		gic->clear_lr(n);
	}
	gic->write_lr(0, cases[0].lr);
	assert_int_equal(REG("ICH_LR0_EL2"), cases[0].raw);
	gic->write_lr(8, cases[1].lr);
	assert_int_equal(REG("ICH_LR8_EL2"), cases[1].raw);
	gic->write_lr(15, cases[2].lr);
	assert_int_equal(REG("ICH_LR15_EL2"), cases[2].raw);

	REG("ICH_VMCR_EL2") = 0x12340201;
	REG("ICH_AP0R3_EL2") = 1;
	REG("ICH_AP1R2_EL2") = 2;
	gic->save_vcpu(&s);
	gic_v3_model_reset(&m);
	REG("ICC_SRE_EL2") = 0xf;
	gic->load_vcpu(&s);
	assert_int_equal(REG("ICH_VMCR_EL2"), 0x12340201);
	assert_int_equal(REG("ICH_AP0R3_EL2"), 1);
	assert_int_equal(REG("ICH_AP1R2_EL2"), 2);
	assert_int_equal(REG("ICC_SRE_EL1"), 7);
	gic->reset_vcpu(&s);
	gic->load_vcpu(&s);
	assert_int_equal(REG("ICH_VMCR_EL2") | REG("ICH_AP0R3_EL2") | REG("ICH_AP1R2_EL2"), 0);
	assert_int_equal(REG("ICC_SRE_EL1"), 7);
}

/* Suspend, lose everything, resume: each register is as before. */
static void test_lose(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 32; round++) {
		shape(round % 16);
		start();
		gic_v3_model_legal(&m);
		random_wake();
		gic_v3_model_snapshot(&m, &before);
		assert_int_equal(do_suspend(), 0);
		gic_v3_model_reset(&m);
		assert_int_equal(do_resume(), 0);
		gic_v3_model_snapshot(&m, &after);
		snapshot_assert_equal(&before, &after);
	}
}

static void test_poison(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 32; round++) {
		shape(round % 16);
		start();
		gic_v3_model_legal(&m);
		gic_v3_model_snapshot(&m, &before);
		/* Without a wake mask even the pending bits may be anything. */
		memset(wake, 0, sizeof(wake));
		if (round & 16)
			random_wake();
		assert_int_equal(do_suspend(), 0);
		gic_v3_model_garbage(&m, round & 16);
		assert_int_equal(do_resume(), 0);
		gic_v3_model_snapshot(&m, &after);
		snapshot_assert_equal(&before, &after);
	}
}

/* A redistributor that stayed powered, its LPI tables in use: kept, not moved. */
static void test_kept_lpis(void **state)
{
	(void)state;
	m.sticky_lpis = true;
	start();
	m.rd[0].ctlr = 1;
	m.rd[0].propbaser = 0x4000000f;
	m.rd[0].pendbaser = 0x40010000;
	assert_int_equal(do_suspend(), 0);
	assert_int_equal(do_resume(), 0);
	assert_int_equal(m.rd[0].propbaser, 0x4000000f);

	assert_int_equal(do_suspend(), 0);
	gic_v3_model_reset(&m);
	assert_int_equal(do_resume(), 0);
	assert_int_equal(m.rd[0].ctlr, 1);
	assert_int_equal(m.rd[0].propbaser, 0x4000000f);
	assert_int_equal(m.rd[0].pendbaser, 0x40010000);

	/* It stayed on with somebody else's tables: said, and nothing undefined is done. */
	assert_int_equal(do_suspend(), 0);
	m.rd[0].propbaser = 0x5000000f;
	fake_logs = 0;
	assert_int_equal(do_resume(), 0);
	assert_int_equal(fake_logs, 1);
}

/* Garbage there isn't left to whoever switches LPIs on: each CPU has its own back. */
static void test_lpi_bases(void **state)
{
	(void)state;
	for (unsigned int garbage = 0; garbage < 16; garbage++) {
		start();
		for (fake_cpu = 0; fake_cpu < 4; fake_cpu++) {
			m.rd[fake_cpu].propbaser = 0x4000000f + fake_cpu;
			m.rd[fake_cpu].pendbaser = 0x40010000 + fake_cpu;
			if (fake_cpu)
				assert_int_equal(gic->init_cpu(), 0);
		}
		fake_cpu = 0;
		assert_int_equal(do_suspend(), 0);
		gic_v3_model_garbage(&m, false);
		assert_int_equal(do_resume(), 0);
		for (fake_cpu = 0; fake_cpu < 4; fake_cpu++) {
			if (fake_cpu)
				assert_int_equal(gic->init_cpu(), 0);
			assert_int_equal(m.rd[fake_cpu].propbaser, 0x4000000f + fake_cpu);
			assert_int_equal(m.rd[fake_cpu].pendbaser, 0x40010000 + fake_cpu);
			assert_int_equal(m.rd[fake_cpu].ctlr & 1, 0);
		}
		fake_cpu = 0;
	}
}

static void test_undo(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 16; round++) {
		shape(round);
		start();
		gic_v3_model_legal(&m);
		m.lines[60].latch = false;
		m.lines[60].config = 2;
		m.lines[60].enable = true;
		m.lines[60].input = false;
		random_wake();
		gic_v3_model_snapshot(&m, &before);
		assert_int_equal(do_suspend(), 0);
		assert_int_equal(gic->undo(), 0);
		gic_v3_model_snapshot(&m, &after);
		snapshot_assert_equal(&before, &after);

		/* What came in the meantime stays, though it may not wake. */
		bitmap_clear(wake, 60);
		assert_int_equal(do_suspend(), 0);
		gic_v3_model_input(&m, 60, true);
		assert_int_equal(gic->undo(), 0);
		assert_true(m.lines[60].latch);
	}
	assert_int_equal(gic->undo(), -EINVAL);
	assert_int_equal(gic->resume(), -EINVAL);
}

/* A suspend that times out is undone; a resume that times out can be tried again. */
static void test_suspend_timeouts(void **state)
{
	int n;

	(void)state;
	shape(14);
	for (n = 0;; n++) {
		start();
		gic_v3_model_legal(&m);
		gic_v3_model_snapshot(&m, &before);
		m.waits = 0;
		m.stuck_at = n;
		if (!do_suspend())
			break;
		m.stuck_at = -1;
		m.gicd_rwp = m.rd[0].rwp = 0;
		assert_int_equal(gic->undo(), 0);
		gic_v3_model_snapshot(&m, &after);
		snapshot_assert_equal(&before, &after);
	}
	assert_int_equal(n, 2);

	for (n = 0;; n++) {
		int err;

		m.stuck_at = -1;
		start();
		gic_v3_model_legal(&m);
		gic_v3_model_snapshot(&m, &before);
		assert_int_equal(do_suspend(), 0);
		gic_v3_model_reset(&m);
		m.waits = 0;
		m.stuck_at = n;
		err = do_resume();
		if (!err)
			break;
		assert_int_equal(err, -ETIMEDOUT);
		m.stuck_at = -1;
		gic_v3_model_reset(&m);
		assert_int_equal(do_resume(), 0);
		gic_v3_model_snapshot(&m, &after);
		snapshot_assert_equal(&before, &after);
	}
	/* CTLR, disables, enables, WAKER, GICR_CTLR, disables, enables, CTLR. */
	assert_int_equal(n, 8);

	m.stuck_at = -1;
	start();
	assert_int_equal(do_suspend(), 0);
	gic_v3_model_reset(&m);
	m.no_sre = true;
	assert_int_equal(do_resume(), -ENODEV);
}

/* While asleep only what may wake is enabled. */
static void test_wake_mask(void **state)
{
	(void)state;
	shape(2);
	start();
	gic->set_enabled(33, true);
	gic->set_enabled(34, true);
	gic->set_enabled(64, true);
	gic->set_enabled(27, true);
	gic->set_enabled(1056, true);
	gic->set_enabled(4096, true);
	bitmap_set(wake, 34);
	bitmap_set(wake, 64);
	bitmap_set(wake, 70); /* disabled: stays so */
	gic->set_hcr(GIC_HCR_EN);
	assert_int_equal(do_suspend(), 0);
	for (unsigned int i = 32; i < 288; i++)
		assert_int_equal(m.lines[i].enable, i == 34 || i == 64);
	for (unsigned int i = 0; i < 96; i++)
		assert_false(m.rd[0].lines[i].enable);
	assert_false(m.espis[0].enable);
	assert_int_equal(REG("ICH_HCR_EL2"), 0);
}

static void test_pending_wake(void **state)
{
	(void)state;
	start();
	gic->set_edge(40, true);
	gic->set_enabled(40, true);
	gic->set_enabled(50, true);
	bitmap_set(wake, 40);
	bitmap_set(wake, 50);
	bitmap_set(wake, 51); /* never enabled */

	/* Before suspend(): by the hardware's own enables. */
	gic_v3_model_input(&m, 51, true);
	assert_int_equal(gic->pending_wake(wake), GIC_SPURIOUS);
	gic_v3_model_input(&m, 50, true);
	assert_int_equal(gic->pending_wake(wake), 50);
	gic_v3_model_input(&m, 50, false);

	assert_int_equal(do_suspend(), 0);
	assert_int_equal(gic->pending_wake(wake), GIC_SPURIOUS);
	gic_v3_model_input(&m, 50, true);
	assert_int_equal(gic->pending_wake(wake), 50);
	gic_v3_model_reset(&m);
	assert_int_equal(gic->pending_wake(wake), 50);
	assert_int_equal(do_resume(), 0);
	assert_true(gic->is_pending(50));
	/* A level follows its wire: nothing was latched, not even of one that was high at suspend.
	 */
	assert_int_equal(do_suspend(), 0);
	gic_v3_model_reset(&m);
	assert_int_equal(do_resume(), 0);
	gic_v3_model_input(&m, 50, false);
	assert_false(gic->is_pending(50));

	/* An edge from before the sleep, saved. */
	gic->set_pending(40, true);
	assert_int_equal(do_suspend(), 0);
	gic_v3_model_reset(&m);
	assert_int_equal(gic->pending_wake(wake), 40);
	assert_int_equal(do_resume(), 0);
	assert_int_equal(gic->ack(), 40);
	gic->eoi(40);
	gic->deactivate(40);
	assert_int_equal(gic->ack(), GIC_SPURIOUS);

	/* An edge during the sleep, caught by the GIC that the firmware set up. */
	assert_int_equal(do_suspend(), 0);
	gic_v3_model_reset(&m);
	m.lines[40].latch = true;
	assert_int_equal(gic->pending_wake(wake), 40);
	assert_int_equal(do_resume(), 0);
	assert_int_equal(gic->ack(), 40);
}

/* What woke is found though the configuration that ISPENDR depends on is garbage. */
static void test_pending_wake_poison(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 32; round++) {
		bool level = round & 1, edge = round & 2;

		start();
		gic->set_edge(40, true);
		gic->set_enabled(40, true);
		gic->set_enabled(50, true);
		bitmap_set(wake, 40);
		bitmap_set(wake, 50);
		assert_int_equal(do_suspend(), 0);
		gic_v3_model_garbage(&m, false);
		m.ctlr |= 0x10;
		gic_v3_model_input(&m, 50, level);
		m.lines[50].latch = round & 4;
		m.lines[40].latch = edge;
		assert_int_equal(gic->pending_wake(wake), level ? 50 : edge ? 40 : GIC_SPURIOUS);
		assert_int_equal(gic->pending_wake(wake), level ? 50 : edge ? 40 : GIC_SPURIOUS);
		assert_int_equal(do_resume(), 0);
		assert_int_equal(gic->pending_wake(wake), edge ? 40 : level ? 50 : GIC_SPURIOUS);
		assert_int_equal(gic->is_pending(40), edge);
		assert_int_equal(gic->is_pending(50), level);
		gic_v3_model_input(&m, 50, false);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_init),
		T(test_init_fails),
		T(test_init_timeouts),
		T(test_init_cpu),
		T(test_affinity),
		T(test_lines),
		T(test_ack),
		T(test_virtual),
		T(test_lose),
		T(test_poison),
		T(test_kept_lpis),
		T(test_lpi_bases),
		T(test_undo),
		T(test_suspend_timeouts),
		T(test_wake_mask),
		T(test_pending_wake),
		T(test_pending_wake_poison),
	};

	return cmocka_run_group_tests_name("gic_v3", tests, NULL, NULL);
}
