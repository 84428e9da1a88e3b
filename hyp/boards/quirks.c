/* SPDX-License-Identifier: Apache-2.0 */
#include "boards/quirks.h"

#include "abi/smc_wdt.h"
#include "lib/types.h"

const char *const quirk_hidden_devices[] = {
	/*
	 * IOMMUs: their translation would have to be Dormouse's. Devices behind them bypass them,
	 * 1:1.
	 */
	"arm,smmu-v1",
	"arm,smmu-v2",
	"arm,smmu-v3",
	"arm,mmu-400",
	"arm,mmu-401",
	"arm,mmu-500",
	"cavium,smmu-v2",
	"renesas,ipmmu-vmsa",
	/* Found by its registers, too, when a node has another interrupt type. */
	"arm,armv8-pmuv3",
	/* Dormouse's own: it watches over the machine's sleep. */
	SMC_WDT_COMPATIBLE,
	/* QEMU: has the modules in it, and DMA of its own that reaches all memory. */
	"qemu,fw-cfg-mmio",
	/* QEMU virt: the first bank holds the firmware. */
	"cfi-flash",
	NULL,
};

const char *const quirk_devices_without_dma[] = {
	"arm,pl011", "arm,sbsa-uart", "snps,dw-apb-uart", "ns16550a", "arm,pl031", "arm,pl050",
	"arm,pl061", "arm,sp804", "arm,sp805", "arm,sbsa-gwdt", "fixed-clock", "fixed-factor-clock",
	"gpio-keys", "gpio-leds", NULL,
};
