/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain of the soak (tests/proof/soak.py). It works: looks at patterns in its memory, takes timer interrupts and SGIs, types
 * on its console. It sleeps: by its own alarm, for its peer, or by its sleep key. It checks all that it can see
 * itself; the rest is for the rig, which reads its page. Command line: id=N, todo=N, rounds=N,
 * peer=DOMID, offer=1, chatty=1.
 *
 * No wait has a limit here: what doesn't come stops the page's beat, and the rig knows how long that may be.
 */
#include "abi/domu.h"
#include "evtchn.h"
#include "libc.h"
#include "psci.h"
#include "smp.h"
#include "timer.h"
#include "../proof/soak_page.h"

#define RTC_DR	 0x00
#define RTC_MR	 0x04
#define RTC_CR	 0x0c
#define RTC_IMSC 0x10
#define RTC_ICR	 0x1c

#define UART_DR	  0x00
#define UART_FR	  0x18
#define UART_IMSC 0x38
#define UART_ICR  0x44
#define FR_RXFE	  BIT(4)
#define UART_RX	  0x50 /* RXIM, RTIM */

#define GPIO_DATA(lines) ((uintptr_t)(lines) << 2)
#define GPIO_IEV	 0x40c
#define GPIO_IE		 0x410
#define GPIO_MIS	 0x418
#define GPIO_IC		 0x41c
#define KEY_SLEEP	 BIT(DOMU_GPIO_SLEEP)
#define KEY_POWER	 BIT(DOMU_GPIO_POWER)
#define KEY_RESTART	 BIT(DOMU_GPIO_RESTART)
#define KEYS		 (KEY_SLEEP | KEY_POWER | KEY_RESTART)

#define SGI	     3
#define CONTEXT	     0x50ac000000000000
#define PERIOD_US    4000 /* of its timer: a round of work a tick */
#define ALARM_S	     1
#define PORT	     1 /* of the pair: the first that each has */
#define PATTERN_SIZE (256 << 10)
#define CHUNK	     2048 /* words looked at in a round */

static volatile struct soak_page page __attribute__((aligned(4096)));
static volatile uint64_t pattern[PATTERN_SIZE / 8];
static struct {
	uint64_t peer, rounds; /* of work between two sleeps */
	bool offer, chatty;
} is;
static volatile uint64_t key_sleep, others_work;
static uint64_t turn; /* of the pair */

/* --- what it finds wrong ------------------------------------------------------------------ */

static void wrong(uint64_t line, const char *what, uint64_t got, uint64_t wanted)
{
	page.got = got;
	page.wanted = wanted;
	page.error = line;
	dsb();
	print("soak: line %lu: %s is 0x%lx, should be 0x%lx\n", line, what, got, wanted);
	irq_disable();
	for (;;)
		wfi();
}

#define must_be(got, wanted)                                               \
	do {                                                               \
		uint64_t got_ = (uint64_t)(got), wanted_ = (uint64_t)(wanted); \
		if (got_ != wanted_)                                       \
			wrong(__LINE__, #got, got_, wanted_);              \
	} while (0)

/* --- interrupts ---------------------------------------------------------------------------- */

static void on_alarm(void)
{
	write32(DOMU_RTC + RTC_IMSC, 0);
	write32(DOMU_RTC + RTC_ICR, 1);
	page.alarms++;
}

static void on_input(void)
{
	while (!(read32(DOMU_UART + UART_FR) & FR_RXFE)) {
		(void)read32(DOMU_UART + UART_DR);
		page.typed++;
	}
	write32(DOMU_UART + UART_ICR, UART_RX);
}

static void on_key(void)
{
	uint32_t pressed = read32(DOMU_GPIO + GPIO_MIS);

	write32(DOMU_GPIO + GPIO_IC, pressed);
	(void)read32(DOMU_GPIO + GPIO_DATA(KEYS)); /* which lets them go up */
	page.keys += (pressed & KEY_SLEEP ? 1 : 0) + (pressed & KEY_POWER ? 1 : 0) + (pressed & KEY_RESTART ? 1 : 0);
	/* The press that wakes it is for nothing else. */
	if (page.by_key)
		return;
	if (pressed & KEY_SLEEP)
		key_sleep = 1;
	if (pressed & KEY_POWER)
		psci_system_off();
	if (pressed & KEY_RESTART)
		psci(PSCI_SYSTEM_RESET, 0, 0, 0);
}

static void on_interrupt(uint32_t intid)
{
	if (intid == plat.timer_virt) {
		sysreg_write(cntv_ctl_el0, 0);
		page.timers++;
	} else if (intid == DOMU_RTC_INTID) {
		on_alarm();
	} else if (intid == DOMU_UART_INTID) {
		on_input();
	} else if (intid == DOMU_GPIO_INTID) {
		on_key();
	} else if (intid == SGI) {
		page.sgis++;
	} else if (intid == plat.xen_intid && is.peer) {
		events_taken(intid);
	} else {
		wrong(__LINE__, "an interrupt", intid, 0);
	}
}

static void on_event(uint32_t port)
{
	must_be(port, PORT);
	page.received++;
}

void (*event_hook)(uint32_t port) = on_event;

static void listen(uint32_t intid, uint8_t priority)
{
	gic_set_priority(intid, priority);
	if (intid >= 32) {
		gic_set_edge(intid, false);
		gic_set_target(intid, 0);
	}
	gic_enable(intid);
}

static void start_interrupts(void)
{
	this_cpu()->irq_hook = on_interrupt;
	listen(plat.timer_virt, 0x60);
	listen(DOMU_RTC_INTID, 0x50);
	listen(DOMU_UART_INTID, 0x80);
	listen(DOMU_GPIO_INTID, 0x70);
	write32(DOMU_RTC + RTC_CR, 1);
	write32(DOMU_UART + UART_IMSC, UART_RX);
	write32(DOMU_GPIO + GPIO_IEV, KEYS);
	write32(DOMU_GPIO + GPIO_IE, KEYS);
	irq_enable();
}

/* What a sleep has to leave as it was. */
static void check_interrupts(void)
{
	must_be(gic_is_enabled(DOMU_RTC_INTID), true);
	must_be(gic_is_enabled(DOMU_UART_INTID), true);
	must_be(gic_is_enabled(DOMU_GPIO_INTID), true);
	must_be(gic_is_enabled(plat.timer_virt), true);
	must_be(gic_priority(DOMU_RTC_INTID), 0x50);
	must_be(gic_priority(plat.timer_virt), 0x60);
	must_be(read32(DOMU_UART + UART_IMSC), UART_RX);
	must_be(read32(DOMU_GPIO + GPIO_IE), KEYS);
}

/* --- work ---------------------------------------------------------------------------------- */

static uint64_t word(uint64_t n)
{
	return (n + 1) * 0x9e3779b97f4a7c15 ^ page.number << 32;
}

static void fill(void)
{
	for (uint64_t n = 0; n < ARRAY_SIZE(pattern); n++)
		pattern[n] = word(n);
}

static void look(uint64_t from, uint64_t count)
{
	for (uint64_t n = from; n < from + count; n++)
		must_be(pattern[n], word(n));
	page.checked += count;
}

/* Both counters within 50 us, however long it was stopped meanwhile. */
static void stamp(void)
{
	uint64_t virt, phys;

	do {
		virt = count_virt();
		phys = count_phys();
	} while (count_virt() - virt > ticks_us(50) || count_phys() - phys > ticks_us(50));
	page.stamp++;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	page.phys = phys;
	page.virt = virt;
	page.clock_ns = read32(DOMU_RTC + RTC_DR) * 1000000000ul;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	page.stamp++;
}

static void look_on_other_cpu(void *arg)
{
	(void)arg;
	for (uint64_t n = 0; n < CHUNK; n++)
		if (pattern[n] != word(n))
			wrong(__LINE__, "a word on CPU 1", pattern[n], word(n));
	others_work++;
}

static void spin_until(volatile uint64_t *count, uint64_t value)
{
	while (*count == value - 1)
		;
	must_be(*count, value);
}

/* One timer interrupt, one SGI, a part of the memory; each exactly once. */
static void round_of_work(void)
{
	uint64_t timers = page.timers, sgis = page.sgis, other = others_work, last = page.virt;
	bool two = plat.nr_cpus > 1;

	sysreg_write(cntv_cval_el0, count_virt() + ticks_us(PERIOD_US));
	sysreg_write(cntv_ctl_el0, CTL_ENABLE);
	if (two)
		smp_run(1, look_on_other_cpu, 0);
	look(page.beat * CHUNK % ARRAY_SIZE(pattern), CHUNK);
	gic_send_sgi(SGI, 0);
	spin_until(&page.sgis, sgis + 1);
	if (two) {
		while (__atomic_load_n(&cpu_nr(1)->busy, __ATOMIC_ACQUIRE))
			;
		must_be(others_work, other + 1);
	}
	irq_disable();
	while (page.timers == timers) {
		wfi();
		irq_enable();
		irq_disable();
	}
	irq_enable();
	must_be(page.timers, timers + 1);
	stamp();
	if (page.virt < last)
		wrong(__LINE__, "the counter", page.virt, last);
	page.beat++;
	if (is.chatty && page.beat % 64 == 0)
		print("soak: %lu rounds, %lu sleeps\n", page.beat, page.sleeps);
}

static void work(void)
{
	for (uint64_t i = 0; i < is.rounds && !key_sleep; i++)
		round_of_work();
}

/* --- sleep --------------------------------------------------------------------------------- */

static void other_cpu_off(void)
{
	if (plat.nr_cpus < 2 || !cpu_nr(1)->online)
		return;
	smp_stop(1);
	while (psci(PSCI_AFFINITY_INFO64, cpu_nr(1)->mpidr, 0, 0) != PSCI_AFFINITY_OFF)
		;
}

static void other_cpu_on(void)
{
	if (plat.nr_cpus > 1 && !cpu_nr(1)->online) {
		must_be(psci(PSCI_CPU_ON64, cpu_nr(1)->mpidr, (uintptr_t)secondary_entry, 1), PSCI_SUCCESS);
		while (!__atomic_load_n(&cpu_nr(1)->online, __ATOMIC_ACQUIRE))
			;
	}
}

/* Interrupts are masked before and after: what woke it is still pending then. */
static void sleep(void)
{
	const uint64_t context = CONTEXT | page.sleeps;
	const uint64_t args[4] = { PSCI_SYSTEM_SUSPEND64, (uintptr_t)resume_entry, context };
	struct cpu *c = this_cpu();
	int64_t result = 0;

	c->entry_x0 = ~context;
	page.asleep = 1;
	if (!psci_suspend_call(args, plat.psci_hvc, &result))
		wrong(__LINE__, "SYSTEM_SUSPEND's answer", (uint64_t)result, PSCI_SUCCESS);
	page.asleep = 0;
	page.sleeps++;
	must_be(c->entry_x0, context);
	must_be(c->entry_el, 1 << 2);
	must_be(c->entry_daif, 0x3c0);
	must_be(c->entry_sctlr & (1 << 12 | 1 << 2 | 1), 0);
	gic_cpu_interface_on();
	check_interrupts();
	look(0, ARRAY_SIZE(pattern));
}

/* One alarm is one interrupt, unless something else was first. */
static void sleep_until_alarm(void)
{
	uint64_t alarms = page.alarms;
	uint32_t match;

	irq_disable();
	match = read32(DOMU_RTC + RTC_DR) + ALARM_S;
	write32(DOMU_RTC + RTC_ICR, 1);
	write32(DOMU_RTC + RTC_MR, match);
	page.armed++;
	write32(DOMU_RTC + RTC_IMSC, 1);
	sleep();
	irq_enable();
	isb();
	irq_disable();
	write32(DOMU_RTC + RTC_IMSC, 0);
	write32(DOMU_RTC + RTC_ICR, 1);
	dsb();
	irq_enable();
	if (page.alarms == alarms)
		page.cancelled++;
	else if ((int32_t)(read32(DOMU_RTC + RTC_DR) - match) < 0)
		wrong(__LINE__, "the clock at its alarm", read32(DOMU_RTC + RTC_DR), match);
	must_be(page.alarms + page.cancelled, page.armed);
}

/* Until anything wakes it; the key's press is over by then. */
static void sleep_by_key(void)
{
	irq_disable();
	page.by_key = 1;
	sleep();
	irq_enable();
	isb();
	key_sleep = 0;
	page.by_key = 0;
}

static void sleep_for_event(void)
{
	struct evtchn_send send = { .port = PORT };

	turn++;
	irq_disable();
	while (page.received < turn) {
		sleep();
		irq_enable();
		isb();
		irq_disable();
	}
	irq_enable();
	must_be(page.received, turn);
	work();
	page.sent++;
	must_be(event_op(EVTCHNOP_send, &send), 0);
}

/* --- the pair ------------------------------------------------------------------------------ */

static void join(void)
{
	struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF, .remote_dom = (domid_t)is.peer };
	struct evtchn_bind_interdomain bind = { .remote_dom = (domid_t)is.peer, .remote_port = PORT };
	struct evtchn_send send = { .port = PORT };

	must_be(events_map(), true);
	must_be(events_start_cpu(0), true);
	listen(plat.xen_intid, 0xa0);
	if (is.offer) {
		must_be(event_op(EVTCHNOP_alloc_unbound, &alloc), 0);
		must_be(alloc.port, PORT);
		return;
	}
	while (event_op(EVTCHNOP_bind_interdomain, &bind))
		round_of_work(); /* it hasn't offered it yet */
	must_be(bind.local_port, PORT);
	/* Binding makes it pending once, so that nothing sent before is lost. */
	while (!page.received)
		round_of_work();
	page.received = 0;
	page.sent++;
	must_be(event_op(EVTCHNOP_send, &send), 0);
}

/* --- */

static void soak(void)
{
	is.peer = (uint64_t)platform_number("peer", 0);
	is.rounds = (uint64_t)platform_number("rounds", 0);
	is.offer = (uint64_t)platform_number("offer", 0);
	is.chatty = (uint64_t)platform_number("chatty", 0);
	page.number = (uint64_t)platform_number("id", 0);
	page.todo = (uint64_t)platform_number("todo", 0);
	fill();
	start_interrupts();
	other_cpu_on();
	if (is.peer)
		join();
	__atomic_store_n(&page.magic, SOAK_MAGIC, __ATOMIC_RELEASE);
	print("soak: ready\n");
	for (;;) {
		if (page.doing != SOAK_PAIR)
			work();
		page.doing = __atomic_load_n(&page.todo, __ATOMIC_ACQUIRE);
		if (!key_sleep && page.doing == SOAK_WORK)
			continue;
		other_cpu_off();
		if (key_sleep)
			sleep_by_key();
		else if (page.doing == SOAK_ALARM)
			sleep_until_alarm();
		else
			sleep_for_event();
		other_cpu_on();
	}
}

GUEST_TESTS({ "soak", soak }, );
