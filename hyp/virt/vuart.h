/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual PL011 (DDI 0183) whose other end is the console. Locks: struct vuart.lock, before
 * vgic.lock.
 */
#ifndef DM_VIRT_VUART_H
#define DM_VIRT_VUART_H

#include "core/domain.h"

/* At base (4 KiB), interrupt vintid (SPI, level). 0, -ENOMEM, or vmmio_register()'s. */
int vuart_create(struct domain *d, ipa_t base, uint32_t vintid);
/* The domain goes: nobody touches it any more. d may have none. */
void vuart_destroy(struct domain *d);
/* console_input_fn. */
bool vuart_input(struct domain *d, char c);
/* Has the guest ever asked to be told of input? */
bool vuart_is_read(const struct domain *d);
/*
 * What it has sent: copies up to size bytes from byte number *cursor (counted from its creation) on and moves *cursor
 * behind them. The last VUART_OUTPUT bytes are kept; what is older is skipped. Returns how many; 0 without such a device.
 */
#define VUART_OUTPUT 4096
size_t vuart_output(struct domain *d, uint64_t *cursor, void *buf, size_t size);
/*
 * Its interrupt, if no input waits behind it: then it says no more than that there is room to send,
 * which is no reason to wake anybody. 0: input does, or there is no such device. A momentary answer.
 */
uint32_t vuart_quiet(const struct domain *d);

#endif
