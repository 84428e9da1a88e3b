/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console_io: Dom0's hvc0 (public/xen.h, CONSOLEIO_*). What it writes goes where its UART's output goes. What is
 * typed goes to it as long as nobody in Dom0 reads the UART.
 */
#include "arch/spinlock.h"
#include "core/console.h"
#include "lib/err.h"
#include "virt/evtchn.h"
#include "virt/hypercall/console_io.h"
#include "virt/hypercall/guest_copy.h"
#include "virt/hypercall/hypercall.h"
#include "virt/hypercall/xen_abi.h"
#include "virt/vuart.h"

#define WRITE_AT_ONCE 256 /* a slow line takes 22 ms for them; interrupts come in between */
#define INPUT_SIZE    1024 /* a power of 2; what is pasted comes faster than it is read */
#define READ_AT_ONCE  128

static struct {
	struct spinlock lock;
	uint32_t head, tail; /* lock; counts from boot */
	char ring[INPUT_SIZE]; /* lock */
} input;

static bool push(char c)
{
	bool room;

	spin_lock(&input.lock);
	room = input.head - input.tail < INPUT_SIZE;
	if (room)
		input.ring[input.head++ % INPUT_SIZE] = c;
	spin_unlock(&input.lock);
	return room;
}

bool console_io_input(struct domain *d, char c)
{
	if (!d->privileged || vuart_is_read(d))
		return vuart_input(d, c);
	if (!push(c))
		return false;
	if (evtchn_raise_virq(d, EVTCHN_VIRQ_CONSOLE) == 0)
		return true;
	/* Nobody reads this one either: it waits in the UART. */
	spin_lock(&input.lock);
	input.tail = input.head;
	spin_unlock(&input.lock);
	return vuart_input(d, c);
}

static int64_t write(struct vcpu *v, uint64_t count, uint64_t va)
{
	uint64_t n = min_u64(count, WRITE_AT_ONCE);
	char text[WRITE_AT_ONCE];

	if (guest_copy_from(v, text, va, n))
		return -EFAULT;
	for (uint64_t i = 0; i < n; i++)
		console_domain_put(v->domain, text[i]);
	if (n == count)
		return 0;
	hypercall_again_with(v, 1, count - n);
	return hypercall_again_with(v, 2, va + n);
}

static int64_t read(struct vcpu *v, uint64_t count, uint64_t va)
{
	char text[READ_AT_ONCE];
	uint64_t n = 0;

	spin_lock(&input.lock);
	while (n < count && n < sizeof(text) && input.tail != input.head)
		text[n++] = input.ring[input.tail++ % INPUT_SIZE];
	spin_unlock(&input.lock);
	return guest_copy_to(v, va, text, n) ? -EFAULT : (int64_t)n;
}

int64_t hypercall_console_io(struct vcpu *v, const uint64_t a[HYPERCALL_ARGS])
{
	uint64_t count = (uint32_t)a[1];

	if (count > INT32_MAX)
		return -EINVAL;
	switch ((uint32_t)a[0]) {
	case CONSOLEIO_write:
		return write(v, count, a[2]);
	case CONSOLEIO_read:
		return read(v, count, a[2]);
	default:
		return -ENOSYS;
	}
}
