/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CPU all of whose registers hold a pattern, for as long as it takes, compared again and again:
 * what freezes it meanwhile mustn't change one bit. No interrupt is taken and no exception; the
 * translation is off, since its registers are among those that are filled.
 */
#include "code.h"
#include "destroy.h"
#include "timer.h"

/*
 * Bits that keep a value that the trial itself needs: the MMU off, no byte swapping, FP/SIMD
 * allowed. A register that isn't here is filled with all of its pattern.
 */
static void choose(struct list_values *l, uint64_t seed)
{
	static const struct {
		unsigned int index;
		uint64_t fixed, value;
	} needs[] = {
		{ LIST_sctlr, BIT(0) | BIT(2) | BIT(25), 0 }, /* M, C, EE */
		{ LIST_cpacr, 3ul << 20, 3ul << 20 },         /* FPEN */
		{ LIST_sp_el0, 0xf, 0 },
		{ LIST_sp_el1, 0xf, 0 },
	};

	for (unsigned int i = 0; i < NR_LIST; i++)
		l->v[i] = pattern(seed, i);
	for (unsigned int i = 0; i < ARRAY_SIZE(needs); i++)
		l->v[needs[i].index] = (l->v[needs[i].index] & ~needs[i].fixed) | needs[i].value;
}

static bool has_feature[NR_FEATURES];

void features_find(void)
{
	for (unsigned int i = 0; i < NR_FEATURES; i++) {
		uint64_t v = 0;

		has_feature[i] = !sys_read(list_words[NR_LIST + i] & 0x1fffe0, &v).taken;
	}
}

struct feature_values features_get(void)
{
	struct feature_values f = { { 0 } };

#define GET(field, reg, guest_reg, has, reset) \
	if (has_feature[FEATURE_##field])      \
		f.v[FEATURE_##field] = sysreg_read(guest_reg);
	GUEST_FEATURE_SYSREGS(GET)
#undef GET
	return f;
}

static void features_fill(uint64_t seed)
{
#define PUT(field, reg, guest_reg, has, reset) \
	if (has_feature[FEATURE_##field])      \
		sysreg_write(guest_reg, pattern(seed, NR_LIST + FEATURE_##field));
	GUEST_FEATURE_SYSREGS(PUT)
#undef PUT
	isb();
}

static bool features_same(const struct feature_values *a, const struct feature_values *b)
{
	for (unsigned int i = 0; i < NR_FEATURES; i++)
		if (a->v[i] != b->v[i])
			return false;
	return true;
}

/* The timers: far in the future, so that nothing of them but ENABLE and IMASK changes by itself. */
struct timers {
	uint64_t cntv_ctl, cntv_cval, cntp_ctl, cntp_cval;
};

static struct timers timers_get(void)
{
	return (struct timers) { sysreg_read(cntv_ctl_el0), sysreg_read(cntv_cval_el0),
		                 sysreg_read(cntp_ctl_el0), sysreg_read(cntp_cval_el0) };
}

/* Off meanwhile: neither may be due with a half of what it is to be. */
static void timers_put(const struct timers *t)
{
	sysreg_write(cntv_ctl_el0, 0);
	sysreg_write(cntp_ctl_el0, 0);
	isb();
	sysreg_write(cntv_cval_el0, t->cntv_cval);
	sysreg_write(cntp_cval_el0, t->cntp_cval);
	isb();
	sysreg_write(cntv_ctl_el0, t->cntv_ctl);
	sysreg_write(cntp_ctl_el0, t->cntp_ctl);
	isb();
}

#define FAR_AWAY(x) (((x) >> 2) | 1ul << 61)

static struct timers timers_of(uint64_t seed)
{
	return (struct timers) { 1 | (seed & 2), FAR_AWAY(pattern(seed, 1000)), 1 | (~seed & 2),
		                 FAR_AWAY(pattern(seed, 1001)) };
}

/* CNTVOFF_EL2 as a guest sees it, to within the time that it takes to look: the shortest of some
 * looks. */
static uint64_t count_offset(void)
{
	uint64_t best = ~0ul, offset = 0;

	for (unsigned int i = 0; i < 100; i++) {
		uint64_t before = count_phys(), virt = count_virt(), took = count_phys() - before;

		if (took < best) {
			best = took;
			offset = before + took / 2 - virt;
		}
	}
	return offset;
}

const char *const list_names[NR_LIST + NR_FEATURES] = {
#define NAME(field, reg, reset) [LIST_##field] = #field,
	GUEST_SYSREGS(NAME)
#undef NAME
#define NAME(field, reg, guest_reg, has, reset) [NR_LIST + FEATURE_##field] = #field,
	        GUEST_FEATURE_SYSREGS(NAME)
#undef NAME
};

/* All that a CPU is to keep. */
struct wanted {
	struct list_values list;
	struct feature_values features;
	struct timers timers;
	uint64_t pstate;
};

struct seen {
	struct wanted now;
	uint64_t general, fp; /* bit n: xn, vn differs; 32 and 33: FPSR, FPCR */
	unsigned int rounds;
};

static inline uint64_t pstate_get(void)
{
	return sysreg_read(daif) | sysreg_read(spsel) | sysreg_read(CurrentEL);
}

static bool same(const struct seen *s, const struct wanted *w)
{
	const struct timers *a = &s->now.timers, *b = &w->timers;

	for (unsigned int i = 0; i < NR_LIST; i++)
		if (s->now.list.v[i] != w->list.v[i])
			return false;
	return !s->general && !s->fp && s->now.pstate == w->pstate &&
	       features_same(&s->now.features, &w->features) && a->cntv_ctl == b->cntv_ctl &&
	       a->cntv_cval == b->cntv_cval && a->cntp_ctl == b->cntp_ctl &&
	       a->cntp_cval == b->cntp_cval;
}

static void look(struct wanted *w)
{
	list_get(&w->list);
	w->features = features_get();
	w->timers = timers_get();
	w->pstate = pstate_get();
}

/* As long as nothing differs; what it saw last is in *s. The list first: FP/SIMD needs CPACR_EL1.
 */
static void watch(struct held *h, const struct wanted *w, struct seen *s)
{
	do {
		s->general = h->run(h->seed + s->rounds, h->argument);
		look(&s->now);
		s->fp = s->now.list.v[LIST_cpacr] == w->list.v[LIST_cpacr] ? fp_differs(h->seed)
		                                                           : ~0ul;
		s->rounds++;
		h->filled = true;
	} while (same(s, w) && !h->stop());
}

/* The registers that were there before, and the MMU on last of all. */
static void put_back(const struct list_values *before, const struct timers *t)
{
	struct list_values off = *before;

	off.v[LIST_sctlr] = before->v[LIST_sctlr] & ~(BIT(0) | BIT(2));
	list_put(&off);
	timers_put(t);
	__asm__ volatile("tlbi vmalle1" ::: "memory");
	dsb();
	isb();
	sysreg_write(sctlr_el1, before->v[LIST_sctlr]);
	isb();
}

static void report(struct verdict *v, const struct seen *s, const struct wanted *w)
{
	const struct timers *t = &w->timers, *now = &s->now.timers;

	for (unsigned int i = 0; i < NR_LIST; i++) {
		compare(v, list_names[i], 0, w->list.v[i], s->now.list.v[i]);
		print("destroy: held %u %s %s 0x%lx;\n", v->cycle, v->where, list_names[i],
		      w->list.v[i]);
	}
	for (unsigned int i = 0; i < NR_FEATURES; i++)
		if (has_feature[i])
			compare(v, list_names[NR_LIST + i], 0, w->features.v[i],
			        s->now.features.v[i]);
	for (unsigned int i = 1; i < 31; i++)
		compare(v, "x", i, 0, s->general >> i & 1);
	for (unsigned int i = 0; i < 32; i++)
		compare(v, "v", i, 0, s->fp >> i & 1);
	compare(v, "fpsr", 0, 0, s->fp >> 32 & 1);
	compare(v, "fpcr", 0, 0, s->fp >> 33 & 1);
	compare(v, "cntv_ctl_el0", 0, t->cntv_ctl, now->cntv_ctl);
	compare(v, "cntv_cval_el0", 0, t->cntv_cval, now->cntv_cval);
	compare(v, "cntp_ctl_el0", 0, t->cntp_ctl, now->cntp_ctl);
	compare(v, "cntp_cval_el0", 0, t->cntp_cval, now->cntp_cval);
	compare(v, "pstate", 0, w->pstate, s->now.pstate);
}

/* The same stack by the other of its two pointers, so that the one that is free can be filled. */
static inline void use_sp_el0(bool yes)
{
	if (yes)
		__asm__ volatile("mov x9, sp\n\tmsr sp_el0, x9\n\tmsr spsel, #0" ::
		                         : "x9", "memory");
	else
		__asm__ volatile("mov x9, sp\n\tmsr spsel, #1\n\tmov sp, x9" ::: "x9", "memory");
}

void mmu_off(void)
{
	sysreg_write(sctlr_el1, sysreg_read(sctlr_el1) & ~(BIT(0) | BIT(2)));
	isb();
}

void spoil(uint64_t seed)
{
	struct timers timers = timers_of(seed);
	struct list_values l;

	choose(&l, seed);
	l.v[LIST_tpidr_el1] = sysreg_read(tpidr_el1);
	mmu_off();
	fp_fill(seed);
	timers_put(&timers);
	features_fill(seed);
	list_put(&l);
}

void hold(struct held *h)
{
	struct timers timers_before = timers_get(), timers = timers_of(h->seed);
	uint64_t offset = count_offset(), moved;
	struct list_values before;
	struct seen seen = { .rounds = 0 };
	struct wanted w;
	bool el1t = h->seed & 1;

	__asm__ volatile("msr daifset, #0xf" ::: "memory");
	if (el1t)
		use_sp_el0(true);
	list_get(&before);
	choose(&w.list, h->seed);
	mmu_off();
	fp_fill(h->seed);
	timers_put(&timers);
	features_fill(h->seed);
	list_put(&w.list);
	look(&w); /* what can be held is what counts */
	watch(h, &w, &seen);
	put_back(&before, &timers_before);
	if (el1t)
		use_sp_el0(false);
	fp_fill(0);
	moved = count_offset() - offset;
	report(&h->verdict, &seen, &w);
	/* A quarter of a millisecond for the looks; a sleep takes a second. */
	compare(&h->verdict, "cntvoff_el2", 0, 0,
	        moved + ticks_us(250) <= ticks_us(500) ? 0 : moved);
	print("destroy: rounds %u %s %u;\n", h->verdict.cycle, h->verdict.where, seen.rounds);
	compare_end(&h->verdict);
}
