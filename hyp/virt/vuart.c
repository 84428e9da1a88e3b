/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/vuart.h"

#include "arch/spinlock.h"
#include "core/console.h"
#include "core/domain_power.h"
#include "lib/err.h"
#include "mm/page.h"
#include "virt/vgic/vgic.h"
#include "virt/vmmio.h"

/* Register offsets and bits: DDI 0183 (r1p5), chapter 3. */
#define UARTDR      0x000
#define UARTRSR     0x004
#define UARTFR      0x018
#define UARTILPR    0x020
#define UARTIBRD    0x024
#define UARTFBRD    0x028
#define UARTLCR_H   0x02c
#define UARTCR      0x030
#define UARTIFLS    0x034
#define UARTIMSC    0x038
#define UARTRIS     0x03c
#define UARTMIS     0x040
#define UARTICR     0x044
#define UARTDMACR   0x048
#define UARTPERIPH0 0xfe0
#define VUART_SIZE  PAGE_SIZE

#define FR_CTS  BIT(0) /* the modem lines: connected and willing, for who looks at them */
#define FR_DSR  BIT(1)
#define FR_DCD  BIT(2)
#define FR_RXFE BIT(4)
#define FR_RXFF BIT(6)
#define FR_TXFE BIT(7)

#define LCR_H_FEN BIT(4)
#define CR_LBE    BIT(7)

#define INT_RX  BIT(4)
#define INT_TX  BIT(5)
#define INT_RT  BIT(6)
#define INT_ALL 0x7ffU

#define CR_RESET   0x300
#define IFLS_RESET 0x12

#define FIFO_DEPTH 32 /* r1p5's */
/*
 * What a human pastes or a program types ahead comes faster than a guest reads. It waits behind the
 * FIFO, which refills from it as the guest reads.
 */
#define QUEUE_SIZE 256

struct vuart {
	struct spinlock lock; /* before vgic.lock; never held while the console is called */
	struct domain *d;     /* constant, like vintid */
	uint32_t vintid;

	/* All below: lock. vuart_quiet() reads the first two without. */
	uint32_t ris;
	uint32_t imsc;
	uint32_t lcr_h;
	uint32_t cr;
	uint32_t ifls;
	uint32_t ilpr, ibrd, fbrd, dmacr; /* kept for the guest, without effect */
	bool line;
	bool is_read; /* vuart_is_read(); read without */
	uint16_t head; /* of the oldest character in queue */
	uint16_t len;
	uint8_t queue[QUEUE_SIZE]; /* the first fifo_level() are in the FIFO */
	uint64_t out_end;          /* bytes ever sent */
	uint8_t out[VUART_OUTPUT]; /* byte number n is at n % VUART_OUTPUT */
};

static unsigned int fifo_depth(const struct vuart *u)
{
	return u->lcr_h & LCR_H_FEN ? FIFO_DEPTH : 1;
}

static unsigned int fifo_level(const struct vuart *u)
{
	return u->len < fifo_depth(u) ? u->len : fifo_depth(u);
}

/* How many characters raise the receive interrupt (UARTIFLS.RXIFLSEL). */
static unsigned int rx_trigger(const struct vuart *u)
{
	static const uint8_t eighths[8] = {
		1, 2, 4, 6, 7, 7, 7, 7
	}; /* the last three are reserved */

	if (fifo_depth(u) == 1)
		return 1;
	return FIFO_DEPTH * eighths[FIELD(u->ifls, 5, 3)] / 8;
}

static void update_line(struct vuart *u)
{
	bool high = u->ris & u->imsc;

	if (high == u->line)
		return;
	u->line = high;
	vgic_line(u->d, 0, u->vintid, high);
}

/*
 * A character came into the FIFO. The time-out interrupt doesn't wait for its 32 bit periods: there
 * is nothing to gain from making the guest wait.
 */
static void rx_arrived(struct vuart *u)
{
	u->ris |= INT_RT;
	if (fifo_level(u) >= rx_trigger(u))
		u->ris |= INT_RX;
}

static bool rx_push(struct vuart *u, uint8_t c)
{
	bool into_fifo = u->len < fifo_depth(u);

	if (u->len == QUEUE_SIZE)
		return false;
	u->queue[(u->head + u->len) % QUEUE_SIZE] = c;
	u->len++;
	if (into_fifo)
		rx_arrived(u);
	return true;
}

static uint32_t rx_pop(struct vuart *u)
{
	bool refill = u->len > fifo_depth(u);
	uint8_t c;

	if (!u->len)
		return 0;
	c = u->queue[u->head];
	u->head = (u->head + 1) % QUEUE_SIZE;
	u->len--;
	if (fifo_level(u) < rx_trigger(u))
		u->ris &= ~INT_RX;
	if (!u->len)
		u->ris &= ~INT_RT;
	if (refill)
		rx_arrived(u);
	return c;
}

static uint32_t flags(const struct vuart *u)
{
	uint32_t fr = FR_TXFE | FR_CTS | FR_DSR | FR_DCD;

	if (!u->len)
		fr |= FR_RXFE;
	if (fifo_level(u) == fifo_depth(u))
		fr |= FR_RXFF;
	return fr;
}

/* UARTPeriphID0-3: part 0x011, designer 0x41, revision r1p5; UARTPCellID0-3. A byte in each word.
 */
static uint32_t read_id(uint64_t offset)
{
	static const uint8_t id[8] = { 0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

	return id[(offset - UARTPERIPH0) / 4];
}

static uint32_t read_locked(struct vuart *u, uint64_t offset)
{
	switch (offset) {
	case UARTDR:
		return rx_pop(u);
	case UARTFR:
		return flags(u);
	case UARTILPR:
		return u->ilpr;
	case UARTIBRD:
		return u->ibrd;
	case UARTFBRD:
		return u->fbrd;
	case UARTLCR_H:
		return u->lcr_h;
	case UARTCR:
		return u->cr;
	case UARTIFLS:
		return u->ifls;
	case UARTIMSC:
		return u->imsc;
	case UARTRIS:
		return u->ris;
	case UARTMIS:
		return u->ris & u->imsc;
	case UARTDMACR:
		return u->dmacr;
	default: /* UARTRSR: never an error; UARTICR and the reserved ones read as 0 */
		return offset >= UARTPERIPH0 ? read_id(offset) : 0;
	}
}

/*
 * The FIFO is below its level as soon as a character is in it, for the console takes it at once.
 * The interrupt comes with that transition, not before the first write (DDI 0183 3.4.2).
 */
static void transmit_locked(struct vuart *u, uint8_t c, bool *put)
{
	if (u->cr & CR_LBE) {
		rx_push(u, c);
	} else {
		u->out[u->out_end++ % VUART_OUTPUT] = c;
		*put = true;
	}
	u->ris |= INT_TX;
}

/* *put: the character goes to the console. */
static void write_locked(struct vuart *u, uint64_t offset, uint32_t value, bool *put)
{
	switch (offset) {
	case UARTDR:
		transmit_locked(u, value & 0xff, put);
		break;
	case UARTILPR:
		u->ilpr = value & 0xff;
		break;
	case UARTIBRD:
		u->ibrd = value & 0xffff;
		break;
	case UARTFBRD:
		u->fbrd = value & 0x3f;
		break;
	case UARTLCR_H:
		u->lcr_h = value & 0xff;
		break;
	case UARTCR:
		u->cr = value & 0xff87;
		break;
	case UARTIFLS:
		u->ifls = value & 0x3f;
		break;
	case UARTIMSC:
		u->imsc = value & INT_ALL;
		u->is_read |= (value & (INT_RX | INT_RT)) != 0;
		break;
	case UARTICR:
		u->ris &= ~value;
		break;
	case UARTDMACR:
		u->dmacr = value & 0x7;
		break;
	default: /* read-only, UARTECR (no errors to clear) or reserved */
		break;
	}
}

/* Registers are 16 bits wide or less, one to a word; narrower accesses see its lower end. */
static bool fits(struct vmmio_access a)
{
	return a.size <= 4 && IS_ALIGNED(a.offset, 4);
}

static bool vuart_read(struct vcpu *v, void *ctx, struct vmmio_access a, uint64_t *value)
{
	struct vuart *u = ctx;

	(void)v;
	if (!fits(a))
		return false;
	spin_lock(&u->lock);
	*value = read_locked(u, a.offset);
	update_line(u);
	spin_unlock(&u->lock);
	return true;
}

static bool vuart_write(struct vcpu *v, void *ctx, struct vmmio_access a, uint64_t value)
{
	struct vuart *u = ctx;
	bool put = false;

	(void)v;
	if (!fits(a))
		return false;
	spin_lock(&u->lock);
	write_locked(u, a.offset, (uint32_t)value, &put);
	update_line(u);
	spin_unlock(&u->lock);
	if (put)
		console_domain_put(u->d, (char)value);
	return true;
}

static const struct vmmio_ops vuart_ops = {
	.read = vuart_read,
	.write = vuart_write,
};

bool vuart_input(struct domain *d, char c)
{
	struct vuart *u = d->vuart;
	bool taken;

	if (!u)
		return false;
	spin_lock(&u->lock);
	taken = rx_push(u, (uint8_t)c);
	update_line(u);
	spin_unlock(&u->lock);
	return taken;
}

size_t vuart_output(struct domain *d, uint64_t *cursor, void *buf, size_t size)
{
	struct vuart *u = d->vuart;
	uint8_t *to = buf;
	size_t n = 0;

	if (!u)
		return 0;
	spin_lock(&u->lock);
	if (*cursor > u->out_end)
		*cursor = u->out_end;
	if (u->out_end - *cursor > VUART_OUTPUT)
		*cursor = u->out_end - VUART_OUTPUT;
	while (n < size && *cursor < u->out_end)
		to[n++] = u->out[(*cursor)++ % VUART_OUTPUT];
	spin_unlock(&u->lock);
	return n;
}

bool vuart_is_read(const struct domain *d)
{
	return d->vuart && __atomic_load_n(&d->vuart->is_read, __ATOMIC_RELAXED);
}

uint32_t vuart_quiet(const struct domain *d)
{
	const struct vuart *u = d->vuart;
	uint32_t wanted;

	if (!u)
		return 0;
	wanted = __atomic_load_n(&u->ris, __ATOMIC_RELAXED) &
	         __atomic_load_n(&u->imsc, __ATOMIC_RELAXED);
	return wanted & (INT_RX | INT_RT) ? 0 : u->vintid;
}

int vuart_create(struct domain *d, ipa_t base, uint32_t vintid)
{
	struct vuart *u = page_alloc(page_order(sizeof(*u)));
	int err;

	if (!u)
		return -ENOMEM;
	u->d = d;
	u->vintid = vintid;
	u->cr = CR_RESET;
	u->ifls = IFLS_RESET;
	err = vmmio_register(d, &(struct vmmio_region) {
	                                .base = base,
	                                .size = VUART_SIZE,
	                                .ops = &vuart_ops,
	                                .ctx = u,
	                        });
	if (err) {
		page_free(u, page_order(sizeof(*u)));
		return err;
	}
	d->vuart = u;
	domain_name_irq(d, vintid, "console", WAKE_CONSOLE);
	return 0;
}

void vuart_destroy(struct domain *d)
{
	if (d->vuart)
		page_free(d->vuart, page_order(sizeof(*d->vuart)));
	d->vuart = NULL;
}
