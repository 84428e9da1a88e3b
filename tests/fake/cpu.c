/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "arch/barrier.h"
#include "arch/cache.h"
#include "arch/counter.h"
#include "arch/spinlock.h"
#include "arch/tlb.h"
#include "fake_cpu.h"

struct guest_regs;
struct vcpu;
bool trap_flush_and_go_on(struct vcpu *v);
bool trap_undefined(struct guest_regs *r, uint64_t esr);
void trap_skip_slowly(struct guest_regs *r, bool il);

unsigned int fake_cpu;
/* With room for what core/ has behind it, all zero. */
static union {
	struct arch_cpu arch;
	uint8_t room[1024];
} own[FAKE_CPUS];
struct arch_cpu *fake_cpu_arch[FAKE_CPUS];
unsigned int fake_barriers;
uint64_t fake_counter;
uint64_t fake_counter_step = 100;
unsigned int fake_locks_held;
struct fake_maintenance fake_maintenance;
static fake_barrier_fn *barrier_watch;
static fake_unlock_fn *unlock_watch;

__attribute__((constructor)) void fake_cpu_reset(void)
{
	for (unsigned int i = 0; i < FAKE_CPUS; i++) {
		own[i].arch = (struct arch_cpu) { .id = i, .mpidr = i };
		fake_cpu_arch[i] = &own[i].arch;
	}
	fake_cpu = 0;
	fake_barriers = 0;
	fake_counter = 0;
	fake_counter_step = 100;
	fake_locks_held = 0;
	fake_maintenance = (struct fake_maintenance) { 0 };
	barrier_watch = NULL;
	unlock_watch = NULL;
}

void fake_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

void fake_barrier_watch(fake_barrier_fn *fn)
{
	barrier_watch = fn;
}

void fake_barrier(const char *what)
{
	fake_barriers++;
	if (what[0] == 'y')
		fake_counter += fake_counter_step;
	if (barrier_watch)
		barrier_watch(what);
}

uint64_t counter_now(void)
{
	return fake_counter += fake_counter_step;
}

uint64_t counter_hz(void)
{
	return 1000000000;
}

uint64_t counter_to_ns(uint64_t ticks)
{
	return ticks;
}

uint64_t counter_from_ns(uint64_t ns)
{
	return ns;
}

/* For what ends a trap and doesn't link trap.c: the main loop will look. */
__attribute__((weak)) bool trap_flush_and_go_on(struct vcpu *v)
{
	(void)v;
	return false;
}

__attribute__((weak)) bool trap_undefined(struct guest_regs *r, uint64_t esr)
{
	(void)r;
	(void)esr;
	fake_die("nobody injects here");
	return false;
}

__attribute__((weak)) void trap_skip_slowly(struct guest_regs *r, bool il)
{
	(void)r;
	(void)il;
	fake_die("nobody skips here");
}

void spin_lock(struct spinlock *l)
{
	if (!spin_trylock(l))
		fake_die("deadlock: the lock is held");
}

bool spin_trylock(struct spinlock *l)
{
	if (l->next != l->owner)
		return false;
	l->next++;
	fake_locks_held++;
	return true;
}

void spin_unlock(struct spinlock *l)
{
	if (l->next == l->owner)
		fake_die("unlock of a free lock");
	l->owner++;
	fake_locks_held--;
	if (unlock_watch)
		unlock_watch();
}

void fake_unlock_watch(fake_unlock_fn *fn)
{
	unlock_watch = fn;
}

void dcache_clean(const volatile void *p, size_t size)
{
	fake_maintenance.dcache++;
	fake_maintenance.last_clean = p;
	fake_maintenance.last_clean_size = size;
}

void dcache_clean_invalidate(const volatile void *p, size_t size)
{
	dcache_clean(p, size);
}

bool dcache_flush_pa(paddr_t pa, size_t size)
{
	dcache_clean(pa_ptr(pa), size);
	return true;
}

void icache_sync(const void *p, size_t size)
{
	(void)p;
	(void)size;
	fake_maintenance.icache++;
}

void tlb_flush_el2(void)
{
	fake_maintenance.tlb_el2++;
}

void tlb_flush_guest(uint64_t vttbr)
{
	fake_maintenance.tlb_guest++;
	fake_maintenance.last_vttbr = vttbr;
}

void tlb_flush_ipa(uint64_t vttbr, ipa_t ipa)
{
	fake_maintenance.tlb_ipa++;
	fake_maintenance.last_vttbr = vttbr;
	fake_maintenance.last_ipa = ipa;
}

void tlb_flush_all_guests(void)
{
	fake_maintenance.tlb_all++;
}

void tlb_flush_stage1_here(void)
{
	fake_maintenance.tlb_here++;
}
