/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every CPU was doing: each shows its own registers, the others when the firmware's SGI has brought them to EL3.
 * They take turns: who asks waits for one to be done before it asks the next.
 */
#include "boot.h"
#include "cpu.h"
#include "gic.h"
#include "lib/print.h"
#include "log.h"
#include "sysreg.h"
#include "watchdog.h"

#define ANSWER_US 1000000
#define MAX_CALLS 12

#define SPSR_AARCH32 (1ULL << 4)

struct frame *stack_top(uint64_t cpu); /* entry.S */

static bool asked[MAX_CPUS];

/* Registers of the levels below, in lines that fit. */
struct named {
	const char *name;
	uint64_t value;
};

static void show_line(unsigned int cpu, const char *level, const struct named *n, unsigned int count)
{
	char text[180];
	size_t len = 0;

	for (unsigned int i = 0; i < count && len < sizeof(text); i++)
		len += print_format(text + len, sizeof(text) - len, " %s %lx", n[i].name,
				    (unsigned long)n[i].value);
	log_line("cpu %u: %s%s", cpu, level, text);
}

#define REG(reg) { #reg, read_sysreg(reg) }
#define SHOW(cpu, level, ...)                                                                  \
	do {                                                                                   \
		const struct named list[] = { __VA_ARGS__ };                                   \
		show_line(cpu, level, list, sizeof(list) / sizeof(list[0]));                   \
	} while (0)

static void show_system(unsigned int cpu)
{
	SHOW(cpu, "EL2:", REG(elr_el2), REG(spsr_el2), REG(esr_el2), REG(far_el2), REG(hpfar_el2));
	SHOW(cpu, "EL2:", REG(vbar_el2), REG(hcr_el2), REG(sctlr_el2), REG(tpidr_el2), REG(sp_el2));
	SHOW(cpu, "EL2:", REG(ttbr0_el2), REG(tcr_el2), REG(vttbr_el2), REG(cptr_el2), REG(cnthp_ctl_el2));
	SHOW(cpu, "EL1:", REG(elr_el1), REG(spsr_el1), REG(esr_el1), REG(far_el1), REG(sp_el1));
	SHOW(cpu, "EL1:", REG(vbar_el1), REG(sctlr_el1), REG(ttbr0_el1), REG(ttbr1_el1), REG(sp_el0));
}

static bool in_ram(uint64_t addr, uint64_t size)
{
	for (unsigned int i = 0; i < ram_count; i++) {
		if (addr >= ram[i].base && addr - ram[i].base <= ram[i].size - size)
			return true;
	}
	return false;
}

/*
 * The return addresses from the frame pointer on (AAPCS64 6.4.6), as far as they can be followed from here: at a level
 * whose addresses are physical ones, as a hypervisor's may well be.
 */
static const char *calls(char *text, size_t size, uint64_t fp)
{
	size_t len = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < MAX_CALLS && !(fp & 7) && in_ram(fp, 16); i++) {
		uint64_t next = read64(fp), lr = read64(fp + 8);

		if (!in_ram(lr, 4) || len + 20 > size)
			break;
		len += print_format(text + len, size - len, " %lx", (unsigned long)lr);
		if (next <= fp)
			break;
		fp = next;
	}
	return text;
}

static void show_frame(unsigned int cpu, const char *what, const struct frame *f)
{
	char text[140];
	unsigned int el = (unsigned int)(f->spsr >> 2 & 3);

	if (f->spsr & SPSR_AARCH32)
		el = 0;
	warn("cpu %u: %s EL%u, elr %lx lr %lx spsr %lx, called from%s", cpu, what, el, (unsigned long)f->elr,
	     (unsigned long)f->x[30], (unsigned long)f->spsr, calls(text, sizeof(text), f->x[29]));
	for (unsigned int i = 0; i < 28; i += 4)
		log_line("cpu %u: x%02u %016lx %016lx %016lx %016lx", cpu, i, (unsigned long)f->x[i],
			 (unsigned long)f->x[i + 1], (unsigned long)f->x[i + 2], (unsigned long)f->x[i + 3]);
	log_line("cpu %u: x28 %016lx x29 %016lx x30 %016lx", cpu, (unsigned long)f->x[28],
		 (unsigned long)f->x[29], (unsigned long)f->x[30]);
}

static void report_self(const struct frame *frame)
{
	unsigned int self = cpu_self();
	/* What a level below left there is the first on the stack. */
	const struct frame *below = stack_top(self) - 1;

	if (!frame) {
		log_line("cpu %u: parked in the firmware", self);
		return;
	}
	show_frame(self, "at", frame);
	if (frame != below)
		show_frame(self, "the firmware was called from", below);
	show_system(self);
}

void report_other(unsigned int number)
{
	uint64_t start = ticks();

	if (cpus[number].state == CPU_STATE_OFF) {
		warn("cpu %u: off", number);
		return;
	}
	__atomic_store_n(&asked[number], true, __ATOMIC_RELEASE);
	dsb_sy();
	gic->kick(number);
	/* Pairs with the release in report_answer(). */
	while (__atomic_load_n(&asked[number], __ATOMIC_ACQUIRE)) {
		if (ticks_to_us(ticks() - start) > ANSWER_US) {
			warn("cpu %u: no answer: it is in the firmware, or dead", number);
			return;
		}
	}
}

void report_answer(const struct frame *frame)
{
	bool *mine = &asked[cpu_self()];

	if (!__atomic_load_n(mine, __ATOMIC_ACQUIRE))
		return;
	report_self(frame);
	__atomic_store_n(mine, false, __ATOMIC_RELEASE);
}

void report_all(const struct frame *frame)
{
	report_self(frame);
	for (unsigned int i = 0; i < cpu_count; i++) {
		if (cpus[i].present && i != cpu_self())
			report_other(i);
	}
}
