/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Emulated devices by loads and stores that trap: UART, RTC, GPIO, the virtual GIC besides, and
 * addresses where there is nothing; with input from the machine's console, alarms that come due,
 * keys that are pressed, sleeps and wake-ups. And any trap at all: every exception class with any
 * syndrome.
 */
#include "abi/domu.h"
#include "core/domain_power.h"
#include "fake_sysreg.h"
#include "fuzz_gic.h"
#include "fuzz_machine.h"
#include "virt/vuart.h"

void fuzz_setup(void)
{
	machine_boot(3);
}

static const struct {
	uint64_t base;
	uint16_t offsets[16];
} devices[] = {
	{ DOMU_UART,
	  { 0x00, 0x04, 0x18, 0x24, 0x28, 0x2c, 0x30, 0x34, 0x38, 0x3c, 0x40, 0x44, 0x48, 0xfe0,
	    0xff0, 0x20 } },
	{ DOMU_RTC,
	  { 0x00, 0x04, 0x08, 0x0c, 0x10, 0x14, 0x18, 0x1c, 0xfe0, 0xff0, 0x04, 0x08, 0x10, 0x1c,
	    0x04, 0x20 } },
	{ DOMU_GPIO,
	  { 0x000, 0x3fc, 0x400, 0x404, 0x408, 0x40c, 0x410, 0x414, 0x418, 0x41c, 0x420, 0xfe0,
	    0x0e0, 0x3fc, 0x410, 0x41c } },
	{ DOMU_GICD,
	  { 0x000, 0x004, 0x008, 0x080, 0x104, 0x184, 0x204, 0x284, 0x304, 0x384, 0x420, 0x424,
	    0xc08, 0x6100, 0x6108, 0xffe8 } },
	{ DOMU_GICR,
	  { 0x000, 0x004, 0x008, 0x00c, 0x014, 0x018, 0xffe8, 0x020, 0x028, 0x000, 0x008, 0x014, 0,
	    0, 0, 0 } },
	{ DOMU_GICR + 0x10000,
	  { 0x080, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380, 0x400, 0x410, 0x41c, 0xc00, 0xc04,
	    0x104, 0, 0, 0 } },
};

static bool mmio(struct vcpu *v, struct input *in)
{
	unsigned int which = in_below(in, ARRAY_SIZE(devices) + 2);
	unsigned int size = 1U << (in_u8(in) & 3 ? 2 : in_u8(in) & 3);
	bool write = in_u8(in) & 1;
	uint64_t at;

	if (which >= ARRAY_SIZE(devices))
		at = in_number(in) & MASK(39, 0);
	else if (in_once_in(in, 8))
		at = devices[which].base + in_u16(in) % PAGE_SIZE;
	else
		at = devices[which].base + devices[which].offsets[in_below(in, 16)];
	v->regs.x[1] = in_u8(in) & 1 ? in_u8(in) : in_number(in);
	return machine_mmio(v, at, size, write);
}

/* What a device's page holds is never mapped, and a load brings no more than its size. */
static bool checked_mmio(struct vcpu *v, struct input *in)
{
	uint64_t others[30];
	bool on;

	memcpy(others, &v->regs.x[2], sizeof(others) - sizeof(others[0]));
	on = mmio(v, in);
	FUZZ_CHECK(memcmp(others, &v->regs.x[2], sizeof(others) - sizeof(others[0])) == 0);
	return on;
}

static bool any_trap(struct vcpu *v, struct input *in)
{
	*fake_sysreg(far_el2) = in_number(in);
	*fake_sysreg(hpfar_el2) = in_number(in);
	v->regs.pstate = in_u8(in) & 1 ? 0x3c5 : in_u32(in);
	return machine_trap(v, (uint64_t)in_below(in, 64) << 26 | (in_u32(in) & MASK(25, 0)));
}

static bool press(struct vcpu *v, struct input *in)
{
	struct domain *d = domain_get(in_u8(in) & 1);

	if (!d)
		return true;
	if (v->domain->privileged)
		(void)domain_press(d, in_below(in, DM_NR_KEYS));
	domain_put(d);
	return true;
}

/* Dom0's tool gives the other one's console a lot at once, as DM_OP_CONSOLE_WRITE does; and reads
 * what it said. */
static bool paste(struct vcpu *v, struct input *in)
{
	struct domain *d = v->domain->privileged ? domain_get(1) : NULL;
	uint64_t cursor = in_number(in);
	unsigned int n = in_u8(in) * 2U;
	char text[64];

	if (!d)
		return true;
	while (n && vuart_input(d, 'x'))
		n--;
	FUZZ_CHECK(vuart_output(d, &cursor, text, sizeof(text)) <= sizeof(text));
	domain_put(d);
	return true;
}

static bool guest(struct vcpu *v, struct input *in)
{
	switch (in_below(in, 18)) {
	case 16:
		return paste(v, in);
	case 0:
		return machine_trap(v, 0x01UL << 26 | BIT(25) | in_below(in, 4)); /* WFI, WFE */
	case 1:
		v->regs.x[0] =
		        in_u8(in) & 3 ? 0xc400000e : 0x84000002; /* SYSTEM_SUSPEND, CPU_OFF */
		v->regs.x[1] = MACHINE_RAM;
		return machine_hvc(v, 0);
	case 2:
		return any_trap(v, in);
	case 3:
		return press(v, in);
	case 4:
		(void)fuzz_gic_guest_ack();
		return true;
	case 5:
		(void)fuzz_gic_guest_end();
		return true;
	default:
		return checked_mmio(v, in);
	}
}

void fuzz_one(struct input *in)
{
	machine_run(in, guest);
}
