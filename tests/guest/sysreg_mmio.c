/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that isn't there or isn't ours, and emulated devices by every kind of load and store. */
#include "code.h"
#include "gic.h"
#include "platform.h"
#include "sysreg_tests.h"

/* Nothing is there on QEMU's virt: among the devices, and far above its RAM. */
#define DEVICE_HOLE 0x0b000000ul
#define MEMORY_HOLE (200ul << 30)
/* tests/guest/run.py gives the machine so much. */
#define MACHINE_RAM_BASE 0x40000000ul
#define MACHINE_RAM_SIZE (512ul << 20)

#define UART_IBRD 0x09000024ul /* DDI 0183 3.3.5: 16 bits that nobody minds */
#define PRIORITY  (plat.gicd + GICD_IPRIORITYR + 144)

void hole_read(void)
{
	static const uint64_t holes[] = { DEVICE_HOLE, DEVICE_HOLE + 0xffc, MEMORY_HOLE,
		                          MEMORY_HOLE + 0x123458 };

	for (unsigned int i = 0; i < ARRAY_SIZE(holes); i++) {
		uint32_t v;
		struct exc e = TRY("ldr %w0, [%1]" : "=r"(v) : "r"(holes[i]));

		checkf(exc_is_abort(e, holes[i]), "0x%lx: taken %u esr 0x%lx far 0x%lx", holes[i],
		       e.taken, e.esr, e.far);
		check_eq(e.esr >> 6 & 1, 0); /* WnR */
	}
}

void hole_write(void)
{
	static const uint64_t holes[] = { DEVICE_HOLE, DEVICE_HOLE + 8, MEMORY_HOLE,
		                          MEMORY_HOLE + 0x1000 };

	for (unsigned int i = 0; i < ARRAY_SIZE(holes); i++) {
		struct exc e = TRY("str wzr, [%0]" ::"r"(holes[i]));

		checkf(exc_is_abort(e, holes[i]), "0x%lx: taken %u esr 0x%lx far 0x%lx", holes[i],
		       e.taken, e.esr, e.far);
	}
}

void hole_fetch(void)
{
	uint64_t hole = MEMORY_HOLE;
	struct exc e = TRY("blr %0" ::"r"(hole) : "x30", "memory");

	check(e.taken);
	check_eq(exc_ec(&e), EC_IABT_SAME);
	check_eq(e.esr & 0x3f, FSC_EXTERNAL);
	check_eq(e.far, hole);
	check_eq(e.elr, hole);
}

/* With x0 the address. All widths, pairs, exclusives, writeback, FP: an abort, no hang. */
void hole_sizes(void)
{
	static const uint32_t insns[] = {
		0x39400001, 0x79400001, 0xb9400001, 0xf9400001, /* ldrb ldrh ldr w ldr x */
		0x39000001, 0x79000001, 0xb9000001, 0xf9000001, /* stores */
		0x39800001, 0x79800001, 0xb9800001,             /* ldrsb ldrsh ldrsw */
		0xa9400801, 0xa9000801,                         /* ldp stp x1, x2, [x0] */
		0xc85f7c01, 0xc8dffc01,                         /* ldxr ldar (of x1) */
		0xf8408401, 0xf8008401,                         /* ldr str x1, [x0], #8 */
		0x3dc00000, 0x3d800000,                         /* ldr str q0, [x0] */
	};
	static const uint64_t holes[] = { DEVICE_HOLE, MEMORY_HOLE };

	for (unsigned int k = 0; k < ARRAY_SIZE(holes); k++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(insns); i++) {
			uint64_t (*fn)(uint64_t, uint64_t) = code_put(&insns[i], 1);
			struct exc e;

			exc_arm();
			fn(holes[k], 0);
			e = exc_disarm();
			checkf(exc_is_abort(e, holes[k]),
			       "0x%x at 0x%lx: taken %u esr 0x%lx far 0x%lx", insns[i], holes[k],
			       e.taken, e.esr, e.far);
		}
	}
}

static bool in_ram(uint64_t a)
{
	for (unsigned int i = 0; i < plat.nr_ram; i++)
		if (a >= plat.ram[i].base && a - plat.ram[i].base < plat.ram[i].size)
			return true;
	return false;
}

/* The machine's RAM that the device tree doesn't give us: Dormouse is in there. */
void hypervisor_memory(void)
{
	unsigned int tried = 0;

	skip_if(!plat.dormouse, "natively all of it is ours");
	for (uint64_t a = 0; a < MACHINE_RAM_SIZE; a += 64 << 10) {
		uint64_t at = MACHINE_RAM_BASE + a;
		struct exc e;
		uint32_t v;

		if (in_ram(at))
			continue;
		tried++;
		e = TRY("ldr %w0, [%1]" : "=r"(v) : "r"(at));
		checkf(exc_is_abort(e, at), "read of 0x%lx", at);
		e = TRY("str wzr, [%0]" ::"r"(at));
		checkf(exc_is_abort(e, at), "write of 0x%lx", at);
	}
	checkf(tried > 1, "nothing but ours");
}

#define MOV(d, m)   (0xaa0003e0 | (uint32_t)(m) << 16 | (d))
#define LDR(t, n)   (0xb9400000 | (uint32_t)(n) << 5 | (t))
#define STR_W(t, n) (0xb9000000 | (uint32_t)(n) << 5 | (t))

/* Through each of w0 to w30: with the register saved, the value in or out, the register back. */
static void store_by(unsigned int t, uintptr_t to, uint32_t value)
{
	unsigned int keep = t == 16 ? 17 : 16, at = t == 2 ? 3 : 2;
	const uint32_t code[] = { MOV(keep, t), MOV(at, 0), MOV(t, 1), STR_W(t, at), MOV(t, keep) };

	code_put(code, ARRAY_SIZE(code))(to, value);
}

static uint64_t load_by(unsigned int t, uintptr_t from)
{
	unsigned int keep = t == 16 ? 17 : 16, at = t == 2 ? 3 : 2, result = t == 1 ? 5 : 1;
	const uint32_t code[] = { MOV(keep, t),   MOV(at, 0),   LDR(t, at),
		                  MOV(result, t), MOV(t, keep), MOV(0, result) };

	return code_put(code, ARRAY_SIZE(code))(from, 0);
}

void mmio_registers(void)
{
	for (unsigned int t = 0; t < 31; t++) {
		uint32_t value = 0x10203040 + t % 8 * 0x10101010;

		store_by(t, PRIORITY, value);
		checkf(read32(PRIORITY) == value, "stored by w%u: 0x%x", t, read32(PRIORITY));
		checkf(load_by(t, PRIORITY) == value, "loaded by w%u: 0x%lx", t,
		       load_by(t, PRIORITY));
	}
}

void mmio_sizes(void)
{
	write32(PRIORITY, 0x40302010);
	for (unsigned int i = 0; i < 4; i++)
		check_eq(read8(PRIORITY + i), 0x10 * (i + 1));
	write8(PRIORITY + 1, 0x70);
	check_eq(read32(PRIORITY), 0x40307010);
	write16(UART_IBRD, 0x1234);
	check_eq(read16(UART_IBRD), 0x1234);
	check_eq(read32(UART_IBRD), 0x1234);
	write32(UART_IBRD, 0x4321);
	check_eq(read16(UART_IBRD), 0x4321);
	if (plat.gic_version == 3) {
		uintptr_t a = plat.gicd + GICD_IROUTER + 144 * 8;

		write64(a, 0x0000000100000002);
		check_eq(read64(a), 0x0000000100000002);
		check_eq(read32(a), 2);
		check_eq(read32(a + 4), 1);
		write64(a, 0);
	}
}

#define EXTEND(insn, width, from)                                                               \
	({                                                                                      \
		uint64_t x_ = 0x5a5a5a5a5a5a5a5a;                                               \
		__asm__ volatile(insn " %" width "0, [%1]" : "+r"(x_) : "r"((uint64_t)(from))); \
		x_;                                                                             \
	})

void mmio_sign(void)
{
	write32(PRIORITY, 0xf0604080);
	check_eq(EXTEND("ldrb", "w", PRIORITY), 0x80);
	check_eq(EXTEND("ldrsb", "w", PRIORITY), 0xffffff80);
	check_eq(EXTEND("ldrsb", "x", PRIORITY), 0xffffffffffffff80);
	check_eq(EXTEND("ldrsb", "x", PRIORITY + 1), 0x40);
	check_eq(EXTEND("ldr", "w", PRIORITY), 0xf0604080);
	check_eq(EXTEND("ldrsw", "x", PRIORITY), 0xfffffffff0604080);
	write32(UART_IBRD, 0x8001);
	check_eq(EXTEND("ldrh", "w", UART_IBRD), 0x8001);
	check_eq(EXTEND("ldrsh", "w", UART_IBRD), 0xffff8001);
	check_eq(EXTEND("ldrsh", "x", UART_IBRD), 0xffffffffffff8001);
	write32(UART_IBRD, 1);
	check_eq(EXTEND("ldrsh", "x", UART_IBRD), 1);
}

/* Register 31 of a load or store is the zero register, not the stack pointer. */
void mmio_zero_register(void)
{
	uint64_t sp_before, sp_after;

	write32(PRIORITY, 0xf0f0f0f0);
	__asm__ volatile("mov %0, sp\n\t"
	                 "str wzr, [%2]\n\t"
	                 "ldr wzr, [%2]\n\t"
	                 "mov %1, sp"
	                 : "=&r"(sp_before), "=&r"(sp_after)
	                 : "r"(PRIORITY)
	                 : "memory");
	check_eq(read32(PRIORITY), 0);
	check_eq(sp_before, sp_after);
	write8(PRIORITY + 3, 0xf0);
	__asm__ volatile("strb wzr, [%0]" ::"r"(PRIORITY + 3) : "memory");
	check_eq(read32(PRIORITY), 0);
}

/* Writeback, pairs: a hypervisor isn't told what to do. The right result or an abort. */
void mmio_no_syndrome(void)
{
	uint64_t at = PRIORITY, v = 0, w = 0;
	struct exc e;

	write32(PRIORITY, 0x10203040);
	write32(PRIORITY + 4, 0x50607080);
	/* static: analyzer-use-of-uninitialized-value: TRY() returns all of it */
	e = TRY("ldr %w0, [%1], #4" : "+r"(v), "+r"(at));
	if (e.taken)
		check(exc_is_abort(e, PRIORITY));
	else
		check(v == 0x10203040 && at == PRIORITY + 4);
	check(plat.dormouse || !e.taken);
	/* static: analyzer-use-of-uninitialized-value: TRY() returns all of it */
	e = TRY("ldp %w0, %w1, [%2]" : "+r"(v), "+r"(w) : "r"(PRIORITY));
	if (e.taken)
		check(exc_is_abort(e, PRIORITY));
	else
		/* static: incorrectLogicOperator: the instruction above writes them */
		check(v == 0x10203040 && w == 0x50607080);
	at = PRIORITY;
	/* static: analyzer-use-of-uninitialized-value: TRY() returns all of it */
	e = TRY("str wzr, [%0], #4" : "+r"(at));
	if (e.taken)
		check(exc_is_abort(e, PRIORITY));
	else
		check_eq(read32(PRIORITY), 0);
	/* And the next one is as ever. */
	write32(PRIORITY, 0x80808080);
	check_eq(read32(PRIORITY), 0x80808080);
}
