/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As Dom0: memory is given up and comes back, the same frames at the same addresses, while other CPUs use what lies
 * beside it and must not notice.
 */
#include "exc.h"
#include "hypercall_tests.h"
#include "libc.h"
#include "platform.h"
#include "smp.h"
#include "tap.h"
#include "timer.h"

#define PAGE	 4096ul
#define BLOCK	 0x200000ul /* 2 MiB: one entry of stage 2 */
#define NR_BLOCKS 24
#define ROUNDS	 3
#define SOME	 100 /* pages of a block that each CPU gives and takes */
#define HALF	 8 /* order of the largest extent that decrease_reservation takes */

uint8_t pages[NR_PAGES][4096]; /* hypercall_tests.h's */

static uint64_t area; /* NR_BLOCKS blocks of RAM that nobody uses */
static volatile bool go, quit;

static bool find_area(void)
{
	for (unsigned int i = 0; i < plat.nr_ram; i++) {
		/* The upper half: image, stacks and device tree are below. */
		uint64_t from = plat.ram[i].base + plat.ram[i].size / 2;

		area = (from + BLOCK - 1) & ~(BLOCK - 1);
		if (area + NR_BLOCKS * BLOCK <= plat.ram[i].base + plat.ram[i].size)
			return true;
	}
	return false;
}

static int64_t memory(unsigned int op, uint64_t address, unsigned int order, unsigned int count)
{
	xen_pfn_t gfns[2] = { address / PAGE, address / PAGE + (1ul << order) };
	struct xen_memory_reservation r = {
		.nr_extents = count,
		.extent_order = order,
		.domid = DOMID_SELF,
	};

	set_xen_guest_handle(r.extent_start, gfns);
	return hypercall_on(__HYPERVISOR_memory_op, op, &r);
}

static bool release(uint64_t address)
{
	return memory(XENMEM_decrease_reservation, address, 0, 1) == 1;
}

static bool populate(uint64_t address)
{
	return memory(XENMEM_populate_physmap, address, 0, 1) == 1;
}

static int64_t reservation(void)
{
	domid_t self = DOMID_SELF;

	return hypercall_on(__HYPERVISOR_memory_op, XENMEM_current_reservation, &self);
}

static bool is_gone(uint64_t address)
{
	uint64_t x;

	return exc_is_abort(TRY("ldr %0, [%1]" : "=r"(x) : "r"(address)), address);
}

static void the_same_frame_comes_back(void)
{
	volatile uint64_t *p;
	int64_t before = reservation();

	need(find_area());
	p = (volatile uint64_t *)(area + 5 * PAGE);
	*p = 0x0123456789abcdef;
	cache_clean((const void *)(area + 5 * PAGE), PAGE);
	need(release((uintptr_t)p));
	check_eq(reservation(), before - 1);
	check(is_gone((uintptr_t)p));
	check(!is_gone((uintptr_t)p - PAGE) && !is_gone((uintptr_t)p + PAGE));
	check(!release((uintptr_t)p)); /* there is none any more */
	need(populate((uintptr_t)p));
	check(!populate((uintptr_t)p));
	check_eq(*p, 0x0123456789abcdef); /* it was kept: nobody has zeroed it */
	check_eq(reservation(), before);
	/* Nothing but its own comes to a Dom0 that is mapped 1:1. */
	check(!populate(plat.xen_grants));
}

/* Each CPU has a word in every page but the first of each block, and adds to it. */
static void use_all(void *arg)
{
	unsigned int n = (unsigned int)(uintptr_t)arg;
	uint64_t turns = 0;

	while (!quit) {
		while (!go && !quit)
			cpu_nr(n)->scratch[1] = 0;
		cpu_nr(n)->scratch[1] = 1;
		dsb(); /* then looked at `go`: with rest() */
		for (unsigned int b = 0; b < NR_BLOCKS && go; b++) {
			for (unsigned int p = 1; p < 512; p += 73)
				((volatile uint64_t *)(area + b * BLOCK + p * PAGE))[n]++;
		}
		cpu_nr(n)->scratch[0] = ++turns;
	}
}

static bool rest(void)
{
	go = false;
	dsb(); /* then looked whether they use it: with use_all() */
	for (unsigned int n = 1; n < plat.nr_cpus; n++) {
		if (!wait_for(cpu_nr(n)->scratch[1] == 0, 5000))
			return false;
	}
	return true;
}

/* All blocks are single entries of stage 2 again. */
static bool make_blocks(void)
{
	for (unsigned int b = 0; b < NR_BLOCKS; b++) {
		uint64_t at = area + b * BLOCK;

		if (memory(XENMEM_decrease_reservation, at, HALF, 2) != 2 ||
		    memory(XENMEM_populate_physmap, at, HALF + 1, 1) != 1)
			return false;
	}
	return true;
}

/*
 * A block is split while others use it: for a moment it isn't there (break before make). An access that is told of it
 * would end the guest ("exception").
 */
static void neighbours_do_not_notice(void)
{
	int64_t before = reservation();
	uint64_t turns[MAX_CPUS];

	skip_if(plat.nr_cpus == 1, "one CPU");
	need(find_area());
	need(smp_start_all());
	go = quit = false;
	for (unsigned int n = 1; n < plat.nr_cpus; n++) {
		turns[n] = cpu_nr(n)->scratch[0] = cpu_nr(n)->scratch[1] = 0;
		smp_run(n, use_all, (void *)(uintptr_t)n);
	}
	for (unsigned int i = 0; i < ROUNDS; i++) {
		need(rest());
		need(make_blocks());
		go = true;
		for (unsigned int n = 1; n < plat.nr_cpus; n++)
			/* static: clang-analyzer-core.UndefinedBinaryOperatorResult: set above for each of them */
			need(wait_for(cpu_nr(n)->scratch[0] > turns[n] + 1, 10000));
		for (unsigned int b = 0; b < NR_BLOCKS; b++)
			check(release(area + b * BLOCK));
		for (unsigned int b = 0; b < NR_BLOCKS; b++)
			check(populate(area + b * BLOCK));
		for (unsigned int n = 1; n < plat.nr_cpus; n++)
			turns[n] = cpu_nr(n)->scratch[0];
	}
	go = false;
	quit = true;
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		check(smp_join(n));
	check(smp_stop_all());
	check_eq(reservation(), before);
}

/* Pages of a block go and come, on all CPUs at once, each its own. */
static void give_and_take(void *arg)
{
	unsigned int n = (unsigned int)(uintptr_t)arg;
	uint64_t at = area + n * BLOCK, bad = 0;

	for (unsigned int p = 0; p < SOME; p++) {
		((volatile uint64_t *)(at + p * PAGE))[3] = at + p;
		bad += !release(at + p * PAGE);
	}
	for (unsigned int p = SOME; p-- > 0;) {
		bad += !populate(at + p * PAGE);
		bad += ((volatile uint64_t *)(at + p * PAGE))[3] != at + p;
	}
	cpu_nr(n)->scratch[0] = bad;
}

static void all_at_once(void)
{
	int64_t before = reservation();

	need(find_area());
	need(smp_start_all());
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_run(n, give_and_take, (void *)(uintptr_t)n);
	give_and_take(0);
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		check(smp_join(n));
	for (unsigned int n = 0; n < plat.nr_cpus; n++)
		check_eq(cpu_nr(n)->scratch[0], 0);
	check(smp_stop_all());
	check_eq(reservation(), before);
}

GUEST_TESTS({ "the same frame comes back", the_same_frame_comes_back },
            { "neighbours do not notice", neighbours_do_not_notice },
            { "all at once", all_at_once });
