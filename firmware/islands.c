/* SPDX-License-Identifier: Apache-2.0 */
/* The always-on island (islands.h): PL011 (DDI 0183), PL061 (DDI 0190), PL031 (DDI 0224). */
#include "islands.h"
#include "kept.h"
#include "platform.h"
#include "sysreg.h"

/* Registers in the order in which they may be written back; the control register last. */
static const uint64_t kept_regs[] = {
	UART_BASE + 0x024, /* IBRD */
	UART_BASE + 0x028, /* FBRD */
	UART_BASE + 0x02c, /* LCR_H: latches the two before */
	UART_BASE + 0x034, /* IFLS */
	UART_BASE + 0x048, /* DMACR */
	UART_BASE + 0x030, /* CR */
	UART_BASE + 0x038, /* IMSC */
	GPIO_BASE + 0x400, /* DIR */
	GPIO_BASE + 0x420, /* AFSEL */
	GPIO_BASE + 0x3fc, /* DATA, all eight lines */
	GPIO_BASE + 0x404, /* IS */
	GPIO_BASE + 0x408, /* IBE */
	GPIO_BASE + 0x40c, /* IEV */
	GPIO_BASE + 0x410, /* IE */
};

#define KEPT_REGS (sizeof(kept_regs) / sizeof(kept_regs[0]))

#define RTCIMSC (RTC_BASE + 0x010)

static uint32_t kept[KEPT_REGS] KEPT;

void islands_save(void)
{
	for (unsigned int i = 0; i < KEPT_REGS; i++)
		kept[i] = read32(kept_regs[i]);
}

void islands_restore(void)
{
	for (unsigned int i = 0; i < KEPT_REGS; i++) {
		/* Writing LCR_H with another FIFO enable flushes the FIFO: not without need. */
		if (read32(kept_regs[i]) != kept[i])
			write32(kept_regs[i], kept[i]);
	}
}

void islands_kick(void)
{
	/*
	 * The PL031, and on QEMU 7.2 the PL011, go through the reset as they are, but the GIC
	 * forgets that their lines are up. Writing the mask drives the line anew.
	 */
	write32(RTCIMSC, read32(RTCIMSC));
	write32(UART_BASE + 0x038, read32(UART_BASE + 0x038));
}
