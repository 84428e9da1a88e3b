/* SPDX-License-Identifier: Apache-2.0 */
/* The GICv2 driver against a model that loses its state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "dev/gic/gic.h"
#include "fake_cpu.h"
#include "fake_mmio.h"
#include "gic_v2_model.h"
#include "lib/bitmap.h"
#include "lib/err.h"
#include "snapshot.h"

#define GICD GIC_V2_MODEL_GICD
#define GICC GIC_V2_MODEL_GICC
#define GICH GIC_V2_MODEL_GICH

static struct gic_v2_model m;
static struct gic_config cfg;
static struct snapshot before, after;
static uint64_t wake[16];

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	fake_mmio_reset();
	gic_v2_model_init(&m);
	memset(wake, 0, sizeof(wake));
	gic = NULL;
	cfg = (struct gic_config) {
		.version = 2,
		.gicd = pa_make(GICD),
		.gicd_size = 0x1000,
		.gicc = pa_make(GICC),
		.gicc_size = 0x2000,
		.gich = pa_make(GICH),
		.gich_size = 0x1000,
		.gicv = pa_make(GIC_V2_MODEL_GICV),
		.gicv_size = 0x2000,
		.maintenance_intid = 25,
	};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (m.rules.broken)
		fail_msg("%u rules broken, last: %s", m.rules.broken, m.rules.last);
	assert_int_equal(fake_locks_held, 0);
	return 0;
}

static void start(void)
{
	assert_int_equal(gic_init(&cfg), 0);
	assert_int_equal(gic->init_cpu(), 0);
}

static void take(struct snapshot *s)
{
	unsigned int words = m.nr_lines / 32;
	const struct snapshot_range ranges[] = {
		{ "GICD_CTLR", GICD, 1, 4 },
		{ "GICD_IGROUPR", GICD + 0x80, words, 4 },
		{ "GICD_ISENABLER", GICD + 0x100, words, 4 },
		{ "GICD_ISPENDR", GICD + 0x200, words, 4 },
		{ "GICD_ISACTIVER", GICD + 0x300, words, 4 },
		{ "GICD_IPRIORITYR", GICD + 0x400, m.nr_lines == 1024 ? 255 : 8 * words, 4 },
		{ "GICD_ITARGETSR", GICD + 0x800, m.nr_lines == 1024 ? 255 : 8 * words, 4 },
		{ "GICD_ICFGR", GICD + 0xc00, 2 * words, 4 },
		{ "GICD_SPENDSGIR", GICD + 0xf20, 4, 4 },
		{ "GICC_CTLR, PMR, BPR", GICC, 3, 4 },
		{ "GICC_APR", GICC + 0xd0, 4, 4 },
		{ "GICH_HCR", GICH, 1, 4 },
		{ "GICH_VMCR", GICH + 0x08, 1, 4 },
		{ "GICH_APR", GICH + 0xf0, 1, 4 },
		{ "GICH_LR", GICH + 0x100, m.nr_lrs > 16 ? 16 : m.nr_lrs, 4 },
	};

	snapshot_start(s);
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		snapshot_mmio(s, &ranges[i]);
}

/* Any state that software may have brought about: a level line is pending only by its wire. */
static void legal_garbage(void)
{
	gic_v2_model_garbage(&m, false);
	for (unsigned int i = 0; i < 1020; i++)
		m.lines[i].latch &= m.lines[i].config == 2;
	for (unsigned int i = 0; i < 32; i++)
		m.local[0][i].latch = i >= 16 && m.local[0][i].latch && m.local[0][i].config == 2;
	m.cpu[0].gicc_ctlr |= 0x60;
}

static void random_wake(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(wake); i++)
		wake[i] = model_random() & model_random();
}

static void test_init(void **state)
{
	(void)state;
	gic_v2_model_garbage(&m, false);
	assert_int_equal(gic_init(&cfg), 0);
	assert_ptr_equal(gic, &gic_v2_ops);
	assert_int_equal(gic_limits.nr_spis_end, 288);
	assert_int_equal(gic_limits.nr_lrs, 4);
	assert_int_equal(gic_limits.nr_prio_bits, 5);
	assert_int_equal(gic_limits.max_cpus, 8);
	assert_int_equal(gic_limits.nr_espis, 0);
	assert_int_equal(m.ctlr, 1);
	for (unsigned int i = 32; i < 288; i++) {
		assert_false(m.lines[i].enable || m.lines[i].active || m.lines[i].latch);
		assert_int_equal(m.lines[i].config, 0);
		assert_int_equal(m.lines[i].priority, GIC_PRIO_GUEST);
		assert_int_equal(m.targets[i], 1);
	}
}

static void test_init_all_lines(void **state)
{
	(void)state;
	m.nr_lines = 1024;
	m.nr_lrs = 64;
	start();
	assert_int_equal(gic_limits.nr_spis_end, 1020);
	assert_int_equal(gic_limits.nr_lrs, GIC_MAX_LRS);
	gic->set_enabled(1019, true);
	assert_true(m.lines[1019].enable);
	gic->set_enabled(1020, true);
	gic->set_priority(1023, 1);
	gic->set_target(1022, 0);
}

static void test_init_single_cpu(void **state)
{
	(void)state;
	m.nr_cpus = 1;
	start();
	gic->send_sgi(3, 0);
	assert_int_equal(m.last_sgir, 0x00010003);
}

static void test_init_fails(void **state)
{
	(void)state;
	m.iidr = 0x0201143b;
	assert_int_equal(gic_init(&cfg), -ENODEV);
	assert_null(gic);
	setup(NULL);
	cfg.gicc_size = 0x1000;
	assert_int_equal(gic_init(&cfg), -ENODEV);
	setup(NULL);
	cfg.gich_size = 0;
	assert_int_equal(gic_init(&cfg), -ENODEV);
	setup(NULL);
	m.no_targets = true;
	assert_int_equal(gic_init(&cfg), -ENODEV);
	setup(NULL);
	cfg.version = 4;
	assert_int_equal(gic_init(&cfg), -ENODEV);
	assert_null(gic);
	setup(NULL);
	start();
	m.no_targets = true;
	assert_int_equal(gic->init_cpu(), -ENODEV);
	m.no_targets = false;
	fake_cpu_arch[0]->id = 8;
	assert_int_equal(gic->init_cpu(), -ENODEV);
}

static void test_init_cpu(void **state)
{
	(void)state;
	start();
	fake_cpu = 2;
	gic_v2_model_garbage(&m, false);
	assert_int_equal(gic->init_cpu(), 0);
	for (unsigned int i = 0; i < 32; i++) {
		assert_int_equal(m.local[2][i].enable, i < 16);
		assert_int_equal(m.local[2][i].priority, i < 16 ? GIC_PRIO_IPI : GIC_PRIO_GUEST);
		assert_int_equal(m.local[2][i].config, i < 16 ? 2 : 0);
		assert_false(m.local[2][i].active);
	}
	for (unsigned int i = 0; i < 16; i++)
		assert_int_equal(m.sgi_pending[2][i], 0);
	assert_int_equal(m.cpu[2].gicc_ctlr, 0x261);
	assert_int_equal(m.cpu[2].pmr, 0xf0);
	assert_int_equal(m.cpu[2].apr[0] | m.cpu[2].apr[1] | m.cpu[2].apr[2] | m.cpu[2].apr[3], 0);
	assert_int_equal(m.cpu[2].hcr | m.cpu[2].vmcr | m.cpu[2].vapr | m.cpu[2].lr[3], 0);

	gic->set_enabled(27, true);
	gic->set_hcr(GIC_HCR_EN);
	gic->exit_cpu();
	for (unsigned int i = 0; i < 32; i++)
		assert_false(m.local[2][i].enable);
	assert_int_equal(m.cpu[2].gicc_ctlr, 0x60);
	assert_int_equal(m.cpu[2].hcr, 0);
}

static void test_ack(void **state)
{
	uint32_t iar;

	(void)state;
	start();
	assert_int_equal(gic_iar_intid(gic->ack()), GIC_SPURIOUS);

	/* An SGI from CPU 3: the INTID is plain, the source comes back to EOIR and DIR. */
	fake_cpu = 3;
	assert_int_equal(gic->init_cpu(), 0);
	gic->send_sgi(5, 0);
	assert_int_equal(m.last_sgir, 0x00010005);
	gic->send_sgi(5, 1); /* not up yet */
	assert_int_equal(m.last_sgir, 0x00010005);
	fake_cpu = 0;
	iar = gic->ack();
	assert_int_equal(gic_iar_intid(iar), 5);
	gic->eoi(iar);
	gic->deactivate(iar);
	assert_int_equal(m.cpu[0].last_eoir, 3 << 10 | 5);
	assert_int_equal(m.cpu[0].last_dir, 3 << 10 | 5);

	/* A level SPI: dropped, then ended. */
	gic->set_enabled(40, true);
	gic_v2_model_input(&m, 40, true);
	assert_true(gic->is_pending(40));
	iar = gic->ack();
	assert_int_equal(iar, 40);
	assert_int_not_equal(m.cpu[0].apr[0], 0);
	gic->eoi(iar);
	assert_int_equal(m.cpu[0].apr[0], 0);
	assert_true(gic->is_active(40));
	gic->deactivate(iar);
	assert_false(gic->is_active(40));
}

static void test_lines(void **state)
{
	static const uint32_t ids[] = { 16, 31, 32, 63, 64, 287 };

	(void)state;
	start();
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		uint32_t id = ids[i];
		struct model_line *l = id < 32 ? &m.local[0][id] : &m.lines[id];

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
		assert_int_equal(l->config, 0);
	}
	/* Neighbours are left alone. */
	assert_int_equal(m.lines[33].priority, GIC_PRIO_GUEST);
	gic->set_edge(40, true);
	gic->set_edge(41, true);
	gic->set_edge(40, false);
	assert_int_equal(m.lines[41].config, 2);

	gic->set_edge(3, false); /* SGIs are edges for good */
	gic->set_enabled(288, true);
	gic->set_pending(5000, true);
	gic->set_active(1056, true);
	gic->set_edge(300, true);
	gic->set_priority(300, 1);
	assert_false(gic->is_enabled(288) || gic->is_pending(288) || gic->is_active(288));

	fake_cpu = 1;
	assert_int_equal(gic->init_cpu(), 0);
	fake_cpu = 0;
	gic->set_target(40, 1);
	assert_int_equal(m.targets[40], 2);
	assert_int_equal(m.targets[41], 1);
	gic->set_target(40, 2); /* not up yet */
	gic->set_target(40, 64);
	gic->set_target(20, 1);
	gic->set_target(288, 1);
	assert_int_equal(m.targets[40], 2);
}

static void test_virtual(void **state)
{
	static const struct {
		struct gic_lr lr;
		uint32_t raw;
	} cases[] = {
		{ { .vintid = 27,
		    .pintid = 30,
		    .priority = 0xa0,
		    .state = GIC_LR_PENDING,
		    .hw = true },
		  0x9a00781b },
		{ { .vintid = 5, .priority = 0xf8, .source = 3, .state = GIC_LR_ACTIVE },
		  0x2f800c05 },
		{ { .vintid = 1019,
		    .priority = 0,
		    .state = GIC_LR_PENDING_ACTIVE,
		    .eoi = true,
		    .group1 = true },
		  0x700803fb },
	};
	struct gic_vcpu_state s;
	struct gic_lr lr;

	(void)state;
	start();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		gic->write_lr(1, cases[i].lr);
		assert_int_equal(m.cpu[0].lr[1], cases[i].raw);
		assert_int_equal(gic->empty_lrs(), 0xd);
		lr = gic->read_lr(1);
		assert_memory_equal(&lr, &cases[i].lr, sizeof(lr));
	}
	gic->clear_lr(1);
	assert_int_equal(gic->empty_lrs(), 0xf);

	gic->set_hcr(GIC_HCR_EN | GIC_HCR_UIE);
	assert_int_equal(m.cpu[0].hcr, 3);
	m.cpu[0].vmcr = 0x12345678;
	m.cpu[0].vapr = 0x80;
	gic->save_vcpu(&s);
	gic->reset_vcpu(&(struct gic_vcpu_state) { 0 });
	gic_v2_model_reset(&m);
	gic->load_vcpu(&s);
	assert_int_equal(m.cpu[0].vmcr, 0x12345678);
	assert_int_equal(m.cpu[0].vapr, 0x80);
	gic->reset_vcpu(&s);
	gic->load_vcpu(&s);
	assert_int_equal(m.cpu[0].vmcr | m.cpu[0].vapr, 0);
}

/* Suspend, lose everything, resume: each register is as before. */
static void test_lose(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 40; round++) {
		m.nr_lines = round & 1 ? 288 : 1024;
		start();
		legal_garbage();
		random_wake();
		m.lines[50].config = 0;
		m.lines[50].latch = false;
		gic_v2_model_input(&m, 50, true);
		take(&before);
		assert_int_equal(gic->suspend(wake), 0);
		gic_v2_model_reset(&m);
		assert_int_equal(gic->resume(), 0);
		take(&after);
		snapshot_assert_equal(&before, &after);
	}
}

static void test_poison(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 40; round++) {
		start();
		legal_garbage();
		take(&before);
		/* Without a wake mask even the pending bits may be anything. */
		if (round & 1)
			random_wake();
		assert_int_equal(gic->suspend(wake), 0);
		gic_v2_model_garbage(&m, round & 1);
		assert_int_equal(gic->resume(), 0);
		take(&after);
		snapshot_assert_equal(&before, &after);
		memset(wake, 0, sizeof(wake));
	}
}

static void test_undo(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 10; round++) {
		start();
		legal_garbage();
		m.lines[60].latch = false;
		m.lines[60].config = 2;
		m.lines[60].enable = true;
		random_wake();
		take(&before);
		assert_int_equal(gic->suspend(wake), 0);
		assert_int_equal(gic->undo(), 0);
		take(&after);
		snapshot_assert_equal(&before, &after);

		/* What came in the meantime stays, though it may not wake. */
		bitmap_clear(wake, 60);
		assert_int_equal(gic->suspend(wake), 0);
		gic_v2_model_input(&m, 60, true);
		gic_v2_model_input(&m, 60, false);
		assert_int_equal(gic->undo(), 0);
		assert_true(m.lines[60].latch);
	}
	assert_int_equal(gic->undo(), -EINVAL);
	assert_int_equal(gic->resume(), -EINVAL);
}

/* While asleep only what may wake is enabled. */
static void test_wake_mask(void **state)
{
	(void)state;
	start();
	gic->set_enabled(33, true);
	gic->set_enabled(34, true);
	gic->set_enabled(64, true);
	gic->set_enabled(27, true);
	bitmap_set(wake, 34);
	bitmap_set(wake, 64);
	bitmap_set(wake, 70); /* disabled: stays so */
	gic->set_hcr(GIC_HCR_EN);
	assert_int_equal(gic->suspend(wake), 0);
	for (unsigned int i = 32; i < 288; i++)
		assert_int_equal(m.lines[i].enable, i == 34 || i == 64);
	for (unsigned int i = 0; i < 32; i++)
		assert_false(m.local[0][i].enable);
	assert_int_equal(m.cpu[0].hcr, 0);
	assert_int_equal(m.cpu[0].gicc_ctlr & 0x60, 0x60);
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
	gic_v2_model_input(&m, 51, true);
	assert_int_equal(gic->pending_wake(wake), GIC_SPURIOUS);
	gic_v2_model_input(&m, 50, true);
	assert_int_equal(gic->pending_wake(wake), 50);
	gic_v2_model_input(&m, 50, false);

	assert_int_equal(gic->suspend(wake), 0);
	assert_int_equal(gic->pending_wake(wake), GIC_SPURIOUS);
	gic_v2_model_input(&m, 50, true);
	assert_int_equal(gic->pending_wake(wake), 50);
	/* Lost power: nothing is enabled any more, the line is still high. */
	gic_v2_model_reset(&m);
	assert_int_equal(gic->pending_wake(wake), 50);
	assert_int_equal(gic->resume(), 0);
	assert_true(gic->is_pending(50));
	/* A level follows its wire: nothing was latched, not even of one that was high at suspend.
	 */
	assert_int_equal(gic->suspend(wake), 0);
	gic_v2_model_reset(&m);
	assert_int_equal(gic->resume(), 0);
	gic_v2_model_input(&m, 50, false);
	assert_false(gic->is_pending(50));

	/* An edge from before the sleep, saved. */
	gic->set_pending(40, true);
	assert_int_equal(gic->suspend(wake), 0);
	gic_v2_model_reset(&m);
	assert_int_equal(gic->pending_wake(wake), 40);
	assert_int_equal(gic->resume(), 0);
	assert_int_equal(gic->ack(), 40);
	gic->eoi(40);
	gic->deactivate(40);
	assert_int_equal(gic->ack(), GIC_SPURIOUS);

	/* An edge during the sleep, caught by the GIC that the firmware set up. */
	assert_int_equal(gic->suspend(wake), 0);
	gic_v2_model_reset(&m);
	m.lines[40].latch = true;
	assert_int_equal(gic->pending_wake(wake), 40);
	assert_int_equal(gic->resume(), 0);
	assert_int_equal(gic->ack(), 40);
}

/* An SGI that was pending at suspend comes after the resume, with its source. */
static void test_pending_sgi(void **state)
{
	(void)state;
	start();
	m.sgi_pending[0][7] = 0x04;
	assert_int_equal(gic->suspend(wake), 0);
	assert_int_equal(m.sgi_pending[0][7], 0); /* it is no wake-up, but the firmware would see it */
	assert_int_equal(gic->undo(), 0);
	assert_int_equal(m.sgi_pending[0][7], 0x04);
	assert_int_equal(gic->suspend(wake), 0);
	gic_v2_model_garbage(&m, false);
	assert_int_equal(gic->resume(), 0);
	assert_int_equal(gic->ack(), 7 | 2 << GIC_IAR_SOURCE_SHIFT);
	assert_int_equal(gic->ack(), GIC_SPURIOUS);
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
		assert_int_equal(gic->suspend(wake), 0);
		gic_v2_model_garbage(&m, false);
		gic_v2_model_input(&m, 50, level);
		m.lines[50].latch = round & 4;
		m.lines[40].latch = edge;
		assert_int_equal(gic->pending_wake(wake), level ? 50 : edge ? 40 : GIC_SPURIOUS);
		assert_int_equal(gic->pending_wake(wake), level ? 50 : edge ? 40 : GIC_SPURIOUS);
		assert_int_equal(gic->resume(), 0);
		assert_int_equal(gic->pending_wake(wake), edge ? 40 : level ? 50 : GIC_SPURIOUS);
		assert_int_equal(gic->is_pending(40), edge);
		assert_int_equal(gic->is_pending(50), level);
		gic_v2_model_input(&m, 50, false);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_init),
		T(test_init_all_lines),
		T(test_init_single_cpu),
		T(test_init_fails),
		T(test_init_cpu),
		T(test_ack),
		T(test_lines),
		T(test_virtual),
		T(test_lose),
		T(test_poison),
		T(test_undo),
		T(test_wake_mask),
		T(test_pending_wake),
		T(test_pending_wake_poison),
		T(test_pending_sgi),
	};

	return cmocka_run_group_tests_name("gic_v2", tests, NULL, NULL);
}
